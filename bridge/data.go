package bridge

import (
	"context"
	"io"
	"slices"

	"mesbridge/bridge/mail"
	"mesbridge/conversations"
)

// copyBuffer is how much of a message is in memory at once, in octets.
const copyBuffer = 64 << 10

// deposit is a message on its way into one patient's store.
type deposit struct {
	recipient
	id   conversations.ID
	body conversations.BodyWriter
}

// Data takes the message. It returns nil, which go-smtp says as 250, only when the bytes and the state
// of every recipient are durable (O80).
func (s *session) Data(r io.Reader) error {
	tx := s.handOver()
	if tx == nil {
		return s.refuse("message.in", "", reasonSequence)
	}
	defer s.server.work.Done()
	err := s.allowed()
	if err == nil {
		err = s.take(tx, r)
	}
	if err != nil {
		return s.refuse("message.in", tx.sender.Domain, err)
	}
	s.count(0)
	return nil
}

// handOver takes the transaction out of the session, and has Shutdown wait for it. Both happen under
// the lock that Logout needs, so that no work begins after the connection has ended.
func (s *session) handOver() *transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := s.tx
	s.tx = nil
	if tx == nil || len(tx.to) == 0 {
		return nil
	}
	s.server.work.Add(1)
	return tx
}

// take stores, judges and commits one message.
func (s *session) take(tx *transaction, r io.Reader) error {
	deposits, err := s.open(tx)
	defer func() {
		for _, d := range deposits {
			_ = d.body.Abort() // after Commit it does nothing; what stays behind is collected
		}
	}()
	if err != nil {
		return err
	}
	facts, err := s.read(r, deposits)
	if err != nil {
		return err
	}
	if err := s.judge(tx, facts); err != nil {
		return err
	}
	for _, d := range deposits {
		if err := d.body.Commit(); err != nil {
			return err
		}
	}
	return s.commit(tx, facts, deposits)
}

// open starts a body for each recipient. It returns those it opened also when it fails.
func (s *session) open(tx *transaction) ([]deposit, error) {
	deposits := make([]deposit, 0, len(tx.to))
	for _, to := range tx.to {
		ctx, cancel := s.server.asking()
		id, body, err := s.server.Inbox.NewBody(ctx, to.patient)
		cancel()
		if err != nil {
			return deposits, err
		}
		deposits = append(deposits, deposit{to, id, body})
	}
	return deposits, nil
}

// read copies the message into every body while its facts are read, and makes sure that it is whole.
func (s *session) read(r io.Reader, deposits []deposit) (mail.Facts, error) {
	intake := mail.NewIntake(s.server.Limits)
	writers := []io.Writer{intake}
	for _, d := range deposits {
		writers = append(writers, d.body)
	}
	source := &source{r: s.conn.message(r), left: s.server.MaxMessageBytes}
	buffer, ok := s.server.buffers.Get().(*[copyBuffer]byte)
	if !ok {
		return mail.Facts{}, reasonInternal
	}
	defer s.server.buffers.Put(buffer)
	_, err := io.CopyBuffer(io.MultiWriter(writers...), source, buffer[:])
	switch {
	case s.conn.cut.Load(): // whatever go-smtp made of it
		return mail.Facts{}, reasonCut
	case err != nil:
		return mail.Facts{}, err
	}
	return intake.Close()
}

// judge makes the checks that need the message's header.
func (s *session) judge(tx *transaction, facts mail.Facts) error {
	authors := []conversations.Address{facts.From.Address}
	if !facts.Sender.Address.IsZero() {
		authors = append(authors, facts.Sender.Address)
	}
	for _, a := range authors {
		if a.Domain == s.server.CitizenDomain || !tx.list.AllowsDN(a.Domain, s.conn.peer.DN) {
			return reasonAuthorNotAllowed // O69
		}
	}
	if facts.Attachments > 0 && !s.server.DocumentsForSeveral && s.patients(tx, facts) > 1 {
		return reasonSeveralPatients // D21
	}
	if tx.sender.IsZero() {
		// A report belongs to the message that it is about, never in the inbox (OP7). Nobody files it
		// yet, and 250 would be untrue.
		return reasonReportNotHandled
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
	for _, a := range slices.Concat(facts.To, facts.Cc) {
		if a.Address.Domain == s.server.CitizenDomain {
			seen[a.Address.Canonical()] = true
		}
	}
	return len(seen)
}

// commit hands the message to each patient's inbox.
//
// One reply stands for all. A temporary failure for one is told for all: the operator sends again, and
// who has the message gets no second copy. When every patient refuses, so does the reply. When some do,
// because the author is another mailbox than the envelope's sender or because a mailbox closed in the
// last instant, the others get the message and the sender a report, durable before the 250 (R48).
func (s *session) commit(tx *transaction, facts mail.Facts, deposits []deposit) error {
	refused := make(map[conversations.PatientID]error, len(deposits))
	for _, d := range deposits {
		in := s.incoming(tx, facts, d)
		var repeated bool
		err := s.ask(func(ctx context.Context) (err error) {
			repeated, err = s.server.Inbox.Receive(ctx, in)
			return err
		})
		switch {
		case err == nil:
			s.received(tx, d, facts.Bytes, repeated)
		case translate(err).reply.Temporary() || len(deposits) == 1:
			return err
		default:
			refused[d.patient] = err
		}
	}
	if len(refused) == len(deposits) {
		return refused[deposits[0].patient]
	}
	for _, d := range deposits {
		if refusal := refused[d.patient]; refusal != nil {
			if err := s.bounce(tx, facts, d, refusal); err != nil {
				return err
			}
		}
	}
	return nil
}

// bounce queues the report that the message does not reach one patient.
func (s *session) bounce(tx *transaction, facts mail.Facts, d deposit, refusal error) error {
	answer := translate(refusal)
	s.server.Log.InfoContext(s.server.base, "smtp", "session", s.conn.id, "event", "message.in", "outcome", "bounced",
		"reason", answer.reason, "rule", answer.rule, "domain", tx.sender.Domain)
	return s.ask(func(ctx context.Context) error {
		return s.server.Inbox.Bounce(ctx, s.incoming(tx, facts, d), refusal)
	})
}

// ask puts one question to the inbox.
func (s *session) ask(question func(context.Context) error) error {
	ctx, cancel := s.server.asking()
	defer cancel()
	return question(ctx)
}

// incoming says what the inbox needs to know of the message.
func (s *session) incoming(tx *transaction, facts mail.Facts, d deposit) conversations.Incoming {
	peer := s.conn.peer
	return conversations.Incoming{
		Patient: d.patient, INS: d.ins, Message: d.id, Envelope: tx.sender, From: facts.From,
		ReplyTo: s.replyTo(tx, facts), Others: s.others(tx, facts),
		MessageID: facts.MessageID, References: facts.References, Subject: facts.Subject, EndHeaders: facts.EndHeaders,
		Date: facts.Date, HasText: facts.HasText, Attachments: facts.Attachments, IsReport: facts.IsReport || autoReply(facts),
		Digest: facts.Digest, SHA256: facts.SHA256, Bytes: facts.Bytes, Receipt: d.receipt,
		Peer: conversations.Actor{Kind: conversations.ActorOperator, ID: string(peer.DN), Name: peer.Name},
	}
}

// autoReply reports whether a program answered for a person (D22). Programs that send documents of
// their own accord also mark them as automatic; those answer nothing.
func autoReply(facts mail.Facts) bool { return facts.AutoSubmitted && len(facts.References) > 0 }

// inside reports whether an address is a mailbox of a professional in the trust space.
func (s *session) inside(tx *transaction, a conversations.Address) bool {
	return a.Domain != s.server.CitizenDomain && tx.list.Listed(a.Domain)
}

// replyTo lists the Reply-To mailboxes that count; the others are ignored and traced (D9, R78, OP8).
func (s *session) replyTo(tx *transaction, facts mail.Facts) []conversations.Address {
	var inside []conversations.Address
	ignored := 0
	for _, a := range facts.ReplyTo {
		switch {
		case !s.inside(tx, a.Address):
			ignored++
		case !slices.Contains(inside, a.Address):
			inside = append(inside, a.Address)
		}
	}
	if ignored > 0 {
		s.server.Log.InfoContext(s.server.base, "smtp", "session", s.conn.id, "event", "reply-to", "outcome", "ignored",
			"rule", "D9", "domain", tx.sender.Domain, "count", ignored)
	}
	return inside
}

// others lists the professionals in To and Cc (R79): patients and outsiders are left out.
func (s *session) others(tx *transaction, facts mail.Facts) []conversations.NamedAddress {
	var found []conversations.NamedAddress
	for _, a := range slices.Concat(facts.To, facts.Cc) {
		known := slices.ContainsFunc(found, func(o conversations.NamedAddress) bool {
			return o.Address.Canonical() == a.Address.Canonical()
		})
		if !known && s.inside(tx, a.Address) && a.Address.Canonical() != facts.From.Address.Canonical() {
			found = append(found, a)
		}
	}
	return found
}
