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
// is the same for every matricule. The question is traced with the person who asked, in the patient's history
// when there is one. It fails with KindRateLimited for who asks too often.
func (s *Service) Ask(ctx context.Context, actor Actor, m Address, ins rules.INS) (ContactVerdict, error) {
	if err := s.countVerdict(ctx, actor); err != nil {
		return ContactVerdict{}, err
	}
	p, err := s.LeadsTo(ctx, ins)
	if err != nil {
		return ContactVerdict{}, err
	}
	enrolled, err := s.enrolled(ctx, p)
	if err != nil {
		return ContactVerdict{}, err
	}
	if !enrolled {
		return ContactVerdict{ContactAnswer: rules.Contact(rules.ContactFacts{}, s.Now())}, nil
	}
	box := s.MailboxID(m)
	var answer rules.ContactAnswer
	_, _, err = s.run(ctx, p, "", FactsQuery{Exchanges: []rules.MailboxID{box}}, func(l *loaded) (*decision, error) {
		now := s.Now()
		answer = rules.Contact(rules.ContactFacts{
			Patient: l.state.Patient, Sender: l.know(m), Exchange: l.state.Exchanges[box], Visiting: l.visits(m),
			Soft: s.SoftOpposition,
		}, now)
		return &decision{actor: actor, verdict: rules.Verdict{
			Change: rules.Change{Kind: rules.VerdictAsked, Seq: l.facts.Version + 1, At: now, Mailbox: box},
		}}, nil
	})
	if err != nil {
		return ContactVerdict{}, err
	}
	v := ContactVerdict{ContactAnswer: answer}
	if answer.Reachability == rules.Unknown {
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
