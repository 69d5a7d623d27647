package page

import (
	"slices"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Contacts is the list of a patient's professionals.
type Contacts struct {
	Items  []conversations.Contact
	Latest map[conversations.ID]conversations.ID // newest conversation with each, by his id
	Notice Notice
	Just   conversations.ID // whom the notice is about; empty: nobody
	Thread conversations.ID // conversation that the viewer comes from; empty: none
	// Closure is why nobody can write, as far as the patient himself wants it so.
	Closure conversations.Closure
}

// just is the professional whom the notice is about; nil when there is none.
func (p Contacts) just() *conversations.Contact {
	at := slices.IndexFunc(p.Items, func(c conversations.Contact) bool { return c.ID == p.Just })
	if at < 0 || p.Notice != NoticeBlocked && p.Notice != NoticeUnblocked {
		return nil
	}
	return &p.Items[at]
}

// Done says what was just done, and to whom.
func (p Contacts) Done() string {
	c := p.just()
	switch {
	case c == nil || c.Blocked != (p.Notice == NoticeBlocked): // an old address of the page, or changed since
		return p.Notice.Words()
	case c.Blocked:
		return "Vous avez bloqué " + c.Name + ". Ce " + noun(c.Kind) + " n’est pas prévenu."
	}
	return "Vous avez débloqué " + c.Name + "."
}

// Undo is the professional who was blocked just now and still is; nil when there is nothing to take back.
func (p Contacts) Undo() *conversations.Contact {
	if c := p.just(); c != nil && c.Blocked && p.Notice == NoticeBlocked {
		return c
	}
	return nil
}

func (Contacts) title() string    { return "Mes échanges" }
func (Contacts) template() string { return "contacts" }

// Newest is the newest conversation with a professional; empty when it is not known.
func (p Contacts) Newest(c conversations.Contact) conversations.ID { return p.Latest[c.ID] }

// Noun says what a correspondent is.
func (Contacts) Noun(c conversations.Contact) string { return noun(c.Kind) }

// noun says what stands behind a mailbox: a person, or those who share it.
func noun(kind rules.MailboxKind) string {
	switch kind {
	case rules.Organisational, rules.Application:
		return "service"
	case rules.Practice:
		return "cabinet"
	case rules.Personal:
	}
	return "professionnel"
}

// StateWords names the state of an exchange to the patient.
func (Contacts) StateWords(c conversations.Contact) string {
	switch {
	case c.Blocked && noun(c.Kind) == "service":
		return "Service bloqué"
	case c.Blocked && noun(c.Kind) == "cabinet":
		return "Cabinet bloqué"
	case c.Blocked:
		return "Professionnel bloqué"
	case c.State == rules.ThreadEnded:
		return "Échange terminé"
	case c.State == rules.ThreadOpen:
		return "Échange ouvert"
	}
	return "Lecture seule"
}

// EndedByHim reports whether the professional ended the exchange, and it stands so.
func (Contacts) EndedByHim(c conversations.Contact) bool { return !c.EndedAt.IsZero() }

// Block is the confirmation page of a block.
type Block struct {
	Contact conversations.Contact
	Until   string           // as typed, for the date field
	Fault   string           // what is wrong with it
	Thread  conversations.ID // conversation that the viewer comes from; empty: none
}

// Noun says whom the viewer is about to block.
func (p Block) Noun() string { return noun(p.Contact.Kind) }

// Shared reports whether several people write from the mailbox: only the mailbox is blocked then, by its address (D12).
func (p Block) Shared() bool { return noun(p.Contact.Kind) != "professionnel" }

// Back is where the viewer comes from.
func (p Block) Back() string {
	if p.Thread != "" {
		return "/messages/" + string(p.Thread)
	}
	return "/contacts"
}

func (p Block) title() string    { return "Bloquer " + p.Contact.Name }
func (p Block) template() string { return "block" }
