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
		if p.Items[i].MayBeAbsent() {
			if p.Items[i].Absence, err = a.absenceOf(v, m.Mailbox.Address); err != nil {
				return view{}, err
			}
		}
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
		Person: nationalID(v.form.value(page.FieldPerson)), Name: strings.TrimSpace(v.form.value(page.FieldName)), Until: v.form.value(fieldUntil),
	}
	who := conversations.Person{ID: f.Person, Name: f.Name}
	until, fault := a.lastDay(f.Until)
	switch personFault(who) {
	case "person":
		f.Add(page.FieldPerson, "Écrivez le numéro RPPS, ou l’identifiant donné par l’établissement.")
	case "name":
		f.Add(page.FieldName, "Écrivez le nom de la personne.")
	}
	if fault != "" {
		f.Add(fieldUntil, fault)
	}
	if len(f.Faults) > 0 {
		return a.refusedUser(v, f)
	}
	if _, err := a.deps.Conversations.AdmitUser(v.ctx, v.who.actor(), m.Mailbox.Address, who, until); err != nil {
		if conversations.KindOf(err) == conversations.KindNotHabilitated {
			f.Faults = page.Faults{{Field: page.FieldPerson, Text: "Vous ne pouvez pas vous inscrire vous-même\u00a0: l’annuaire ne vous connaît pas d’exercice. Demandez à un autre responsable."}}
			return a.refusedUser(v, f)
		}
		return view{}, err
	}
	return goTo(mailboxesPath + "/" + string(v.id) + "?fait=" + string(page.NoticeAdmitted))
}

// rppsDigits is the length of an RPPS number, and rppsPrefix what makes it a national identifier (I108, I109).
const (
	rppsDigits = 11
	rppsPrefix = "8"
)

// nationalID is the national identifier of a person as it was typed: in groups perhaps, or his RPPS number alone.
func nationalID(typed string) string {
	id := strings.Join(strings.Fields(typed), "")
	if len(id) == rppsDigits && !strings.ContainsFunc(id, func(r rune) bool { return r < '0' || r > '9' }) {
		return rppsPrefix + id
	}
	return id
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
