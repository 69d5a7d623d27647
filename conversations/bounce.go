package conversations

import (
	"context"

	"mesbridge/rules"
)

// Bounce notes that a message, which was accepted at the end of its transaction, does not reach one of
// its recipients, and queues the notification to its envelope sender: one failing recipient must not
// prevent the others' delivery (R48). refusal is what Recipient or Receive failed with, or an Error of
// another permanent kind. Without a patient the notification is about in.Recipient (setting mes of D18).
// Nothing of the message is kept but what the notification needs. Without a sender, or when he wants no
// reports of failure, only the trace is written (R47, R54). Doing it again changes nothing.
func (s *Service) Bounce(ctx context.Context, in Incoming, refusal error) error {
	op := operation("bounce", "", s.repeatField(in))
	if in.Patient == "" {
		var err error
		if in.Patient, err = s.officePatient(ctx); err != nil {
			return err
		}
		if in.Message, err = s.newID(in.Patient); err != nil {
			return err
		}
		op += "/" + s.refField(in.Patient, in.Recipient.Canonical())
	}
	_, _, err := s.run(ctx, in.Patient, op, FactsQuery{}, func(l *loaded) (*decision, error) {
		v := rules.Verdict{Change: rules.Change{
			Kind: rules.MessageRefused, Seq: l.facts.Version + 1, At: s.Now(), Message: in.Message.Message(),
			Mailbox: s.MailboxID(in.From.Address),
		}}
		d := &decision{actor: in.Peer, mail: in.MessageID, sum: in.SHA256[:], outcome: OutcomeRefused, code: string(KindOf(refusal)), rule: ruleOf(refusal)}
		if !in.Envelope.IsZero() && !in.Receipt.Silent {
			v.Effects = rules.Report
			d.records = []Record{l.bounceRecord(in, v.Change, KindOf(refusal))}
		}
		d.verdict = v
		return d, nil
	})
	return err
}

// office stands where a matricule does for the one record that is no patient's: the operator's own, which
// holds the notifications about recipients of whom nothing is kept. It is no matricule, and its account
// stays absent.
const office rules.INS = "operator"

// officePatient returns the id of the operator's own record, which it makes when there is none.
func (s *Service) officePatient(ctx context.Context) (PatientID, error) {
	p := s.PatientID(office)
	return p, s.establish(ctx, p, office, "")
}

// bounceRecord keeps what the notification needs.
func (l *loaded) bounceRecord(in Incoming, c rules.Change, failure Kind) Record {
	rec := messageRecord{Seq: c.Seq, At: toMillis(c.At), From: hexID(c.Mailbox), Bytes: in.Bytes}
	label := messageLabel{MessageID: in.MessageID, Subject: in.Subject, Receipt: in.receipt(failure)}
	label.Receipt.AboutLocal, label.Receipt.AboutDomain = in.Recipient.Local, in.Recipient.Domain
	rec.Sealed = l.vault.seal(TableMessages, string(in.Message), label)
	return Record{Table: TableMessages, Field: string(in.Message), Value: pack(rec)}
}
