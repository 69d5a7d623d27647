package conversations

import (
	"errors"
	"fmt"
	"time"

	"mesbridge/rules"
)

// Kind is the closed list of what can go wrong. The text is the frozen code of the outside contract.
type Kind string

// Kinds. Each says whether trying again later can help, by [Kind.Temporary].
const (
	KindThreadNotOpened        = Kind(rules.ThreadNotOpened)
	KindThreadClosed           = Kind(rules.ThreadClosed)
	KindReplyNotAllowed        = Kind(rules.ReplyNotAllowed)
	KindBlockedByPatient       = Kind(rules.BlockedByPatient)
	KindPatientOpposed         = Kind(rules.PatientOpposed)
	KindUnreachable            = Kind(rules.PatientUnreachable)
	KindMailboxUnknown         = Kind(rules.MailboxUnknown)
	KindINSInvalid             = Kind(rules.INSInvalid)
	KindTooLarge               = Kind(rules.TooLarge)
	KindInvalidRequest         = Kind(rules.EmptyMessage)
	KindWrongPatient           = Kind(rules.WrongPatient) // of a document (D31), or of a visit
	KindNotFound               = Kind(rules.NotFound)
	KindMinorConfidential      = Kind(rules.MinorConfidential)
	KindObjectionRecorded      = Kind(rules.ObjectionRecorded)
	KindNotHabilitated         = Kind(rules.NotHabilitated)  // the caller may not act for the mailbox
	KindNotGranted             = Kind(rules.NotGranted)      // who acts for a patient may not do that
	KindAlreadyLinked          = Kind(rules.AlreadyLinked)   // one login of an account is enough, and one account of a login
	KindUnavailable            = Kind(rules.TemporarilyAway) // D17: ask again later
	KindStaleState        Kind = "stale-state"               // lost a race five times; ask again
	KindTermsNotAccepted  Kind = "terms-not-accepted"        // the person has not accepted the terms of use (D32)
	KindEpisodeUnknown    Kind = "episode-unknown"           // no such visit of the facility
	KindOtherEvent        Kind = "idempotency-mismatch"      // an event id was used for another event
	KindRateLimited       Kind = "rate-limited"              // asked too often; see Error.RetryAfter
	KindInternal          Kind = "internal"
)

// Temporary reports whether the same request can succeed later without a change by the caller.
func (k Kind) Temporary() bool {
	return k == KindUnavailable || k == KindStaleState || k == KindInternal || k == KindRateLimited
}

// Error is what every method of this package fails with. Its text holds no personal data. Rule is
// the id of the rule that decided, for the trace; Err is the cause, for the log.
type Error struct {
	Kind       Kind
	Rule       string
	Err        error
	RetryAfter time.Duration // of KindRateLimited
}

// Error tells kind, rule and cause.
func (e *Error) Error() string {
	switch {
	case e.Err != nil:
		return fmt.Sprintf("%s: %v", e.Kind, e.Err)
	case e.Rule != "":
		return fmt.Sprintf("%s (%s)", e.Kind, e.Rule)
	}
	return string(e.Kind)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of err; KindInternal for an error that is not of this package.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return KindInternal
}

// refused turns a refusal of rules into an error.
func refused(r rules.Refusal) error { return &Error{Kind: Kind(r.Code), Rule: r.Rule} }

// unavailable wraps a failure of a store: nothing is known, so nothing is allowed (D17).
func unavailable(act string, err error) error {
	return &Error{Kind: KindUnavailable, Rule: "D17", Err: fmt.Errorf("%s: %w", act, err)}
}

// isNotFound reports whether a port found nothing.
func isNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

// ruleOf returns the id of the rule that an error names, "" when it names none.
func ruleOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Rule
	}
	return ""
}
