package conversations

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"mesbridge/rules"
)

// ContactVerdict is the answer to the question whether a mailbox may write to a patient, and what an end by it
// would silence (D29, D6).
type ContactVerdict struct {
	rules.ContactAnswer
	Silences []ThreadLine
}

// verdictPeriod is the hour of D29.
const verdictPeriod = time.Hour

// Ask tells whether a message of the mailbox would reach the patient now. Nothing joins the two: the answer
// is the same for every matricule, and so are the steps: one entry of the journal, without a version, tells of the
// question and of the person who asked, in the patient's history when there is one, else in that person's own. It
// fails with KindRateLimited for who asks too often. Whoever asks has an account of his own from then on, whether the patient
// has one or not.
func (s *Service) Ask(ctx context.Context, actor Actor, m Address, ins rules.INS) (ContactVerdict, error) {
	if err := s.countVerdict(ctx, actor); err != nil {
		return ContactVerdict{}, err
	}
	p, err := s.LeadsTo(ctx, ins)
	if err != nil {
		return ContactVerdict{}, err
	}
	who := Signatory{Kind: actor.Kind, ID: actor.ID, Name: actor.Name}
	if err := s.establish(ctx, s.accountOf(who), rules.INS(who.ID), who.Name); err != nil {
		return ContactVerdict{}, err
	}
	enrolled, err := s.enrolled(ctx, p)
	if err != nil {
		return ContactVerdict{}, err
	}
	box := s.MailboxID(m)
	if !enrolled { // traced with the one who asks, by the same steps (D36)
		l, err := s.loadAny(ctx, s.accountOf(who), FactsQuery{Exchanges: []rules.MailboxID{box}})
		if err != nil {
			return ContactVerdict{}, err
		}
		v := ContactVerdict{ContactAnswer: rules.Contact(rules.ContactFacts{}, s.Now())}
		return v, l.touch(ctx, actor, entryFrame{Kind: TraceKind(rules.VerdictAsked), Mailbox: hexID(box)})
	}
	l, err := s.load(ctx, p, FactsQuery{Exchanges: []rules.MailboxID{box}})
	if err != nil {
		return ContactVerdict{}, err
	}
	v := ContactVerdict{ContactAnswer: rules.Contact(rules.ContactFacts{
		Patient: l.state.Patient, Sender: l.know(m), Exchange: l.state.Exchanges[box], Visiting: l.visits(m), Soft: s.SoftOpposition,
	}, s.Now())}
	if err := l.touch(ctx, actor, entryFrame{Kind: TraceKind(rules.VerdictAsked), Mailbox: hexID(box)}); err != nil {
		return ContactVerdict{}, err
	}
	if v.Reachability == rules.Unknown {
		return v, nil
	}
	v.Silences, err = s.Silenced(ctx, []Address{m}, s.exchangeID(p, box))
	if KindOf(err) == KindNotFound && err != nil { // an episode joins them, and nobody wrote yet
		err = nil
	}
	return v, err
}

// visits reports whether an open episode of the mailbox's structure holds the patient.
func (l *loaded) visits(m Address) bool {
	finess, ok := strings.CutPrefix(l.svc.Directory.Mailbox(m).Structure, "1")
	facility := hexID(l.svc.facilityID(finess))
	return ok && slices.ContainsFunc(l.patient.Visits, func(v openVisitRecord) bool { return v.Facility == facility })
}

// countVerdict counts one question of a person.
func (s *Service) countVerdict(ctx context.Context, actor Actor) error {
	if s.VerdictsPerHour <= 0 {
		return nil
	}
	caller := hex.EncodeToString(s.name("verdicts of", string(actor.Kind)+"\x00"+actor.ID)[:16])
	calls, left, err := s.Store.Count(ctx, caller, verdictPeriod)
	switch {
	case err != nil:
		return unavailable("count a question", err)
	case calls > s.VerdictsPerHour:
		return &Error{Kind: KindRateLimited, Rule: "D29", RetryAfter: left}
	}
	return nil
}
