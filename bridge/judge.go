package bridge

import (
	"slices"

	"mesbridge/bridge/mail"
	"mesbridge/conversations"
)

// judge makes the checks that need the message's header.
func (s *session) judge(tx *transaction, facts mail.Facts) error {
	if err := s.judgeAuthors(tx, facts); err != nil {
		return err
	}
	if tx.noReply && !facts.IsReport {
		return reasonNoReply // D30
	}
	if facts.Attachments > 0 && !s.server.DocumentsForSeveral && s.patients(tx, facts) > 1 {
		return reasonSeveralPatients // D21
	}
	if tx.sender.IsZero() && len(tx.to) > 0 {
		// It is for the operator too, as nobody sends it: a report belongs to the message that it is about, never
		// in the inbox (OP7), and comes alone.
		return reasonReportNotHandled
	}
	return nil
}

// judgeAuthors is O69: author and sender are mailboxes of the peer.
func (s *session) judgeAuthors(tx *transaction, facts mail.Facts) error {
	authors := []conversations.Address{facts.From.Address}
	if !facts.Sender.Address.IsZero() {
		authors = append(authors, facts.Sender.Address)
	}
	for _, a := range authors {
		if a.Domain == s.server.CitizenDomain || !tx.list.AllowsDN(a.Domain, s.conn.peer.DN) {
			return reasonAuthorNotAllowed
		}
	}
	return nil
}

// patients counts the patients whom the message is for, by its envelope or by its header: operators
// may send one copy for each recipient.
func (s *session) patients(tx *transaction, facts mail.Facts) int {
	seen := map[string]bool{}
	for _, to := range tx.to {
		seen[conversations.Address{Local: string(to.ins), Domain: s.server.CitizenDomain}.Canonical()] = true
	}
	for _, m := range tx.missed {
		seen[m.address.Canonical()] = true
	}
	for _, a := range slices.Concat(facts.To, facts.Cc) {
		if a.Address.Domain == s.server.CitizenDomain {
			seen[a.Address.Canonical()] = true
		}
	}
	return len(seen)
}
