package conversations

import (
	"context"
	"errors"

	"mesbridge/rules"
)

// Enrol makes the mailbox of a patient exist in the given state, or moves it there (D16).
func (s *Service) Enrol(ctx context.Context, actor Actor, ins rules.INS, name string, to rules.AccountState) (Patient, error) {
	p := s.PatientID(ins)
	key, err := s.Keys.Create(ctx, p, ins)
	if err != nil {
		return Patient{}, unavailable("create the data key", err)
	}
	if err := s.found(ctx, p, key, name); err != nil {
		return Patient{}, err
	}
	if _, _, err := s.changeAccount(ctx, actor, p, to); err != nil {
		return Patient{}, err
	}
	return Patient{ID: p, INS: ins, Name: name, State: to}, nil
}

// found writes the first record of a patient, absent until an account change, unless there is one.
func (s *Service) found(ctx context.Context, p PatientID, key DataKey, name string) error {
	switch _, err := s.read(ctx, p, FactsQuery{}); {
	case err == nil:
		return nil
	case KindOf(err) != KindMailboxUnknown: // not knowing is not a no (D17)
		return err
	}
	v, err := newVault(p, key)
	if err != nil {
		return unavailable("open the vault", err)
	}
	l := newLoaded(s, p, Facts{})
	l.vault, l.patient = v, patientRecord{
		Account: rules.Absent, Sealed: v.seal(tablePatient, "", patientLabel{Name: name}),
	}
	l.state.Patient.Account = rules.Absent
	d := &decision{
		verdict: rules.Verdict{Change: rules.Change{Kind: rules.AccountChanged, Seq: 1, At: s.Now(), Account: rules.Absent}},
		actor:   Actor{Kind: ActorSystem},
	}
	if _, _, err := s.commit(ctx, l, "", d); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	return nil
}

// tablePatient is the place that the sealed part of a patient's own record is bound to.
const tablePatient Table = "patient"

// changeAccount moves an account to another state.
func (s *Service) changeAccount(ctx context.Context, actor Actor, p PatientID, to rules.AccountState) ([]byte, bool, error) {
	return s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		v := rules.ChangeAccount(l.state.Patient, to, l.facts.Version+1, s.Now())
		return &decision{verdict: v, actor: actor}, nil
	})
}

// LoggedIn notes a patient's login: the first one activates the account (table 8.2 of operator.md).
func (s *Service) LoggedIn(ctx context.Context, actor Actor, p PatientID) error {
	_, _, err := s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		if l.state.Patient.Account != rules.NotActivated {
			return &decision{}, nil
		}
		v := rules.ChangeAccount(l.state.Patient, rules.Active, l.facts.Version+1, s.Now())
		return &decision{verdict: v, actor: actor}, nil
	})
	return err
}

// Patient returns an enrolled patient; KindMailboxUnknown when none was ever enrolled.
func (s *Service) Patient(ctx context.Context, p PatientID) (Patient, error) {
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return Patient{}, err
	}
	return l.person()
}

// PatientByINS identifies a patient; KindMailboxUnknown when none was ever enrolled.
func (s *Service) PatientByINS(ctx context.Context, ins rules.INS) (Patient, error) {
	return s.Patient(ctx, s.PatientID(ins))
}

// person returns the loaded patient with name and INS.
func (l *loaded) person() (Patient, error) {
	var label patientLabel
	if err := l.vault.open(tablePatient, "", l.patient.Sealed, &label); err != nil {
		return Patient{}, unavailable("open the patient's record", err)
	}
	return Patient{ID: l.id, INS: l.ins, Name: label.Name, State: l.patient.Account}, nil
}
