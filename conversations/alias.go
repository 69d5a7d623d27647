package conversations

import (
	"context"
	"errors"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// A matricule leads to its patient by the record that stands at its own keyed hash: that of the account, or one
// that only names another patient (Of). So it is found without a table of its own, on whatever shard it is, is
// committed, journalled and rebuilt like any other record, and is sealed with a key of its own.

// maxLeads is how many such records are followed: each is one more change of a person's number.
const maxLeads = 8

// errLeads means that records lead on without an end.
var errLeads = errors.New("matricules lead nowhere")

// matriculeLabel tells of a change of matricule. At the mailbox that goes on only Current is set.
type matriculeLabel struct {
	Current string          `cbor:"1,keyasint"` // the matricule that the person has now
	Event   rules.LifeEvent `cbor:"2,keyasint,omitempty"`
	Actor   Actor           `cbor:"3,keyasint,omitempty"` // who brought it in
}

// matriculePlace is where the sealed label stands in the patient's record.
const matriculePlace = "matricule"

// joining is what a change adds to a patient's record when two matricules are joined.
type joining struct {
	of      PatientID   // of the record that leads on: where to
	aliases []PatientID // of the mailbox that goes on: what leads to it from now on
	label   matriculeLabel
}

// follow is read for the patient whom the record of p leads to.
func (s *Service) follow(ctx context.Context, p PatientID) (*loaded, error) {
	for range maxLeads {
		l, err := s.read(ctx, p, FactsQuery{})
		if err != nil || l.patient.Of == "" {
			return l, err
		}
		p = PatientID(l.patient.Of)
	}
	return nil, unavailable("follow a matricule", errLeads)
}

// LeadsTo returns the patient whom a matricule leads to: the one whom it names by itself when nothing is known
// of it, or another one of whom it is a former or newer matricule (OP17).
func (s *Service) LeadsTo(ctx context.Context, ins rules.INS) (PatientID, error) {
	return s.leadsTo(ctx, s.PatientID(ins))
}

// leadsTo is LeadsTo for the record of a matricule.
func (s *Service) leadsTo(ctx context.Context, p PatientID) (PatientID, error) {
	l, err := s.follow(ctx, p)
	switch {
	case err == nil:
		return l.id, nil
	case KindOf(err) == KindMailboxUnknown:
		return p, nil
	}
	return "", err
}

// openMatricule takes over the matricule of now, where it is not the one that the account began with.
func (l *loaded) openMatricule() error {
	if l.patient.Matricule == nil || l.patient.Of != "" {
		return nil
	}
	var label matriculeLabel
	if err := l.vault.open(tablePatient, matriculePlace, l.patient.Matricule, &label); err != nil {
		return unavailable("open a matricule", errors.Join(errLocked, err))
	}
	l.ins = rules.INS(label.Current)
	return nil
}

// aliases lists the other matricules' records that lead here.
func (l *loaded) aliases() []PatientID {
	return lo.Map(l.patient.Aliases, func(h hexID, _ int) PatientID { return PatientID(h) })
}

// rename notes, at the mailbox that goes on, what leads to it and under which matricule it writes.
func (l *loaded) rename(j *joining) {
	if j == nil {
		return
	}
	all := l.aliases()
	for _, a := range j.aliases {
		if a != l.id {
			all = append(all, a)
		}
	}
	l.patient.Aliases = lo.Map(lo.Uniq(all), func(p PatientID, _ int) hexID { return hexID(p) })
	if current := rules.INS(j.label.Current); current != l.ins {
		l.patient.Matricule = l.vault.seal(tablePatient, matriculePlace, matriculeLabel{Current: j.label.Current})
		l.ins = current
	}
}

// leadTo makes of a bare record one that leads on. What led to it stays noted, to be told where it leads.
func (l *loaded) leadTo(j *joining) {
	l.patient = patientRecord{
		Account: rules.Absent, Of: hexID(j.of), Aliases: l.patient.Aliases,
		Matricule: l.vault.seal(tablePatient, matriculePlace, j.label),
	}
}

// loadAny is load for a record that may lead on, without what the patient wants.
func (s *Service) loadAny(ctx context.Context, p PatientID, q FactsQuery) (*loaded, error) {
	l, err := s.read(ctx, p, q)
	if err != nil {
		return nil, err
	}
	return l, l.unlock(ctx)
}

// finishJoin tells the mailbox that goes on which matricule leads to it now, and under which it writes. It
// is asked at once by the command, and by the effect of its commit after a crash. A mailbox that was
// erased meanwhile takes the matricule with it.
func (s *Service) finishJoin(ctx context.Context, e Effect) (time.Time, error) {
	from, err := s.read(ctx, e.Patient, FactsQuery{})
	if err != nil {
		return time.Time{}, err
	}
	if from.patient.Of == "" { // erased, and perhaps opened anew
		return time.Time{}, nil
	}
	if err := from.unlock(ctx); err != nil {
		return time.Time{}, err
	}
	var label matriculeLabel
	if err := from.vault.open(tablePatient, matriculePlace, from.patient.Matricule, &label); err != nil {
		return time.Time{}, unavailable("open a matricule", err)
	}
	to, err := s.follow(ctx, e.Patient)
	if KindOf(err) == KindMailboxUnknown && err != nil || err == nil && to.patient.Account == rules.Purged {
		return time.Time{}, s.eraseAliases(ctx, label.Actor, []hexID{hexID(e.Patient)})
	}
	if err != nil {
		return time.Time{}, err
	}
	_, _, err = s.run(ctx, to.id, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		if lo.Contains(l.aliases(), e.Patient) { // told before
			return &decision{}, nil
		}
		return l.renamed(label, append(from.aliases(), e.Patient)), nil
	})
	return time.Time{}, err
}

// renamed is the decision that notes a matricule at the mailbox that goes on.
func (l *loaded) renamed(label matriculeLabel, aliases []PatientID) *decision {
	return &decision{
		actor: label.Actor, code: string(label.Event), join: &joining{aliases: aliases, label: label},
		verdict: rules.Verdict{Change: rules.Change{
			Kind: rules.LifeNoted, Seq: l.facts.Version + 1, At: l.svc.Now(), Event: label.Event,
		}},
	}
}

// eraseAliases erases the records that lead to a patient who is about to be erased.
func (s *Service) eraseAliases(ctx context.Context, actor Actor, aliases []hexID) error {
	for _, h := range aliases {
		p := PatientID(h)
		l, err := s.read(ctx, p, FactsQuery{})
		if err != nil {
			return err
		}
		if l.patient.Of != "" {
			_, _, err = s.runOn(ctx, p, "", FactsQuery{}, s.loadAny, func(l *loaded) (*decision, error) {
				if l.patient.Of == "" {
					return &decision{}, nil
				}
				return &decision{actor: actor, verdict: rules.Verdict{
					Effects: rules.Shred,
					Change:  rules.Change{Kind: rules.AccountErased, Seq: l.facts.Version + 1, At: s.Now(), Account: rules.Purged},
				}}, nil
			})
			if err != nil {
				return err
			}
		}
		if err := s.destroy(ctx, p); err != nil {
			return err
		}
	}
	return nil
}
