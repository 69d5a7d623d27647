package conversations

import (
	"context"
	"encoding/hex"

	"mesbridge/rules"
)

// Signatory is a person who accepts the terms of use: a patient by his account, any other by an account of
// this alone, which is named by a keyed hash of his identifier and sealed with a key of its own.
type Signatory struct {
	Patient PatientID // of a patient; empty for the others
	Kind    ActorKind
	ID      string
	Name    string
	// Exercise is the exercise situation of a professional, in words (I46).
	Exercise string
}

// actor is the signatory as his act is traced.
func (w Signatory) actor() Actor {
	return Actor{Kind: w.Kind, ID: w.ID, Name: w.Name, Exercise: w.Exercise}
}

// account returns the id under which the signatory's acceptance is kept.
func (s *Service) accountOf(who Signatory) PatientID {
	if who.Patient != "" {
		return who.Patient
	}
	return PatientID(hex.EncodeToString(s.name("signatory", string(who.Kind)+"\x00"+who.ID)[:16]))
}

// AcceptedTerms returns which version of the terms of use a person accepted last; zero when none (D32).
func (s *Service) AcceptedTerms(ctx context.Context, who Signatory) (rules.Terms, error) {
	l, err := s.read(ctx, s.accountOf(who), FactsQuery{})
	switch {
	case err == nil:
		return l.state.Patient.Terms, nil
	case KindOf(err) == KindMailboxUnknown:
		return rules.Terms{}, nil
	}
	return rules.Terms{}, err
}

// AcceptTerms notes that a person accepted a version of the terms of use, traced with version, hash and time
// (D32). Accepting the same again changes nothing. Who has an account of this alone gets it now.
func (s *Service) AcceptTerms(ctx context.Context, who Signatory, t rules.Terms) (rules.Terms, error) {
	p := s.accountOf(who)
	if who.Patient == "" {
		if err := s.establish(ctx, p, rules.INS(who.ID), who.Name); err != nil {
			return rules.Terms{}, err
		}
	}
	_, _, err := s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		v := rules.AcceptTerms(l.state.Patient, t, l.facts.Version+1, s.Now())
		return &decision{verdict: v, actor: who.actor()}, nil
	})
	if err != nil {
		return rules.Terms{}, err
	}
	return s.AcceptedTerms(ctx, who)
}
