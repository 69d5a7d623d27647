package web

import (
	"net/http"
	"slices"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
)

// enrolmentsPath is the call that hands a code over. Its answer is kept nowhere, not even for an idempotency key: the
// same request again gives another code, and the first one is worth nothing then.
const enrolmentsPath = "/enrolments"

// byOfficer is a call for those alone who are listed as enrolling patients (D26).
func byOfficer(serve call) call {
	return func(a *App, r request) (answer, error) {
		if !r.who.Enrols {
			return answer{}, &problem{status: http.StatusForbidden, code: codeInsufficientScope}
		}
		return serve(a, r)
	}
}

// handCode enrols a patient face to face: {ins, familyName, givenNames, birthDate, sex, birthPlace?, document, identityChecked}
// (D26).
func handCode(a *App, r request) (answer, error) {
	var in conversations.EnrolmentInput
	var ins, sex, document string
	err := jsonbody.Decode(r.body, jsonbody.Fields{
		"ins": jsonbody.Into(&ins), "familyName": jsonbody.Into(&in.Traits.Family), "givenNames": jsonbody.Into(&in.Traits.Given),
		"birthDate": jsonbody.Into(&in.Traits.Birth), "sex": jsonbody.Into(&sex), "birthPlace": jsonbody.Into(&in.Traits.Place),
		"document": jsonbody.Into(&document), "identityChecked": jsonbody.Into(&in.Qualified),
	})
	if err != nil {
		return answer{}, err
	}
	in.Traits.Sex, in.Document = rules.Sex(sex), conversations.DocumentKind(document)
	if in.INS, err = rules.ParseINS(ins, a.cfg.CheckINSKey); err != nil {
		return answer{}, &problem{status: http.StatusUnprocessableEntity, code: code(conversations.KindINSInvalid), cause: err}
	}
	if member := in.Fault(a.deps.Now()); member != "" {
		return answer{}, invalid(member, "This member is missing, or is not what docs/operations.md says of it.")
	}
	issued, err := a.deps.Conversations.HandCode(r.ctx, r.who.actor(), in)
	if err != nil {
		return answer{}, err
	}
	s := enrolmentOf(issued.EnrolmentLine)
	shown := conversations.ShownCode(issued.Code)
	s.Code = &shown
	for _, t := range in.INS.Unlike(in.Traits) {
		s.Unlike = append(s.Unlike, string(t))
	}
	return created(s)
}

// enrolments lists the codes that the caller handed over.
func enrolments(a *App, r request) (answer, error) {
	found, err := a.deps.Conversations.Enrolments(r.ctx, r.who.actor())
	if err != nil {
		return answer{}, err
	}
	items, next, err := pageOf(r, found, func(e conversations.EnrolmentLine) string { return string(e.ID) })
	if err != nil {
		return answer{}, err
	}
	return ok(listOf(items, next, time.Time{}, enrolmentOf))
}

// revokeCode takes a code back; one that is over is over.
func revokeCode(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, a.deps.Conversations.RevokeCode(r.ctx, r.who.actor(), r.id)
}

// enrolmentShape is one code; Code is there in the answer that hands it over alone.
type enrolmentShape struct {
	ID        conversations.ID     `json:"id"`
	Name      string               `json:"name"`
	State     rules.EnrolmentState `json:"state"`
	CreatedAt *string              `json:"createdAt"`
	ExpiresAt *string              `json:"expiresAt"`
	EndedAt   *string              `json:"endedAt"`
	Code      *string              `json:"code,omitempty"`
	Unlike    []string             `json:"unlike,omitempty"` // traits that the matricule tells otherwise (R28)
}

func enrolmentOf(e conversations.EnrolmentLine) enrolmentShape {
	return enrolmentShape{ID: e.ID, Name: e.Name, State: e.State, CreatedAt: stamp(e.At), ExpiresAt: stamp(e.Expires), EndedAt: stamp(e.EndedAt)}
}

// representation reads whose representative somebody is: {patient: {ins}, representative: {ins}} and more.
func (a *App) representation(body []byte, more jsonbody.Fields) (patient, person rules.INS, err error) {
	var first, second string
	fields := jsonbody.Fields{
		"patient":        jsonbody.Object(jsonbody.Fields{"ins": jsonbody.Into(&first)}),
		"representative": jsonbody.Object(jsonbody.Fields{"ins": jsonbody.Into(&second)}),
	}
	for name, f := range more {
		fields[name] = f
	}
	if err := jsonbody.Decode(body, fields); err != nil {
		return "", "", err
	}
	if patient, err = rules.ParseINS(first, a.cfg.CheckINSKey); err == nil {
		person, err = rules.ParseINS(second, a.cfg.CheckINSKey)
	}
	if err != nil {
		return "", "", &problem{status: http.StatusUnprocessableEntity, code: code(conversations.KindINSInvalid), cause: err}
	}
	return patient, person, nil
}

// declareRepresentation notes who acts for a patient by law: {patient, representative, kind, scope?, until?, papersSeen} (D28).
func declareRepresentation(a *App, r request) (answer, error) {
	var kind, scope, until string
	var papers bool
	patient, person, err := a.representation(r.body, jsonbody.Fields{
		"kind": jsonbody.Into(&kind), "scope": jsonbody.Into(&scope), "until": jsonbody.Into(&until), "papersSeen": jsonbody.Into(&papers),
	})
	if err != nil {
		return answer{}, err
	}
	in := conversations.Declaration{Patient: patient, Person: person, Kind: rules.DelegationKind(kind), Scope: rules.DelegationScope(scope)}
	if in.Until, err = a.until(until); err != nil {
		return answer{}, err
	}
	switch {
	case !slices.Contains([]rules.DelegationKind{rules.Parent, rules.Guardian, rules.Protector}, in.Kind):
		return answer{}, invalid("kind", "Write parent, guardian or protector.")
	case !papers:
		return answer{}, invalid("papersSeen", "Only what papers say is declared (R129).")
	}
	return answer{status: http.StatusNoContent}, a.deps.Conversations.DeclareRepresentation(r.ctx, r.who.actor(), in)
}

// endRepresentation ends whatever lets somebody act for a patient: {patient, representative} (R135).
func endRepresentation(a *App, r request) (answer, error) {
	patient, person, err := a.representation(r.body, nil)
	if err != nil {
		return answer{}, err
	}
	_, err = a.deps.Conversations.EndRepresentation(r.ctx, r.who.actor(), patient, person)
	return answer{status: http.StatusNoContent}, err
}
