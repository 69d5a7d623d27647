// Package delivery carries out the effects that leave the bridge by mail: a patient's reply to a
// professional's mailbox ([Sender]), a delivery status notification to a professional ([Reporter]),
// and the neutral e-mail to a patient's private address ([Notifier]).
//
// Inside the trust space it never speaks in clear, never hands mail to a server whose certificate is
// not one that the white list names for the recipient's domain (O82, O83, D23), and puts one recipient
// into each transaction (O88). A message is sent at least once and byte-identical each time: a repeat
// needs a crash, or a lost connection, between the last octet and the recorded answer.
//
// What a patient reads about a failure is one of the sentences of this package. What a peer said goes
// nowhere: its text may quote an address (D11). Log lines hold the effect's id, the domain and a code.
//
// [NewClient] is where to start. Deliver, Report and Notify are a conversations.EffectHandler each: an
// error means that our own side failed or stops, and that the effect is still owed. A handler takes
// at most [Timeouts.Attempt]; a worker whose lease is shorter may run one effect twice at once, which
// [Sender] notices within a process, and nobody does between processes.
package delivery
