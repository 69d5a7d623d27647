package web

import (
	"context"
	"net/http"

	"mesbridge/conversations"
)

// call serves one endpoint.
type call = func(a *App, r request) (answer, error)

// forPatient is the patient that a call is about: the caller, or with ?for= the owner of one of his
// profiles. Another's profile is not found.
func (a *App) forPatient(r request) (conversations.PatientID, error) {
	if wish := r.query("for"); wish != "" && wish != a.profileID(r.who.Patient) {
		return "", notFound()
	}
	return r.who.Patient, nil
}

// ofPatient is a call about one patient's mailbox.
func ofPatient(serve func(a *App, r request, p conversations.PatientID) (answer, error)) call {
	return func(a *App, r request) (answer, error) {
		p, err := a.forPatient(r)
		if err != nil {
			return answer{}, err
		}
		return serve(a, r, p)
	}
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
