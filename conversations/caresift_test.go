package conversations_test

import (
	"slices"
	"testing"

	"mesbridge/conversations"
)

// listed are the names in a list of the clinic's exchanges by care, read page by page.
func (b teamBench) listed(by conversations.Actor, care conversations.CareFilter) (names []string) {
	b.t.Helper()
	for f := (conversations.Filter{Care: care, By: by, Oldest: care == conversations.NoCare, Limit: 1}); ; {
		page, err := b.Exchanges(b.t.Context(), address(b.t, clinic), f)
		if err != nil || !page.Shared {
			b.t.Fatalf("%+v, %v", page, err)
		}
		for _, e := range page.Items {
			names = append(names, e.Patient.Name)
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			return names
		}
	}
}

func (b teamBench) lists(what string, by conversations.Actor, care conversations.CareFilter, want ...string) {
	b.t.Helper()
	b.settle()
	if got := b.listed(by, care); !slices.Equal(got, want) {
		b.t.Errorf("%s, the list %q has %q, want %q", what, care, got, want)
	}
}

// TestExchanges_byCare: D27: who has a list by care sees what he takes care of himself, and all users the same list of
// those who wait and of whom nobody takes care; both have pages.
func TestExchanges_byCare(t *testing.T) {
	t.Parallel()
	b := newTeamBench(t)
	b.wrote(insNumber(1), "Éloïse Dupré")
	b.wrote(insNumber(2), "Paul Martin")
	me := theSecretary()
	b.taken(mail{from: clinic, subject: "Question", text: "2"})
	b.id = b.thread("Question").ID
	b.lists("before anybody wrote", me, conversations.NoCare)
	if _, err := b.reply(b.id, "Une question"); err != nil {
		t.Fatal(err)
	}
	b.lists("after a question", me, conversations.NoCare, "Camille Durand")
	b.lists("after a question", me, conversations.MyCare)
	b.take(me)
	b.lists("with me", me, conversations.NoCare)
	b.lists("with me", me, conversations.MyCare, "Camille Durand")
	b.lists("with a colleague", theAssistant(), conversations.MyCare)

	b.taken(mail{from: clinic, subject: "Autre", text: "3"})
	if _, err := b.reply(b.thread("Autre").ID, "Encore une question"); err != nil {
		t.Fatal(err)
	}
	b.lists("with a second question, of which nobody takes care", me, conversations.NoCare, "Camille Durand")
	if _, err := b.ReleaseCare(t.Context(), me, address(t, clinic), b.id); err != nil {
		t.Fatal(err)
	}
	b.lists("released", me, conversations.MyCare)

	pages := b
	for _, id := range b.exchangesThreads() {
		pages.id = id
		pages.take(theAssistant())
	}
	b.lists("all taken", theAssistant(), conversations.MyCare, "Camille Durand", "Paul Martin", "Éloïse Dupré")
	b.lists("all taken", me, conversations.NoCare)
	users, err := b.Users(t.Context(), theManager(), address(t, clinic))
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(users, func(u conversations.MailboxUser) bool { return u.Who.ID == assistant })
	if err := b.DismissUser(t.Context(), theManager(), address(t, clinic), users[at].ID); err != nil {
		t.Fatal(err)
	}
	b.lists("the colleague left", me, conversations.NoCare, "Camille Durand")
}

// exchangesThreads are all conversations of the clinic's mailbox.
func (b teamBench) exchangesThreads() (ids []conversations.ID) {
	b.t.Helper()
	b.settle()
	page, err := b.Threads(b.t.Context(), address(b.t, clinic), conversations.Filter{})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, l := range page.Items {
		ids = append(ids, l.ID)
	}
	return ids
}

// TestExchanges_byCare_personalMailbox_hasNone: I119: its holder shares it with nobody.
func TestExchanges_byCare_personalMailbox_hasNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	if _, err := b.reply(b.thread("Fil").ID, "Une question"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	for _, care := range []conversations.CareFilter{conversations.MyCare, conversations.NoCare} {
		page, err := b.Exchanges(t.Context(), address(t, doctor), conversations.Filter{Care: care, By: theSecretary()})
		if err != nil || page.Shared || len(page.Items) != 0 {
			t.Errorf("%q: %+v, %v", care, page, err)
		}
	}
}
