package web

import (
	"crypto/rand"
	"net/http"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// atDeskThread is the path of a conversation's page for professionals.
func atDeskThread(id conversations.ID) string { return "/pro/conversations/" + string(id) }

// exchangePage shows what a mailbox has with one patient.
func exchangePage(a *App, v visit) (view, error) {
	e, err := a.deps.Conversations.Exchange(v.ctx, v.who.Mailboxes, v.id)
	if err != nil {
		return view{}, toProfessional(err)
	}
	found, err := a.deps.Conversations.Threads(v.ctx, e.Mailbox, conversations.Filter{Patient: v.id, Cursor: v.query("suite"), Limit: defaultLimit})
	if err != nil {
		return view{}, toProfessional(ofList(err))
	}
	return show(page.Exchange{
		ExchangeLine: e, Mailbox: a.mailboxKey(e.Mailbox), Items: found.Items, Next: found.Next, Further: v.query("suite") != "",
		Notice: page.Notice(v.query("fait")),
	})
}

// deskThreadPage shows one conversation to a professional, with the template that he chose to begin with.
func deskThreadPage(a *App, v visit) (view, error) {
	return a.deskThreadView(v, page.ComposeForm{Operation: rand.Text(), Template: conversations.ID(v.query(page.FieldTemplate))}, page.TeamForm{})
}

// deskThreadView is the page with forms as they were typed.
func (a *App) deskThreadView(v visit, f page.ComposeForm, own page.TeamForm) (view, error) {
	t, err := a.deps.Conversations.ThreadFor(v.ctx, v.who.Mailboxes, v.id)
	if err != nil {
		return view{}, toProfessional(err)
	}
	teams, err := a.teams(v)
	if err != nil {
		return view{}, toProfessional(err)
	}
	if len(t.Boxes) > 0 {
		if err := a.offerTemplates(v, t.Boxes[0], &f); err != nil {
			return view{}, err
		}
	}
	f.Seen = a.seen(t, teams)
	f.CopyAction = atDeskThread(v.id) + "/annuaire#" + page.FieldCopy
	out, err := show(page.DeskThread{Thread: t, Viewer: v.who.ID, Form: f, Teams: a.shownTeams(teams), TeamForm: own, Notice: page.Notice(v.query("fait"))})
	if len(f.Errors) > 0 {
		out.status = http.StatusUnprocessableEntity
	}
	return out, err
}

// continueForm adds a message to a conversation.
func continueForm(a *App, v visit) (view, error) {
	if searchesByEnter(v) {
		return continueCopyForm(a, v)
	}
	f, in := a.readCompose(v)
	if len(f.Errors) > 0 {
		return a.deskThreadView(v, f.ComposeForm, page.TeamForm{})
	}
	told, err := a.tellFirst(v)
	switch {
	case err != nil:
		return view{}, toProfessional(err)
	case told != "":
		f.Errors = append(f.Errors, page.FieldError{Field: page.FieldText, Text: told})
		return a.deskThreadView(v, f.ComposeForm, page.TeamForm{})
	}
	_, err = a.writeAs(v.ctx, v.who, v.id, in)
	switch {
	case err == nil:
		return goTo(atDeskThread(v.id) + "?fait=" + string(page.NoticeSent))
	case f.refusedBy(err):
		return a.deskThreadView(v, f.ComposeForm, page.TeamForm{})
	}
	return view{}, toProfessional(err)
}

// endThreadPage asks for confirmation of the end of one conversation (D6).
func endThreadPage(a *App, v visit) (view, error) {
	t, err := a.deps.Conversations.ThreadFor(v.ctx, v.who.Mailboxes, v.id)
	if err != nil {
		return view{}, toProfessional(err)
	}
	return show(page.EndThread{Thread: t})
}

// endThreadForm ends one conversation.
func endThreadForm(a *App, v visit) (view, error) {
	if _, err := a.deps.Conversations.EndThread(v.ctx, v.who.actor(), v.who.Mailboxes, v.id); err != nil {
		return view{}, toProfessional(err)
	}
	return goTo(atDeskThread(v.id) + "?fait=" + string(page.NoticeThreadEnded))
}
