package web

import (
	"fmt"
	"net/http"
	"slices"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// owned finds an address among the caller's mailboxes.
func owned(who Principal, address string) (conversations.Address, bool) {
	a, err := rules.ParseAddress(address)
	if err != nil {
		return conversations.Address{}, false
	}
	at := slices.IndexFunc(who.Mailboxes, func(m conversations.Address) bool { return m.Canonical() == a.Canonical() })
	if at < 0 {
		return conversations.Address{}, false
	}
	return who.Mailboxes[at], true
}

// ownMailbox is the caller's own mailbox that a body names. For another's he may not speak.
func ownMailbox(who Principal, address string) (conversations.Address, error) {
	m, mine := owned(who, address)
	if !mine {
		return conversations.Address{}, &problem{status: http.StatusForbidden, code: codeNotHabilitated}
	}
	return m, nil
}

// listed is the mailbox and filter of a list. Without ?mailbox= it is the caller's only one; another's is
// not found.
func listed(r request, states ...rules.ThreadState) (conversations.Address, conversations.Filter, error) {
	cursor, limit, err := place(r)
	if err != nil {
		return conversations.Address{}, conversations.Filter{}, err
	}
	f := conversations.Filter{State: rules.ThreadState(r.query("state")), Cursor: cursor, Limit: limit}
	if f.State != "" && !slices.Contains(states, f.State) {
		return conversations.Address{}, f, invalid("state", fmt.Sprintf("One of %v.", states))
	}
	if wish := r.query("list"); wish != "" {
		if f.List = listNamed(wish); f.List == 0 {
			return conversations.Address{}, f, invalid("list", "One of waiting, unread, undelivered, planned.")
		}
	}
	if wish := r.query("patient"); wish != "" {
		if f.Patient, err = outsideID(wish); err != nil {
			return conversations.Address{}, f, err
		}
	}
	wish := r.query("mailbox")
	switch {
	case wish != "":
		m, mine := owned(r.who, wish)
		if !mine {
			return m, f, notFound()
		}
		return m, f, nil
	case len(r.who.Mailboxes) == 1:
		return r.who.Mailboxes[0], f, nil
	}
	return conversations.Address{}, f, invalid("mailbox", "Say which mailbox.")
}

// listNamed returns the list of a name in the API; 0 for none. A conversation has no planned end of its own, so that
// its list is empty.
func listNamed(name string) rules.Lists {
	return map[string]rules.Lists{
		"waiting": rules.ListWaiting, "unread": rules.ListUnread, "undelivered": rules.ListUndelivered, "planned": rules.ListPlanned,
	}[name]
}

// exchanges lists the pairs of a mailbox.
func exchanges(a *App, r request) (answer, error) {
	m, f, err := listed(r, rules.ThreadOpen, rules.ThreadEnded, rules.ThreadUnreachable)
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Exchanges(r.ctx, m, f)
	if err != nil {
		return answer{}, toProfessional(ofList(err))
	}
	return asOf(listOf(found.Items, found.Next, found.AsOf, func(e conversations.ExchangeLine) exchangeShape {
		s := exchangeOf(e)
		s.ETag = a.tagOf(r.who, s)
		s.Cares = caresOf(e.Cares) // after the tag: they are no part of the state that an end changes
		return s
	}))
}

// deskThreads lists the conversations of a mailbox.
func deskThreads(a *App, r request) (answer, error) {
	m, f, err := listed(r, rules.ThreadOpen, rules.ThreadNoReply, rules.ThreadEnded, rules.ThreadUnreachable)
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Threads(r.ctx, m, f)
	if err != nil {
		return answer{}, toProfessional(ofList(err))
	}
	return asOf(listOf(found.Items, found.Next, found.AsOf, itemOf))
}

// deskThread shows one conversation to a professional.
func deskThread(a *App, r request) (answer, error) {
	t, err := a.deps.Conversations.ThreadFor(r.ctx, r.who.Mailboxes, r.id)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(deskThreadOf(t))
}

// deskAttachment sends one document to a professional whose mailbox sent or received it (D34).
func deskAttachment(a *App, r request) (answer, error) {
	id, err := outsideID(r.param("attachment"))
	if err != nil {
		return answer{}, err
	}
	d, err := a.deps.Conversations.AttachmentFor(detached(r.ctx), r.who.actor(), r.who.Mailboxes, r.id, id)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return answer{download: &d}, nil
}
