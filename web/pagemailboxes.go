package web

import (
	"net/http"
	"strings"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// mailboxesPath is the page of a professional's mailboxes.
const mailboxesPath = "/pro/boites"

// mailboxesPage lists the professional's mailboxes: those that he uses, those whose users he lists, and those
// that he was taken off lately, which he is told here (D27).
func mailboxesPage(a *App, v visit) (view, error) {
	found, err := a.deps.Conversations.MandatesOf(v.ctx, v.who.ID, v.who.standing())
	if err != nil {
		return view{}, err
	}
	p := page.Mailboxes{Items: make([]page.Mailbox, len(found))}
	for i, m := range found {
		p.Items[i] = page.Mailbox{Mandate: m, Key: a.mailboxKey(m.Mailbox.Address)}
	}
	return show(p)
}

// usersPage lists who may use a mailbox, to whom keeps that list (I119).
func usersPage(a *App, v visit) (view, error) { return a.usersView(v, page.UserForm{}) }

// usersView is the page with a form as it was typed.
func (a *App) usersView(v visit, f page.UserForm) (view, error) {
	m, err := a.administeredBy(v)
	if err != nil {
		return view{}, err
	}
	found, err := a.deps.Conversations.Users(v.ctx, v.who.actor(), m.Mailbox.Address)
	if err != nil {
		return view{}, err
	}
	return show(page.Users{
		Mailbox: page.Mailbox{Mandate: m, Key: string(v.id)}, Items: found, Form: f, Notice: page.Notice(v.query("fait")),
	})
}

func (a *App) administeredBy(v visit) (conversations.Mandate, error) {
	found, err := a.deps.Conversations.MandatesOf(v.ctx, v.who.ID, v.who.standing())
	if err != nil {
		return conversations.Mandate{}, err
	}
	return a.administered(found, v.id)
}

// admitUserForm puts a person on the list.
func admitUserForm(a *App, v visit) (view, error) {
	m, err := a.administeredBy(v)
	if err != nil {
		return view{}, err
	}
	f := page.UserForm{
		Person: strings.TrimSpace(v.form.value(page.FieldPerson)), Name: strings.TrimSpace(v.form.value(page.FieldName)), Until: v.form.value(fieldUntil),
	}
	who := conversations.Person{ID: f.Person, Name: f.Name}
	until, fault := a.lastDay(f.Until)
	if member := personFault(who); member != "" || fault != "" {
		f.PersonFault, f.NameFault, f.UntilFault = member == "person", member == "name", fault
		return a.refusedUser(v, f)
	}
	if _, err := a.deps.Conversations.AdmitUser(v.ctx, v.who.actor(), m.Mailbox.Address, who, until); err != nil {
		if conversations.KindOf(err) == conversations.KindNotHabilitated {
			f.Own = true
			return a.refusedUser(v, f)
		}
		return view{}, err
	}
	return goTo(mailboxesPath + "/" + string(v.id) + "?fait=" + string(page.NoticeAdmitted))
}

// refusedUser shows the form again with what was typed, and what is wrong with it.
func (a *App) refusedUser(v visit, f page.UserForm) (view, error) {
	out, err := a.usersView(v, f)
	out.status = http.StatusUnprocessableEntity
	return out, err
}

// dismissUserForm takes a person off the list, at once.
func dismissUserForm(a *App, v visit) (view, error) {
	m, err := a.administeredBy(v)
	if err != nil {
		return view{}, err
	}
	if err := a.deps.Conversations.DismissUser(v.ctx, v.who.actor(), m.Mailbox.Address, v.piece); err != nil {
		return view{}, err
	}
	return goTo(mailboxesPath + "/" + string(v.id) + "?fait=" + string(page.NoticeDismissed))
}
