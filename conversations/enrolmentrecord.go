package conversations

import (
	"slices"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// enrolmentRecord is one code in the patient's record: its keyed hash, never the code.
type enrolmentRecord struct {
	ID      ID                   `cbor:"1,keyasint"`
	State   rules.EnrolmentState `cbor:"2,keyasint"`
	At      millis               `cbor:"3,keyasint"`
	Expires millis               `cbor:"4,keyasint"`
	EndedAt millis               `cbor:"5,keyasint,omitempty"`
	Tries   int                  `cbor:"6,keyasint,omitempty"`
	Sealed  []byte               `cbor:"7,keyasint"` // enrolmentLabel
}

// enrolmentLabel is what names in an enrolment: who was there, and what the agent read and attests.
type enrolmentLabel struct {
	Family   string       `cbor:"1,keyasint"`
	Given    string       `cbor:"2,keyasint"`
	Birth    string       `cbor:"3,keyasint"`
	Sex      rules.Sex    `cbor:"4,keyasint,omitempty"`
	Place    string       `cbor:"5,keyasint,omitempty"`
	Document DocumentKind `cbor:"6,keyasint"`
	Officer  Actor        `cbor:"7,keyasint"`
}

func (l enrolmentLabel) traits() rules.Traits {
	return rules.Traits{Family: l.Family, Given: l.Given, Birth: l.Birth, Sex: l.Sex, Place: l.Place}
}

// boundRecord is the login that leads to an account.
type boundRecord struct {
	Subject hexID  `cbor:"1,keyasint"` // the login's own record
	At      millis `cbor:"2,keyasint"`
	Sealed  []byte `cbor:"3,keyasint"` // boundLabel
}

// boundLabel is the login itself.
type boundLabel struct {
	Issuer  string `cbor:"1,keyasint"`
	Subject string `cbor:"2,keyasint"`
}

// placeBound and placeEnrolment are where the sealed parts stand in the patient's record.
const placeBound = "bound"

func placeEnrolment(id ID) string { return "enrolment/" + string(id) }

// enrolment tells rules of the codes and of the login bound.
func (r patientRecord) enrolment(p *rules.Patient) {
	p.Enrolments = lo.Map(r.Enrolments, func(e enrolmentRecord, _ int) rules.Enrolment {
		return rules.Enrolment{
			ID: rules.EnrolmentID(e.ID), State: e.State, At: e.At.time(), Expires: e.Expires.time(), EndedAt: e.EndedAt.time(), Tries: e.Tries,
		}
	})
	if r.Bound != nil {
		p.Subject, p.BoundAt = rules.SubjectID(r.Bound.Subject), r.Bound.At.time()
	}
}

// sealEnrolments takes over what rules decided about codes and the login bound.
func (l *loaded) sealEnrolments(d *decision) {
	sealed := lo.SliceToMap(l.patient.Enrolments, func(e enrolmentRecord) (ID, []byte) { return e.ID, e.Sealed })
	l.patient.Enrolments = lo.Map(l.state.Patient.Enrolments, func(e rules.Enrolment, _ int) enrolmentRecord {
		id := ID(e.ID)
		if e.ID == d.verdict.Change.Enrolment.ID && d.enrolled != nil {
			sealed[id] = l.vault.seal(tablePatient, placeEnrolment(id), *d.enrolled)
		}
		return enrolmentRecord{
			ID: id, State: e.State, At: toMillis(e.At), Expires: toMillis(e.Expires), EndedAt: toMillis(e.EndedAt), Tries: e.Tries, Sealed: sealed[id],
		}
	})
	subject := hexID(l.state.Patient.Subject)
	switch {
	case subject == "":
		l.patient.Bound = nil
	case d.bound != nil:
		l.patient.Bound = &boundRecord{
			Subject: subject, At: toMillis(l.state.Patient.BoundAt), Sealed: l.vault.seal(tablePatient, placeBound, *d.bound),
		}
	}
}

// enrolmentLabel opens what names in an enrolment.
func (l *loaded) enrolmentLabel(id ID) (enrolmentLabel, error) {
	i := slices.IndexFunc(l.patient.Enrolments, func(e enrolmentRecord) bool { return e.ID == id })
	if i < 0 {
		return enrolmentLabel{}, &Error{Kind: KindNotFound, Rule: "D26"}
	}
	var label enrolmentLabel
	if err := l.vault.open(tablePatient, placeEnrolment(id), l.patient.Enrolments[i].Sealed, &label); err != nil {
		return enrolmentLabel{}, unavailable("open an enrolment", err)
	}
	return label, nil
}
