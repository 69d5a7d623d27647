package conversations

import (
	"context"

	"mesbridge/rules"
)

// Bounce notes that a message, which was accepted for other patients in the same transaction, does not
// reach this one, and queues the notification to its envelope sender: one failing recipient must not
// prevent the others' delivery (R48). refusal is what Recipient or Receive failed with; it must be
// permanent. Nothing of the message is kept but what the notification needs. Without a sender, or when he
// wants no reports of failure, only the trace is written (R47, R54). Doing it again changes nothing.
func (s *Service) Bounce(ctx context.Context, in Incoming, refusal error) error {
	op := operation("bounce", "", s.repeatField(in))
	_, _, err := s.run(ctx, in.Patient, op, FactsQuery{}, func(l *loaded) (*decision, error) {
		v := rules.Verdict{Change: rules.Change{
			Kind: rules.MessageRefused, Seq: l.facts.Version + 1, At: s.Now(), Message: in.Message.Message(),
			Mailbox: s.MailboxID(in.From.Address),
		}}
		d := &decision{actor: in.Peer}
		if !in.Envelope.IsZero() && !in.Receipt.Silent {
			v.Effects = rules.Report
			d.records = []Record{l.bounceRecord(in, v.Change, KindOf(refusal))}
		}
		d.verdict = v
		return d, nil
	})
	return err
}

// bounceRecord keeps what the notification needs.
func (l *loaded) bounceRecord(in Incoming, c rules.Change, failure Kind) Record {
	rec := messageRecord{Seq: c.Seq, At: toMillis(c.At), From: hexID(c.Mailbox), Bytes: in.Bytes}
	label := messageLabel{MessageID: in.MessageID, Subject: in.Subject, SHA256: in.SHA256[:], Receipt: in.receipt(failure)}
	rec.Sealed = l.vault.seal(TableMessages, string(in.Message), label)
	return Record{Table: TableMessages, Field: string(in.Message), Value: pack(rec)}
}
