package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
)

// Longest identifier and name of a person that are taken, in octets.
const (
	maxPersonID   = 64
	maxPersonName = 128
)

// mandates lists what the caller may do with which mailboxes; an application acts for those that it was given.
func (a *App) mandates(r request) ([]conversations.Mandate, error) {
	if r.who.Kind == Professional {
		return a.deps.Conversations.MandatesOf(r.ctx, r.who.ID, r.who.standing())
	}
	list := make([]conversations.Mandate, len(r.who.Mailboxes))
	for i, m := range r.who.Mailboxes {
		list[i] = conversations.Mandate{Mailbox: conversations.Mailbox{Address: m, Kind: rules.Application}, Use: true}
	}
	return list, nil
}

// mailboxes lists the caller's mailboxes: those that he reads and writes for, and those whose users he lists
// (I119, I120).
func mailboxes(a *App, r request) (answer, error) {
	found, err := a.mandates(r)
	if err != nil {
		return answer{}, err
	}
	found = slices.DeleteFunc(found, func(m conversations.Mandate) bool { return !m.Use && !m.Administer })
	items, next, err := pageOf(r, found, func(m conversations.Mandate) string { return a.mailboxKey(m.Mailbox.Address) })
	if err != nil {
		return answer{}, err
	}
	return ok(listOf(items, next, time.Time{}, a.mailboxOf))
}

// administered finds a mailbox whose users a person lists, by the key that stands for it in paths. To anybody
// else it is not there.
func (a *App) administered(mandates []conversations.Mandate, key conversations.ID) (conversations.Mandate, error) {
	at := slices.IndexFunc(mandates, func(m conversations.Mandate) bool {
		return m.Administer && a.mailboxKey(m.Mailbox.Address) == string(key)
	})
	if at < 0 {
		return conversations.Mandate{}, notFound()
	}
	return mandates[at], nil
}

// users finds the list that a call is about.
func (a *App) users(r request) (conversations.Address, error) {
	found, err := a.mandates(r)
	if err != nil {
		return conversations.Address{}, err
	}
	m, err := a.administered(found, r.id)
	return m.Mailbox.Address, err
}

// mailboxUsers lists who may use a mailbox, to whom keeps that list (I119).
func mailboxUsers(a *App, r request) (answer, error) {
	m, err := a.users(r)
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Users(r.ctx, r.who.actor(), m)
	if err != nil {
		return answer{}, err
	}
	found = slices.DeleteFunc(found, func(u conversations.MailboxUser) bool { return !u.Ended.IsZero() })
	items, next, err := pageOf(r, found, func(u conversations.MailboxUser) string { return string(u.ID) })
	if err != nil {
		return answer{}, err
	}
	return ok(listOf(items, next, time.Time{}, userOf))
}

// admitUser puts a person on the list: {person, name, until?}.
func admitUser(a *App, r request) (answer, error) {
	m, err := a.users(r)
	if err != nil {
		return answer{}, err
	}
	var who conversations.Person
	var until string
	err = jsonbody.Decode(r.body, jsonbody.Fields{
		"person": jsonbody.Into(&who.ID), "name": jsonbody.Into(&who.Name), "until": jsonbody.Into(&until),
	})
	if err != nil {
		return answer{}, err
	}
	if member := personFault(who); member != "" {
		return answer{}, invalid(member, personFaultText(member))
	}
	end, err := a.until(until)
	if err != nil {
		return answer{}, err
	}
	u, err := a.deps.Conversations.AdmitUser(r.ctx, r.who.actor(), m, who, end)
	if err != nil {
		return answer{}, err
	}
	return created(userOf(u))
}

// dismissUser takes a person off the list; one who was taken off before is off.
func dismissUser(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	m, err := a.users(r)
	if err != nil {
		return answer{}, err
	}
	user, err := outsideID(r.param("user"))
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, a.deps.Conversations.DismissUser(r.ctx, r.who.actor(), m, user)
}

// personFault names the member of a person that cannot be taken, empty when both can.
func personFault(p conversations.Person) string {
	switch {
	case p.ID == "" || len(p.ID) > maxPersonID || strings.ContainsFunc(p.ID, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "person"
	case strings.TrimSpace(p.Name) == "" || len(p.Name) > maxPersonName || !utf8.ValidString(p.Name) || strings.ContainsFunc(p.Name, unicode.IsControl):
		return "name"
	}
	return ""
}

func personFaultText(member string) string {
	if member == "person" {
		return "The national identifier of a person, such as 8 and the RPPS number (I109)."
	}
	return "The name of the person, as it is shown."
}

// mailboxShape is a mailbox of the caller's.
type mailboxShape struct {
	ID          string            `json:"id"`
	Address     string            `json:"address"`
	Kind        rules.MailboxKind `json:"kind"`
	Name        *string           `json:"name"`
	Use         bool              `json:"use"`
	Administer  bool              `json:"administer"`
	Until       *string           `json:"until"`
	Responsible []string          `json:"responsible"`
}

func (a *App) mailboxOf(m conversations.Mandate) mailboxShape {
	s := mailboxShape{
		ID: a.mailboxKey(m.Mailbox.Address), Address: m.Mailbox.Address.Wire(), Kind: m.Mailbox.Kind, Name: optional(m.Mailbox.Name),
		Use: m.Use, Administer: m.Administer, Until: stamp(m.Until), Responsible: make([]string, len(m.Responsible)),
	}
	for i, p := range m.Responsible {
		s.Responsible[i] = p.Name
	}
	return s
}

// userShape is a person on the list of a mailbox.
type userShape struct {
	ID     conversations.ID `json:"id"`
	Person string           `json:"person"`
	Name   string           `json:"name"`
	Since  *string          `json:"since"`
	Until  *string          `json:"until"`
	By     string           `json:"by"`
}

func userOf(u conversations.MailboxUser) userShape {
	return userShape{ID: u.ID, Person: u.Who.ID, Name: u.Who.Name, Since: stamp(u.Since), Until: stamp(u.Until), By: cmp.Or(u.By.Name, u.By.ID)}
}
