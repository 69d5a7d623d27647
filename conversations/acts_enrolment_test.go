package conversations_test

import (
	"mesbridge/conversations"
	"mesbridge/rules"
)

// enrolmentActs are the acts by which a login comes to lead to an account, and of who acts by law (D26, D28).
func enrolmentActs() []act {
	patient := conversations.Actor{Kind: conversations.ActorPatient}
	declared := conversations.Declaration{Patient: anINS, Person: parentINS, Kind: rules.Parent}
	return []act{
		{"HandCode", anOfficer(), func(w *actWorld) error { w.handed(newcomerINS); return nil }},
		{"RevokeCode", anOfficer(), func(w *actWorld) error {
			issued := w.handed(newcomerINS)
			w.memory.forget()
			return w.RevokeCode(w.t.Context(), anOfficer(), issued.ID)
		}},
		{"BindByCode", patient, func(w *actWorld) error {
			issued := w.handed(newcomerINS)
			w.memory.forget()
			_, err := w.BindByCode(w.t.Context(), newcomer("s"), issued.Code)
			return err
		}},
		{"BindVouched", anAgent(), func(w *actWorld) error {
			_, err := w.BindVouched(w.t.Context(), anAgent(), newcomerINS, "Zoé MARTIN", newcomer("s"))
			return err
		}},
		{"Unbind", anAgent(), func(w *actWorld) error {
			if _, err := w.BindVouched(w.t.Context(), anAgent(), newcomerINS, "Zoé MARTIN", newcomer("s")); err != nil {
				return err
			}
			w.memory.forget()
			_, err := w.Unbind(w.t.Context(), anAgent(), newcomerINS)
			return err
		}},
		{"DeclareRepresentation", anAgent(), func(w *actWorld) error {
			w.enrolled(parentINS, "Dominique Durand")
			if err := w.NoteMinority(w.t.Context(), anAgent(), w.patient.ID, w.clock.Now().Add(yearLong)); err != nil {
				return err
			}
			w.memory.forget()
			return w.DeclareRepresentation(w.t.Context(), anAgent(), declared)
		}},
		{"EndRepresentation", anAgent(), func(w *actWorld) error {
			w.child(yearLong)
			w.memory.forget()
			_, err := w.EndRepresentation(w.t.Context(), anAgent(), anINS, parentINS)
			return err
		}},
	}
}
