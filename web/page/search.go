package page

import (
	"fmt"

	"mesbridge/conversations"
)

// FieldPatient is the field that says who is looked for among the exchanges of a mailbox.
const FieldPatient = "patient"

// Search is a look for a patient among the exchanges of a mailbox.
type Search struct {
	Text   string // as it was typed
	Sealed string // Text as it stands in URLs: it names nobody there
	INS    bool   // it is a matricule
	Fault  string // why nothing was looked for; empty: Found is the answer
	Found  conversations.FoundExchanges
}

func (s Search) title() string {
	switch {
	case s.Fault != "":
		return "Retrouver un patient\u00a0: erreur"
	case s.Found.Count == 0:
		return "Retrouver un patient\u00a0: aucun résultat"
	}
	return "Retrouver un patient\u00a0: résultats"
}

// More reports whether more exchanges fit than are shown.
func (s Search) More() bool { return s.Found.Count > len(s.Found.Items) }

// lookedThrough is how many exchanges are looked through at most, as people read it.
func lookedThrough() string {
	const n = conversations.MaxLookedThrough
	return fmt.Sprintf("%d\u202f%03d", n/1000, n%1000)
}
