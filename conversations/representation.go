package conversations

import (
	"context"
	"time"

	"mesbridge/rules"
)

// Declaration is a legal representation as an agent reads it from papers: of whom, by whom (D28).
type Declaration struct {
	Patient rules.INS
	Person  rules.INS // who acts; he is enrolled himself, and logs in by his own means (I79)
	Kind    rules.DelegationKind
	Scope   rules.DelegationScope // of a person in charge of a protected adult
	Until   time.Time             // as the judgment says; zero: none said
}

// DeclareRepresentation notes who acts for a patient by law, on papers that a listed agent has seen (R129). Both are
// enrolled before. Doing it again changes nothing; another scope or end takes the place of the one before.
func (s *Service) DeclareRepresentation(ctx context.Context, officer Actor, in Declaration) error {
	if err := s.mayEnrol(officer); err != nil {
		return err
	}
	p, person, err := s.both(ctx, in.Patient, in.Person)
	if err != nil {
		return err
	}
	return s.Represent(ctx, officer, p, RepresentationInput{Person: person, Kind: in.Kind, Scope: in.Scope, Until: in.Until})
}

// EndRepresentation ends whatever lets a person act for a patient, by a listed agent (R135). It reports whether there
// was anything to end.
func (s *Service) EndRepresentation(ctx context.Context, officer Actor, patient, person rules.INS) (found bool, err error) {
	if err := s.mayEnrol(officer); err != nil {
		return false, err
	}
	p, who, err := s.both(ctx, patient, person)
	if err != nil {
		return false, err
	}
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return false, err
	}
	if _, rights := l.state.Patient.ActingFor(rules.DelegateID(who), s.Now()); rights == 0 {
		return false, nil
	}
	return true, s.Dismiss(ctx, officer, p, who)
}

// both finds the two patients of a representation.
func (s *Service) both(ctx context.Context, patient, person rules.INS) (p, who PatientID, err error) {
	if p, err = s.LeadsTo(ctx, patient); err != nil {
		return "", "", err
	}
	who, err = s.LeadsTo(ctx, person)
	return p, who, err
}
