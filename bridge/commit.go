package bridge

import (
	"context"
	"log/slog"
	"strings"

	"mesbridge/bridge/mail"
	"mesbridge/conversations"
)

// commit hands the message to each patient's inbox.
//
// One reply stands for all. A temporary failure for one is told for all: the operator sends again, and
// who has the message gets no second copy. When every patient refuses, so does the reply. When some do,
// because the author is another mailbox than the envelope's sender or because a mailbox closed in the
// last instant, the others get the message and the sender a report, durable before the 250 (R48). In
// the setting mes (D18) he gets a report for every refusal that Mon espace santé reports.
func (s *session) commit(tx *transaction, facts mail.Facts, a arrival) error {
	began := s.server.Now()
	refused, err := s.receive(tx, facts, a.deposits)
	if err != nil {
		return err
	}
	if first := s.server.refusal(tx, refused, a); first != nil {
		s.level(began, first)
		return first
	}
	for _, d := range a.deposits {
		if refusal := refused[d.patient]; refusal != nil {
			if err := s.bounce(tx, s.incoming(tx, facts, d), refusal); err != nil {
				return err
			}
		}
	}
	if err := s.bounceMissed(tx, facts); err != nil {
		return err
	}
	if a.statuses != nil {
		s.alarm(reasonCopyFailed, "D30", tx.sender.Domain, slog.String("status", strings.Join(a.statuses.found, " ")))
	}
	return nil
}

// refusal is what the whole message is refused with: that of the first recipient, when it reaches nobody and no
// report tells so; nil otherwise.
func (s *Server) refusal(tx *transaction, refused map[conversations.PatientID]error, a arrival) error {
	if len(refused) < len(a.deposits) || a.office != nil || tx.ours() && len(refused) == 0 {
		return nil
	}
	first := firstOf(refused, a.deposits)
	switch {
	case len(tx.missed) == 0:
	case s.Bounces != BouncesAfterData:
		return nil // they are reported
	case first == nil:
		first = tx.missed[0].refusal
	}
	if s.Bounces == BouncesMES && reportable(first) {
		return nil
	}
	return first
}

// receive asks every inbox, and gives the refusals that are permanent.
func (s *session) receive(tx *transaction, facts mail.Facts, deposits []deposit) (map[conversations.PatientID]error, error) {
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
		case translate(err).reply.Temporary():
			return nil, err
		default:
			s.server.watch.asked(s.who(tx), d.ins, levelled(err), s.server.Now())
			refused[d.patient] = err
		}
	}
	return refused, nil
}

// firstOf gives the refusal of the first patient.
func firstOf(refused map[conversations.PatientID]error, deposits []deposit) error {
	if len(deposits) == 0 {
		return nil
	}
	return refused[deposits[0].patient]
}

// bounce queues the report that the message does not reach one recipient.
func (s *session) bounce(tx *transaction, in conversations.Incoming, refusal error) error {
	answer := translate(refusal)
	s.server.Log.InfoContext(s.server.base, "smtp", "session", s.conn.id, "event", "message.in", "outcome", "bounced",
		"reason", answer.reason, "rule", answer.rule, "domain", tx.sender.Domain)
	return s.ask(func(ctx context.Context) error {
		return s.server.Inbox.Bounce(ctx, in, refusal)
	})
}

// bounceMissed queues the reports about recipients that were found to take no mail at RCPT (setting mes of
// D18).
func (s *session) bounceMissed(tx *transaction, facts mail.Facts) error {
	for _, m := range tx.missed {
		in := s.incoming(tx, facts, deposit{recipient: recipient{ins: m.ins, receipt: m.receipt}})
		in.Recipient = m.address
		if err := s.bounce(tx, in, &conversations.Error{Kind: kindOf(m.refusal), Rule: translate(m.refusal).rule}); err != nil {
			return err
		}
	}
	return nil
}

// tooLarge reports a message beyond the limit instead of refusing it (setting mes of D18, R44 d).
func (s *session) tooLarge(tx *transaction, facts mail.Facts) error {
	if err := s.judgeAuthors(tx, facts); err != nil {
		return err
	}
	refusal := &conversations.Error{Kind: conversations.KindTooLarge, Rule: "R44"}
	all := tx.missed
	for _, to := range tx.to {
		address := conversations.Address{Local: string(to.ins), Domain: s.server.CitizenDomain}
		all = append(all, missed{address: address, ins: to.ins, receipt: to.receipt})
	}
	for _, m := range all {
		in := s.incoming(tx, facts, deposit{recipient: recipient{ins: m.ins, receipt: m.receipt}})
		in.Recipient = m.address
		if err := s.bounce(tx, in, refusal); err != nil {
			return err
		}
	}
	if len(all) == 0 { // for the operator alone
		return reasonTooLarge
	}
	return nil
}

// ask puts one question to the inbox.
func (s *session) ask(question func(context.Context) error) error {
	ctx, cancel := s.server.asking()
	defer cancel()
	return question(ctx)
}
