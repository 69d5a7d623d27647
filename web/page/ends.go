package page

import (
	"time"

	"mesbridge/conversations"
)

// FieldExchanges is the field that names several exchanges, as often as there are some.
const FieldExchanges = "echange[]"

// Ends is the preview of an end that is given to several exchanges together, with exactly what falls silent in each
// (D6), and until when it can be taken back (D7).
type Ends struct {
	Place
	Items   []EndOf
	Skipped []conversations.ExchangeLine // chosen, but ended, planned or out of reach meanwhile
	Now     time.Time
	At      time.Time // when they would end, should it be confirmed now
	Reason  string
	Error   string // fault of the reason
}

// EndOf is one exchange with what its end silences.
type EndOf struct {
	conversations.ExchangeLine
	Silenced []conversations.ThreadLine
}

func (p Ends) title() string {
	if len(p.Items) == 1 {
		return "Mettre fin à un échange, avec dix minutes pour annuler"
	}
	return "Mettre fin à plusieurs échanges"
}
func (Ends) template() string { return "ends" }

// Subject is the subject of a conversation, or words for none.
func (Ends) Subject(l conversations.ThreadLine) string { return shownSubject(l.Subject) }

// Waiting counts the patients who wait for an answer.
func (p Ends) Waiting() (n int) {
	for i := range p.Items {
		if p.Items[i].Waiting {
			n++
		}
	}
	return n
}
