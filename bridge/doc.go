// Package bridge receives mail from the other operators of the trust space (section 4 of operator.md).
//
// [Server] promises that nothing is said or taken before TLS; that a message is taken only from a peer
// whose certificate is one of the sender's domain (O65), for patients whose mailbox takes it, from an
// author of the same operator (O69); and that 250 means durable (O80). What is refused is refused in
// the dialogue, with the codes of table 15.1. The bytes are kept as they came: only the dots that SMTP
// doubles are undone, and no trace field is added (O79).
//
// It stands on go-smtp, which is never given a connection in clear, nor more than one command at a time:
// front.go makes the phase before TLS itself, frame.go cuts what comes behind it, content.go reads messages,
// conn.go mends what go-smtp does not see. Decisions about patients are made behind
// [Inbox]; errors.go alone turns a reason into a reply.
//
// Below it: trust (white list and certificates), mail (reading and composing), scan (clamd), directory (who
// holds a mailbox), delivery (mail out).
package bridge
