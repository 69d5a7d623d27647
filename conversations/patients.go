package conversations

import (
	"context"
	"errors"
	"time"

	"mesbridge/rules"
)

// Enrol makes the mailbox of a patient exist in the given state, or moves it there (D16).
func (s *Service) Enrol(ctx context.Context, actor Actor, ins rules.INS, name string, to rules.AccountState) (Patient, error) {
	p, err := s.LeadsTo(ctx, ins)
	if err != nil {
		return Patient{}, err
	}
	if err := s.establish(ctx, p, ins, name); err != nil {
		return Patient{}, err
	}
	if _, _, err := s.changeAccount(ctx, actor, p, to); err != nil {
		return Patient{}, err
	}
	return Patient{ID: p, INS: ins, Name: name, State: to}, nil
}

// NoteMinority notes until when a patient is a minor; the zero time for somebody who is none (D28).
func (s *Service) NoteMinority(ctx context.Context, actor Actor, p PatientID, until time.Time) error {
	_, _, err := s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		return &decision{verdict: rules.NoteMinority(l.state.Patient, until, l.facts.Version+1, s.Now()), actor: actor}, nil
	})
	return err
}

// establish makes the key and the first record of an account, unless it has them. Whoever was erased and
// comes back starts anew: what is left of the old key goes first (O117).
func (s *Service) establish(ctx context.Context, p PatientID, ins rules.INS, name string) error {
	mu := s.queue.of(p)
	mu.Lock()
	defer mu.Unlock()
	l, err := s.read(ctx, p, FactsQuery{})
	switch {
	case err == nil && l.patient.Account != rules.Purged:
		return nil
	case err == nil:
		if err := s.Keys.Erase(ctx, p); err != nil {
			return unavailable("erase the data key", err)
		}
	case KindOf(err) == KindMailboxUnknown:
		l = newLoaded(s, p, Facts{})
	default: // not knowing is not a no (D17)
		return err
	}
	return s.found(ctx, l, ins, name)
}

// found writes the first record of an account, absent until an account change.
func (s *Service) found(ctx context.Context, l *loaded, ins rules.INS, name string) error {
	key, err := s.Keys.Create(ctx, l.id, ins)
	if err != nil {
		return unavailable("create the data key", err)
	}
	if l.vault, err = newVault(l.id, key); err != nil {
		return unavailable("open the vault", err)
	}
	l.patient = patientRecord{Account: rules.Absent, Sealed: l.vault.seal(tablePatient, "", patientLabel{Name: name})}
	l.state.Patient = l.patient.patient()
	d := &decision{
		verdict: rules.Verdict{Change: rules.Change{
			Kind: rules.AccountChanged, Seq: l.facts.Version + 1, At: s.Now(), Account: rules.Absent,
		}},
		actor: Actor{Kind: ActorSystem},
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
		due := rules.PeriodEnd(rules.Patient{Account: v.Change.Account, Since: v.Change.At}, s.Periods)
		if !due.IsZero() { // the law's period runs, however the account came here (O113, O116)
			v.Effects, v.Due = rules.Retire, due
		}
		return &decision{verdict: v, actor: actor}, nil
	})
}

// LoggedIn notes a patient's login in his journal: the first one activates the account (table 8.2 of
// operator.md).
func (s *Service) LoggedIn(ctx context.Context, actor Actor, p PatientID) error {
	_, _, err := s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		if l.state.Patient.Account != rules.NotActivated {
			return &decision{}, nil
		}
		v := rules.ChangeAccount(l.state.Patient, rules.Active, l.facts.Version+1, s.Now())
		return &decision{verdict: v, actor: actor}, nil
	})
	if err != nil {
		return err
	}
	return s.Note(ctx, Signatory{Patient: p, Kind: actor.Kind, ID: actor.ID, Name: actor.Name}, TraceLogin)
}

// Note writes down an act of a person that changes nothing, such as a login, in the journal of that person's own
// account, sealed with its key. Who has none is given one, as for the terms of use.
func (s *Service) Note(ctx context.Context, who Signatory, kind TraceKind) error {
	p := s.accountOf(who)
	if who.Patient == "" {
		if err := s.establish(ctx, p, rules.INS(who.ID), who.Name); err != nil {
			return err
		}
	}
	l, err := s.loadAny(ctx, p, FactsQuery{})
	if err != nil {
		return err
	}
	return l.touch(ctx, who.actor(), entryFrame{Kind: kind})
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
	p, err := s.LeadsTo(ctx, ins)
	if err != nil {
		return Patient{}, err
	}
	return s.Patient(ctx, p)
}

// person returns the loaded patient with name and INS.
func (l *loaded) person() (Patient, error) {
	var label patientLabel
	if err := l.vault.open(tablePatient, "", l.patient.Sealed, &label); err != nil {
		return Patient{}, unavailable("open the patient's record", err)
	}
	return Patient{ID: l.id, INS: l.ins, Name: label.Name, State: l.patient.Account}, nil
}
