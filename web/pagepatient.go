package web

import (
	"crypto/rand"
	"log/slog"
	"net/http"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// homePage is the landing page; who is logged in goes to his own, but for whom a command just logs out.
func homePage(_ *App, v visit) (view, error) {
	switch n := page.Notice(v.query("fait")); n { //nolint:exhaustive // the others belong to pages of people who are logged in
	case page.NoticeAccountClosed, page.NoticeErased:
		return show(page.Home{Notice: n})
	}
	switch v.who.Kind {
	case Patient:
		return goTo("/messages")
	case Professional:
		return goTo("/pro")
	case Application:
	}
	if v.query("state") != "" { // the provider adds it where it sends back who logged out (RP-Initiated Logout 1.0, section 3)
		return show(page.Home{Notice: page.NoticeLoggedOut})
	}
	return show(page.Home{Return: ownPath(v.query(fieldBack))})
}

func accessibilityPage(*App, visit) (view, error) { return show(page.Accessibility{}) }

// conversationPage shows one conversation, and notes it as read (R59-R61).
func conversationPage(a *App, v visit) (view, error) {
	before := v.query("avant")
	t, err := a.deps.Conversations.ThreadBefore(v.ctx, v.patient, v.id, before)
	if isDeleted(err) {
		return view{status: http.StatusNotFound, page: deletedTrouble()}, nil
	}
	if err != nil {
		return view{}, err
	}
	if !v.unseen {
		if err := a.deps.Conversations.Opened(v.ctx, v.who.actor(), v.patient, v.id); err != nil {
			// The page is worth more than the mark: it stays unread and is noted at the next visit.
			a.deps.Log.LogAttrs(v.ctx, slog.LevelWarn, "conversation not marked as read", slog.Any("error", err))
		}
	}
	why, err := a.whyFrozen(v, t)
	if err != nil {
		return view{}, err
	}
	return show(page.Conversation{
		Thread: v.withinRights(t), CSRF: v.csrf, Acting: v.acting != nil, Notice: page.Notice(v.query("fait")), TextOnly: v.query("affichage") == "texte",
		Saved: v.query("message"), Why: why, Further: before != "", Before: before, Form: page.ReplyForm{Text: t.Draft, Seen: t.DraftMark, Choice: rules.ReplyToOne, Operation: rand.Text()},
	})
}

// pieceFile sends an attachment.
func pieceFile(a *App, v visit) (view, error) {
	d, err := a.deps.Conversations.Attachment(detached(v.ctx), v.who.actor(), v.patient, v.piece)
	return view{download: &d}, err
}

// originalFile sends a message as a file, names in the place of addresses (D11).
func originalFile(a *App, v visit) (view, error) {
	d, err := a.deps.Conversations.Original(detached(v.ctx), v.who.actor(), v.patient, v.piece)
	return view{download: &d}, err
}

// contactsPage lists the patient's professionals.
func contactsPage(a *App, v visit) (view, error) {
	found, err := a.deps.Conversations.Contacts(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	latest, err := a.deps.Conversations.LatestThreads(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	from, err := a.comesFrom(v, v.query(fieldThread))
	if err != nil {
		return view{}, err
	}
	account, err := a.deps.Conversations.Account(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	return show(page.Contacts{
		Closure: account.Closure, Items: found, Latest: latest, Notice: page.Notice(v.query("fait")), Just: conversations.ID(v.query("contact")), Thread: from,
	})
}

// contactOfVisit finds the professional that a page is about.
func contactOfVisit(a *App, v visit) (conversations.Contact, error) {
	found, err := a.deps.Conversations.Contacts(v.ctx, v.patient)
	if err != nil {
		return conversations.Contact{}, err
	}
	for _, c := range found {
		if c.ID == v.id {
			return c, nil
		}
	}
	return conversations.Contact{}, notFound()
}
