package page

import (
	"mesbridge/conversations"
	"mesbridge/rules"
)

// Choice is one mailbox that the professional may choose. Address is his own; Key stands for it in
// URLs, which hold no address.
type Choice struct {
	Key     string
	Address string
	Chosen  bool
}

// Desk is a professional's list of exchanges.
type Desk struct {
	Mailboxes []Choice
	Chosen    Choice
	State     string // the list shown, empty for all
	Items     []conversations.ExchangeLine
	Next      string
	Further   bool
	Notice    Notice
}

// States are the lists that one may choose (D4).
func (Desk) States() []StateChoice {
	return []StateChoice{
		{"", "Tous"}, {string(rules.ThreadOpen), "Ouverts"}, {string(rules.ThreadEnded), "Terminés"}, {string(rules.ThreadUnreachable), "Injoignables"},
	}
}

// StateChoice is a list by state.
type StateChoice struct{ Value, Words string }

func (p Desk) title() string {
	if p.Further {
		return "Échanges de la boîte, suite"
	}
	return "Échanges de la boîte"
}
func (Desk) template() string { return "desk" }

// End is the confirmation page of the end of an exchange, with what falls silent (D6).
type End struct {
	Exchange conversations.ExchangeLine
	Silenced []conversations.ThreadLine
	Mailbox  string // key of the mailbox, to go back to
}

func (p End) title() string  { return "Mettre fin aux échanges avec " + p.Exchange.Patient.Name }
func (End) template() string { return "end" }

// Subject is the subject of a conversation, or words for none.
func (End) Subject(l conversations.ThreadLine) string { return shownSubject(l.Subject) }

// Facility is the page of an establishment: its entry points, and for who is logged in the
// conversations of a mailbox.
type Facility struct {
	Calls     []Call
	Mailboxes []Choice
	Chosen    Choice
	Items     []conversations.ThreadLine
	Next      string
	Further   bool
	Episodes  *Board // episodes of the mailbox's establishment; nil: it has none
}

// Call is one entry point of the API that an application of an establishment may use.
type Call struct{ Method, Path, Scope, Meaning string }

func (p Facility) title() string {
	if p.Further {
		return "Établissement, suite"
	}
	return "Établissement"
}
func (Facility) template() string { return "facility" }

// Subject is the subject of a conversation, or words for none.
func (Facility) Subject(l conversations.ThreadLine) string { return shownSubject(l.Subject) }
