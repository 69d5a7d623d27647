package page

import (
	"slices"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Names of the fields of the form that lists a user.
const (
	FieldPerson = "identifiant"
	FieldName   = "nom"
)

// Mailbox is a mailbox of a professional. Key stands for it in URLs, which hold no address.
type Mailbox struct {
	conversations.Mandate
	Key     string
	Absence conversations.Absence // under way or to come, as far as the professional may declare one
}

// Shown is the name of the mailbox, or its address, which is the professional's own to see.
func (m Mailbox) Shown() string {
	if m.Mailbox.Name != "" {
		return m.Mailbox.Name
	}
	return m.Mailbox.Address.Wire()
}

// Card is the mailbox as the directory knows it.
func (m Mailbox) Card() Professional { return Professional{m.Mailbox} }

// Kind is the kind of the mailbox in words.
func (m Mailbox) Kind() string {
	switch m.Mailbox.Kind {
	case rules.Personal:
		return "BAL personnelle"
	case rules.Organisational:
		return "BAL organisationnelle"
	case rules.Application:
		return "BAL applicative"
	case rules.Practice:
		return "BAL de cabinet"
	}
	return "BAL"
}

// ResponsibleNames are the names of those who keep the list of users.
func (m Mailbox) ResponsibleNames() []string {
	list := make([]string, len(m.Responsible))
	for i, p := range m.Responsible {
		list[i] = p.Name
	}
	return list
}

// Mailboxes is the page of a professional's mailboxes (I119, D27).
type Mailboxes struct{ Items []Mailbox }

func (Mailboxes) title() string    { return "Mes boîtes aux lettres" }
func (Mailboxes) template() string { return "mailboxes" }

// Users is the page of the users of a mailbox, for whom keeps that list.
type Users struct {
	Mailbox Mailbox
	Items   []conversations.MailboxUser
	Form    UserForm
	Notice  Notice
}

func (p Users) title() string  { return "Utilisateurs de la boîte " + p.Mailbox.Shown() }
func (Users) template() string { return "users" }

// Present are the users on the list.
func (p Users) Present() []conversations.MailboxUser {
	return slices.DeleteFunc(slices.Clone(p.Items), func(u conversations.MailboxUser) bool { return !u.Ended.IsZero() })
}

// Gone are those who were taken off lately and are not on the list again, each by the last time; they can be put back.
func (p Users) Gone() []conversations.MailboxUser {
	return slices.DeleteFunc(slices.Clone(p.Items), func(u conversations.MailboxUser) bool {
		return u.Ended.IsZero() || slices.ContainsFunc(p.Items, func(o conversations.MailboxUser) bool {
			return o.Who.ID == u.Who.ID && (o.Ended.IsZero() || o.Ended.After(u.Ended))
		})
	})
}

// UserForm is the form that lists a person, as it was typed.
type UserForm struct {
	Person, Name, Until string
	Faults
}
