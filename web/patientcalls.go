package web

import (
	"context"
	"net/http"
	"slices"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// call serves one endpoint.
type call = func(a *App, r request) (answer, error)

// profileNamed finds one of the profiles of a person, by its id outside. A profile that is nobody's, another's or
// his no more is not found.
func (a *App) profileNamed(ctx context.Context, person conversations.PatientID, id string) (conversations.Profile, error) {
	found, err := a.deps.Conversations.Profiles(ctx, person)
	if err != nil && !ownAlone(err) {
		return conversations.Profile{}, err
	}
	at := slices.IndexFunc(found, func(p conversations.Profile) bool { return a.profileID(p.Patient) == id })
	if at < 0 {
		return conversations.Profile{}, notFound()
	}
	return found[at], nil
}

// actFor settles whose mailbox a call is about: the caller's, or with ?for= that of one of his profiles. It comes
// before anything else, kept answers included: who may act no more is told nothing. The core decides again, with every
// command, by what the request's context then says.
func (a *App) actFor(r *request, e *endpoint) error {
	if r.patient = r.who.Patient; !e.takesFor() {
		return nil
	}
	wish := r.query("for")
	if wish == "" || wish == a.profileID(r.who.Patient) {
		return nil
	}
	p, err := a.profileNamed(r.ctx, r.who.Patient, wish)
	switch {
	case err != nil:
		return err
	case !p.Rights.Has(rightOf(e.scope)):
		return &problem{status: http.StatusForbidden, code: codeInsufficientScope, english: notGrantedEnglish, french: notGrantedFrench}
	}
	r.patient, r.ctx = p.Patient, p.Acting(r.ctx)
	return nil
}

// What somebody is told who acts for another and may not do something (R133).
const (
	notGrantedEnglish = "This is not for whoever acts for somebody else."
	notGrantedFrench  = "Cette action n’est pas disponible pour vous : elle revient à la personne concernée, ou à qui la représente."
)

// rightOf is the right that goes with a scope.
func rightOf(scope string) rules.Rights {
	switch scope {
	case "patient.reply":
		return rules.MayReply
	case "patient.manage":
		return rules.MayManage
	case "patient.block":
		return rules.MayBlock
	}
	return rules.MayRead
}

// ofPatient is a call about one patient's mailbox.
func ofPatient(serve func(a *App, r request, p conversations.PatientID) (answer, error)) call {
	return func(a *App, r request) (answer, error) { return serve(a, r, r.patient) }
}

// bytesOf is a call that sends the bytes of something of the patient's.
func bytesOf(open func(Conversations, context.Context, conversations.Actor, conversations.PatientID, conversations.ID) (conversations.Download, error)) call {
	return ofPatient(func(a *App, r request, p conversations.PatientID) (answer, error) {
		d, err := open(a.deps.Conversations, detached(r.ctx), r.who.actor(), p, r.id)
		if err != nil {
			return answer{}, err
		}
		return answer{download: &d}, nil
	})
}

// act is a call that takes no members and answers none (204).
func act(do func(Conversations, context.Context, conversations.Actor, conversations.PatientID, conversations.ID) error) call {
	return ofPatient(func(a *App, r request, p conversations.PatientID) (answer, error) {
		if err := emptyBody(r.body); err != nil {
			return answer{}, err
		}
		return answer{status: http.StatusNoContent}, do(a.deps.Conversations, r.ctx, r.who.actor(), p, r.id)
	})
}
