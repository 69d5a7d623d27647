// Package conversations keeps the state of every patient's exchanges and carries out each command on
// it: load the facts, ask package rules, commit at the version that was read, with the effects and
// the trace in the same step.
//
// It promises that what it acknowledged is durable, that nothing is decided on facts older than the
// commit, and that no name, subject, address or body reaches [Store] unsealed. It refuses, for the
// time being and never with a wrong yes, whenever permission data is missing or unreadable (D17).
//
// [Service] is where to start. The interfaces that it uses are declared here and implemented in
// redisstore (state), bodies (message bytes), keystore (data keys) and journal (the audit trail);
// [Directory] and [Mail] are implemented by package bridge.
package conversations
