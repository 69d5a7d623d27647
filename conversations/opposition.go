package conversations

import (
	"context"
	"slices"

	"mesbridge/rules"
)

// OppositionInput is what a professional's side records on the patient's word (D14 d, R144, R145).
type OppositionInput struct {
	Mailbox         Address
	INS             rules.INS
	ToPatient       bool
	ToProfessionals bool
	Reason          string
}

// RecordOpposition records, changes or clears a refusal that the patient told a professional. A patient
// whom a message would not reach is refused as the message would be: nothing more is told (D29, D36).
func (s *Service) RecordOpposition(ctx context.Context, actor Actor, in OppositionInput) (Opposition, error) {
	p, err := s.Recipient(ctx, in.INS, in.Mailbox)
	if err != nil {
		return Opposition{}, err
	}
	_, _, err = s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		f := rules.OppositionFacts{
			Patient: l.state.Patient, Next: l.facts.Version + 1, By: l.know(in.Mailbox),
			ToPatient: in.ToPatient, ToProfessionals: in.ToProfessionals,
		}
		about := oppositionLabel{By: actor.Name, Reason: in.Reason}
		return &decision{verdict: rules.RecordOpposition(f, s.Now()), actor: actor, about: about}, nil
	})
	if err != nil {
		return Opposition{}, err
	}
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return Opposition{}, err
	}
	return l.opposition(l.know(in.Mailbox)), nil
}

// opposition tells a mailbox what its side recorded.
func (l *loaded) opposition(who rules.Correspondent) Opposition {
	o, recorded := l.state.Patient.OppositionFor(who)
	if !recorded {
		return Opposition{}
	}
	return Opposition{ToPatient: o.ToPatient, ToProfessionals: o.ToProfessionals, At: o.At}
}

// mayWrite refuses a message by the desk or the API that a recorded refusal stands against, as one to the patient or,
// copied, as one to other professionals (D14 d).
func (l *loaded) mayWrite(sender rules.Correspondent, acknowledged string, copied bool) error {
	r := rules.Conscience(l.state.Patient, sender, l.svc.SoftOpposition, acknowledged != "")
	if copied && !r.Refused() {
		r = rules.ConscienceOfCopies(l.state.Patient, sender, l.svc.SoftOpposition, acknowledged != "")
	}
	if r.Refused() {
		return refused(r)
	}
	return nil
}

// placeOpposition is where the sealed part of a recorded opposition stands in the patient's record.
func placeOpposition(m hexID) string { return "opposition/" + string(m) }

// sealOpposition writes one recorded opposition into the patient's record, or drops it when nothing of it
// stays.
func (l *loaded) sealOpposition(o rules.RecordedOpposition, about oppositionLabel) {
	m := hexID(o.Mailbox)
	l.patient.Oppositions = slices.DeleteFunc(l.patient.Oppositions, func(r oppositionRecord) bool { return r.Mailbox == m })
	if !o.ToPatient && !o.ToProfessionals {
		return
	}
	l.patient.Oppositions = append(l.patient.Oppositions, oppositionRecord{
		Mailbox: m, Structure: string(o.Structure), ToPatient: o.ToPatient, ToProfessionals: o.ToProfessionals, At: toMillis(o.At),
		Sealed: l.vault.seal(tablePatient, placeOpposition(m), about),
	})
}
