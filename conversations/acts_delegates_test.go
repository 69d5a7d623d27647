package conversations_test

import (
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// delegateActs are the acts by which somebody comes to act for a patient, and ceases to (D28).
func delegateActs(self conversations.Actor) []act {
	helper := func(w *actWorld) conversations.PatientID { return w.enrolled(helperINS, "Sacha Petit") }
	caregiver := conversations.Actor{Kind: conversations.ActorCaregiver}
	parent := conversations.RepresentationInput{Kind: rules.Parent}
	child := func(w *actWorld) error {
		parent.Person = w.enrolled(parentINS, "Dominique Durand")
		return w.NoteMinority(w.t.Context(), anAgent(), w.patient.ID, w.clock.Now().Add(yearLong))
	}
	return []act{
		{"Invite", self, func(w *actWorld) error { w.invited(w.t.Context()); return nil }},
		{"EndDelegate", self, func(w *actWorld) error {
			_, id := w.helped()
			w.memory.forget()
			return w.EndDelegate(w.t.Context(), self, w.patient.ID, id)
		}},
		{"RestoreDelegate", self, func(w *actWorld) error {
			_, id := w.helped()
			if err := w.EndDelegate(w.t.Context(), self, w.patient.ID, id); err != nil {
				return err
			}
			w.memory.forget()
			return w.RestoreDelegate(w.t.Context(), self, w.patient.ID, id)
		}},
		{"AcceptInvitation", caregiver, func(w *actWorld) error {
			who, d := helper(w), w.invited(w.t.Context())
			w.memory.forget()
			_, err := w.AcceptInvitation(w.t.Context(), who, conversations.ShownCode(d.Code))
			return err
		}},
		{"RefuseInvitation", caregiver, func(w *actWorld) error {
			who, d := helper(w), w.invited(w.t.Context())
			w.memory.forget()
			return w.RefuseInvitation(w.t.Context(), who, conversations.ShownCode(d.Code))
		}},
		{"GiveUp", caregiver, func(w *actWorld) error {
			who, _ := w.helped()
			w.memory.forget()
			return w.GiveUp(w.t.Context(), conversations.Actor{Kind: conversations.ActorPatient, ID: string(who)}, who, w.patient.ID)
		}},
		{"Represent", anAgent(), func(w *actWorld) error {
			if err := child(w); err != nil {
				return err
			}
			w.memory.forget()
			return w.Represent(w.t.Context(), anAgent(), w.patient.ID, parent)
		}},
		{"Dismiss", anAgent(), func(w *actWorld) error {
			who := w.child(24 * time.Hour)
			w.memory.forget()
			return w.Dismiss(w.t.Context(), anAgent(), w.patient.ID, who)
		}},
		{"SetNotification", self, func(w *actWorld) error {
			return w.SetNotification(w.t.Context(), self, w.patient.ID, conversations.Notification{Off: true})
		}},
		{"HistoryTaken", self, func(w *actWorld) error { return w.HistoryTaken(w.t.Context(), self, w.patient.ID) }},
		{"Export", self, func(w *actWorld) error {
			return w.Export(w.t.Context(), self, w.patient.ID, func(conversations.Exported) error { return nil })
		}},
	}
}
