package bridge

import (
	"slices"

	"mesbridge/bridge/mail"
	"mesbridge/conversations"
)

// incoming says what the inbox needs to know of the message.
func (s *session) incoming(tx *transaction, facts mail.Facts, d deposit) conversations.Incoming {
	return conversations.Incoming{
		Patient: d.patient, INS: d.ins, Message: d.id, Envelope: tx.sender, From: facts.From,
		ReplyTo: s.replyTo(tx, facts), Others: s.others(tx, facts),
		MessageID: facts.MessageID, References: facts.References, Subject: facts.Subject, EndHeaders: facts.EndHeaders,
		Date: facts.Date, HasText: facts.HasText, Attachments: facts.Attachments, Documents: facts.Documents, IsReport: facts.IsReport || facts.AutoReplied || facts.Report.Automatic,
		Digest: facts.Digest, SHA256: facts.SHA256, Bytes: facts.Bytes, Receipt: d.receipt,
		ReadTo: addressesOf(facts.ReadTo), Automatic: facts.Report.Automatic, Feedback: s.feedback(tx, facts.Report),
		Peer: s.peer(),
	}
}

// inside reports whether an address is a mailbox of a professional in the trust space.
func (s *session) inside(tx *transaction, a conversations.Address) bool {
	return a.Domain != s.server.CitizenDomain && tx.list.Listed(a.Domain)
}

// replyTo lists the Reply-To mailboxes that count; the others are ignored and traced (D9, R78, OP8).
func (s *session) replyTo(tx *transaction, facts mail.Facts) []conversations.Address {
	var inside []conversations.Address
	known := map[string]bool{}
	ignored := 0
	for _, a := range facts.ReplyTo {
		switch key := a.Address.Canonical(); {
		case !s.inside(tx, a.Address):
			ignored++
		case !known[key]:
			known[key] = true
			inside = append(inside, a.Address)
		}
	}
	if ignored > 0 {
		s.server.Log.InfoContext(s.server.base, "smtp", "session", s.conn.id, "event", "reply-to", "outcome", "ignored",
			"rule", "D9", "domain", tx.sender.Domain, "count", ignored)
	}
	return inside
}

// others lists the professionals in To and Cc, each once (R79): patients and outsiders are left out. An
// author who put himself in copy is one of them: he wants the answer to all, wherever Reply-To points.
func (s *session) others(tx *transaction, facts mail.Facts) []conversations.NamedAddress {
	var found []conversations.NamedAddress
	known := map[string]bool{}
	for _, a := range slices.Concat(facts.To, facts.Cc) {
		if key := a.Address.Canonical(); !known[key] && s.inside(tx, a.Address) {
			known[key] = true
			found = append(found, a)
		}
	}
	return found
}
