package page

import (
	"slices"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Contacts is the list of a patient's professionals.
type Contacts struct {
	Items  []conversations.Contact
	Notice Notice
	Just   conversations.ID // whom the notice is about; empty: nobody
}

// Undo is the professional who was blocked just now and still is; nil when there is nothing to take back.
func (p Contacts) Undo() *conversations.Contact {
	at := slices.IndexFunc(p.Items, func(c conversations.Contact) bool { return c.ID == p.Just && c.Blocked })
	if p.Notice != NoticeBlocked || at < 0 {
		return nil
	}
	return &p.Items[at]
}

func (Contacts) title() string    { return "Mes échanges" }
func (Contacts) template() string { return "contacts" }

// StateWords names the state of an exchange to the patient.
func (Contacts) StateWords(c conversations.Contact) string {
	switch {
	case c.Blocked:
		return "Professionnel bloqué"
	case c.State == rules.ThreadEnded:
		return "Échange terminé"
	case c.State == rules.ThreadOpen:
		return "Échange ouvert"
	}
	return "Échange suspendu"
}

// EndedByHim reports whether the professional ended the exchange, and it stands so.
func (Contacts) EndedByHim(c conversations.Contact) bool { return !c.EndedAt.IsZero() }

// Block is the confirmation page of a block.
type Block struct {
	Contact conversations.Contact
	Until   string // as typed, for the date field
	Fault   string // what is wrong with it
}

func (p Block) title() string    { return "Bloquer " + p.Contact.Name }
func (p Block) template() string { return "block" }
