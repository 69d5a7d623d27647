package web

import (
	"slices"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// mailboxKey stands for one of the professional's mailboxes in URLs, which hold no address.
func (a *App) mailboxKey(m conversations.Address) string { return a.short("mailbox", m.Canonical()) }

// choices lists the visitor's mailboxes with the one that the page shows: the one asked for, else the
// first.
func (a *App) choices(v visit) (list []page.Choice, chosen conversations.Address) {
	at := 0
	for i, m := range v.who.Mailboxes {
		list = append(list, page.Choice{Key: a.mailboxKey(m), Address: m.Wire()})
		if list[i].Key == v.query("bal") {
			at = i
		}
	}
	if len(list) > 0 {
		list[at].Chosen, chosen = true, v.who.Mailboxes[at]
	}
	return list, chosen
}

// chosenOf is the marked choice.
func chosenOf(list []page.Choice) page.Choice {
	for _, c := range list {
		if c.Chosen {
			return c
		}
	}
	return page.Choice{}
}

// deskPage lists the exchanges of one of the professional's mailboxes.
func deskPage(a *App, v visit) (view, error) {
	boxes, m := a.choices(v)
	p := page.Desk{Mailboxes: boxes, Chosen: chosenOf(boxes), Further: v.query("suite") != "", Notice: page.Notice(v.query("fait"))}
	if len(boxes) == 0 {
		return a.deskWithoutMailbox(v, p)
	}
	if text, sought := a.openSought(v); sought {
		return a.foundView(v, text)
	}
	if err := a.addList(v, m, &p); err != nil {
		return view{}, toProfessional(err)
	}
	return show(p)
}

// addList adds to a desk the list that the visitor chose, of a mailbox, and the ends that are to come.
func (a *App) addList(v visit, m conversations.Address, p *page.Desk) error {
	p.State = listFrom(v)
	list, _ := page.ListNamed(p.State)
	found, err := a.deps.Conversations.Exchanges(v.ctx, m, conversations.Filter{
		List: list.List, Oldest: page.OldestFirst(list.List), Care: list.Care, By: v.who.actor(), Cursor: v.query("suite"), Limit: defaultLimit,
	})
	if err != nil {
		return ofList(err)
	}
	if p.Absence, err = a.absenceOf(v, m); err != nil {
		return err
	}
	if p.Tally, err = a.deps.Conversations.Tally(v.ctx, m); err != nil {
		return err
	}
	if list.Care == conversations.MyCare {
		slices.SortStableFunc(found.Items, waitingFirst)
	}
	p.Ended = a.justEnded(v, p.Notice)
	p.Items, p.Next, p.AsOf, p.Shared, p.AllChosen = found.Items, found.Next, found.AsOf, found.Shared, v.query("choix") == "tout"
	if p.Tally.Lists[rules.ListPlanned] == 0 {
		return nil
	}
	planned, err := a.deps.Conversations.Exchanges(v.ctx, m, conversations.Filter{List: rules.ListPlanned, Limit: maxLimit})
	if err != nil {
		return err
	}
	p.Planned = planned.Items
	return nil
}

// waitingFirst orders exchanges by how long their patients wait, before those where nobody waits.
func waitingFirst(a, b conversations.ExchangeLine) int {
	switch {
	case a.Waiting && b.Waiting:
		return a.LastAt.Compare(b.LastAt)
	case a.Waiting:
		return -1
	case b.Waiting:
		return 1
	}
	return 0
}

// justEnded is the exchange that the notice of an end tells of. One that cannot be read, or goes on, is not named.
func (a *App) justEnded(v visit, notice page.Notice) conversations.ExchangeLine {
	id, err := outsideID(v.query("echange"))
	if notice != page.NoticeEnded || err != nil {
		return conversations.ExchangeLine{}
	}
	e, err := a.deps.Conversations.Exchange(v.ctx, v.who.Mailboxes, id)
	if err != nil || e.Unreadable || e.State != rules.ThreadEnded {
		return conversations.ExchangeLine{}
	}
	return e
}

// deskWithoutMailbox sends whoever has no exchanges to look at where his work is: the mailboxes whose users he lists
// (I119), or the patients whom he enrols (D26).
func (a *App) deskWithoutMailbox(v visit, p page.Desk) (view, error) {
	found, err := a.deps.Conversations.MandatesOf(v.ctx, v.who.ID, v.who.standing())
	switch {
	case err != nil:
		return view{}, toProfessional(err)
	case slices.ContainsFunc(found, func(m conversations.Mandate) bool { return m.Administer }):
		return goTo(mailboxesPath)
	case v.who.Enrols:
		return goTo(enrolPath)
	}
	return show(p)
}

// endPage asks for confirmation and shows what falls silent (D6).
func endPage(a *App, v visit) (view, error) {
	e, err := a.deps.Conversations.Exchange(v.ctx, v.who.Mailboxes, v.id)
	if err != nil {
		return view{}, toProfessional(err)
	}
	silenced, err := a.deps.Conversations.Silenced(v.ctx, v.who.Mailboxes, v.id)
	if err != nil {
		return view{}, toProfessional(err)
	}
	return show(page.End{Exchange: e, Silenced: silenced, Place: a.placeOf(v, e.Mailbox), Now: a.deps.Now()})
}

// endForm ends an exchange.
func endForm(a *App, v visit) (view, error) {
	e, err := a.deps.Conversations.EndExchange(v.ctx, v.who.actor(), v.who.Mailboxes, v.id)
	if err != nil {
		return view{}, toProfessional(err)
	}
	return goTo(a.placeOf(v, e.Mailbox).After(page.NoticeEnded) + "&echange=" + string(e.ID))
}

// facilityPage tells an establishment how its application connects, and shows a professional the
// conversations of a mailbox of his.
func facilityPage(a *App, v visit) (view, error) {
	p := page.Facility{Calls: applicationCalls(a.endpoints())}
	if v.who.Kind != Professional {
		return show(p)
	}
	boxes, m := a.choices(v)
	p.Mailboxes, p.Chosen, p.Further = boxes, chosenOf(boxes), v.query("suite") != ""
	if len(boxes) == 0 {
		return show(p)
	}
	found, err := a.deps.Conversations.Threads(v.ctx, m, conversations.Filter{Cursor: v.query("suite"), Limit: defaultLimit})
	if err != nil {
		return view{}, toProfessional(err)
	}
	p.Items, p.Next = found.Items, found.Next
	if p.Episodes, err = a.board(v, m); err != nil {
		return view{}, toProfessional(err)
	}
	return show(p)
}

// applicationCalls lists the calls of the API that an application may make, as the page shows them.
func applicationCalls(all []endpoint) []page.Call {
	var calls []page.Call
	for i := range all {
		if e := &all[i]; e.takes(Application) {
			calls = append(calls, page.Call{Method: e.method, Path: apiBase + e.path, Scope: e.scope, Meaning: e.meaning})
		}
	}
	return calls
}
