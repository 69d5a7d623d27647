// Package rules holds every decision of the bridge, and nothing else.
//
// It is pure: no clock, no I/O, no context, no logger, no randomness. Facts come in as values, a
// [Verdict] goes out: either a [Refusal] with its code and the id of the rule that decided, or one
// [Change] of the patient's state and the [Effects] that follow from it. [Apply] makes a change;
// the caller commits the result at the version that the facts were read at.
//
// One function per command, named by it: [Admit] a professional's message, [Reply], [Deliver],
// [EndExchange], [EndConversation], [Block], [Unblock], [ChangeAccount]. The right to reply is
// never stored; [RightToReply] computes it (D34).
//
// Start with state.go (what is known of a patient), then right.go (the heart).
package rules
