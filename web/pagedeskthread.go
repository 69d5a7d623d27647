package web

import (
	"crypto/rand"
	"net/http"
	"net/url"

	"mesbridge/conversations"
	"mesbridge/rules"
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
	from := a.placeOf(v, e.Mailbox)
	if _, sought := a.openSought(v); sought {
		from.Sealed = v.query(querySought)
	}
	return show(page.Exchange{
		ExchangeLine: e, Place: from, Now: a.deps.Now(), Items: found.Items, Next: found.Next, Further: v.query("suite") != "",
		Notice: page.Notice(v.query("fait")),
	})
}

// listFrom is the name of the list that a visitor came from; empty for what is none.
func listFrom(v visit) string {
	if _, known := page.ListNamed(v.query("etat")); known {
		return v.query("etat")
	}
	return ""
}

// placeOf is the list of a mailbox that a visitor came from.
func (a *App) placeOf(v visit, m conversations.Address) page.Place {
	return page.Place{Mailbox: a.mailboxKey(m), List: listFrom(v)}
}

// goToThread sends the visitor on to a conversation, and from it back to the list that he came from. fait is what was
// just done; empty: nothing.
func goToThread(v visit, id conversations.ID, fait page.Notice) (view, error) {
	query := url.Values{}
	if fait != "" {
		query.Set("fait", string(fait))
	}
	if list := listFrom(v); list != "" {
		query.Set("etat", list)
	}
	if len(query) == 0 {
		return goTo(atDeskThread(id))
	}
	return goTo(atDeskThread(id) + "?" + query.Encode())
}

// soughtPage leads to the conversation that brings an exchange into a list, where the patient waits or where his answer
// can be read; or else to its newest one.
func soughtPage(a *App, v visit) (view, error) {
	e, err := a.deps.Conversations.Exchange(v.ctx, v.who.Mailboxes, v.id)
	if err != nil {
		return view{}, toProfessional(err)
	}
	list, _ := page.ListNamed(v.query("cherche"))
	for _, l := range []rules.Lists{list.List, 0} {
		found, err := a.deps.Conversations.Threads(v.ctx, e.Mailbox, conversations.Filter{Patient: v.id, List: l, Limit: 1})
		if err != nil {
			return view{}, toProfessional(err)
		}
		if len(found.Items) > 0 {
			return goToThread(v, found.Items[0].ID, "")
		}
	}
	return goTo("/pro/echanges/" + string(v.id))
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
	p := page.DeskThread{
		Thread: t, Place: page.Place{List: listFrom(v)}, Now: a.deps.Now(), Viewer: v.who.ID, Form: f, Teams: a.shownTeams(teams), TeamForm: own,
		Notice: page.Notice(v.query("fait")),
	}
	p.Form.CopyAction = atDeskThread(v.id) + "/annuaire"
	if p.List != "" {
		p.Form.CopyAction += "?etat=" + p.List
	}
	p.Form.CopyAction += "#" + page.FieldCopy
	if err := a.addPair(v, &p); err != nil {
		return view{}, err
	}
	out, err := show(p)
	if len(f.Faults) > 0 {
		out.status = http.StatusUnprocessableEntity
	}
	return out, err
}

// addPair adds to the page of a conversation the exchange that it belongs to, and after a message how many patients
// still wait: the count is a moment old, and this patient is taken out of it.
func (a *App) addPair(v visit, p *page.DeskThread) error {
	if len(p.Boxes) > 0 {
		p.Mailbox = a.mailboxKey(p.Boxes[0])
	}
	if p.Exchange == "" {
		return nil
	}
	e, err := a.deps.Conversations.Exchange(v.ctx, v.who.Mailboxes, p.Exchange)
	if err != nil {
		return toProfessional(err)
	}
	p.Pair, p.Mailbox = e, a.mailboxKey(e.Mailbox)
	if p.Notice != page.NoticeSent {
		return nil
	}
	tally, err := a.deps.Conversations.Tally(v.ctx, e.Mailbox)
	if err != nil {
		return nil //nolint:nilerr // that the message was sent is told without it
	}
	p.ToldLeft, p.Left = true, tally.Lists[rules.ListWaiting]
	if e.Noted.Has(rules.ListWaiting) && !e.Waiting {
		p.Left = max(0, p.Left-1)
	}
	return nil
}

// continueForm adds a message to a conversation.
func continueForm(a *App, v visit) (view, error) {
	if searchesByEnter(v) {
		return continueCopyForm(a, v)
	}
	f, in := a.readCompose(v)
	if len(f.Faults) > 0 {
		return a.deskThreadView(v, f.ComposeForm, page.TeamForm{})
	}
	told, err := a.tellFirst(v)
	switch {
	case err != nil:
		return view{}, toProfessional(err)
	case told != "":
		f.Add(page.FieldText, told)
		return a.deskThreadView(v, f.ComposeForm, page.TeamForm{})
	}
	_, err = a.writeAs(v.ctx, v.who, v.id, in)
	switch {
	case err == nil:
		return goToThread(v, v.id, page.NoticeSent)
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
	return show(page.EndThread{Thread: t, List: listFrom(v)})
}

// endThreadForm ends one conversation.
func endThreadForm(a *App, v visit) (view, error) {
	if _, err := a.deps.Conversations.EndThread(v.ctx, v.who.actor(), v.who.Mailboxes, v.id); err != nil {
		return view{}, toProfessional(err)
	}
	return goToThread(v, v.id, page.NoticeThreadEnded)
}
