package conversations_test

import (
	"slices"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// TestExchanges_standInTheOrderOfTheirLastMessages: what lifts an exchange is the message whose date the list tells; no
// end, and no notice of the service, does. The list of those who wait can begin with who waits longest.
func TestExchanges_standInTheOrderOfTheirLastMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.Enrol(t.Context(), b.self(), anotherINS, "Autre Patient", rules.Active); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "Ancien", text: "1"})
	b.hand(anotherINS, mail{from: doctor, subject: "Récent", text: "2"}, func(*conversations.Incoming) {})
	b.settle()
	list := func(f conversations.Filter) (order []conversations.ExchangeLine) {
		t.Helper()
		for f.Limit = 1; ; {
			page, err := b.Exchanges(t.Context(), address(t, doctor), f)
			if err != nil {
				t.Fatal(err)
			}
			order = append(order, page.Items...)
			if f.Cursor = page.Next; f.Cursor == "" {
				return order
			}
		}
	}
	before := list(conversations.Filter{})
	if len(before) != 2 || before[0].Patient.Name != "Autre Patient" {
		t.Fatalf("%+v", before)
	}
	back := list(conversations.Filter{Oldest: true})
	slices.Reverse(back)
	if !slices.EqualFunc(back, before, func(a, b conversations.ExchangeLine) bool { return a.ID == b.ID }) {
		t.Errorf("from the other end the list is %+v", back)
	}
	if _, err := b.EndExchange(t.Context(), theClinic(), []conversations.Address{address(t, doctor)}, before[1].ID); err != nil {
		t.Fatal(err)
	}
	b.settle()
	after := list(conversations.Filter{})
	if after[0].ID != before[0].ID || !after[1].LastAt.Equal(before[1].LastAt) {
		t.Errorf("an end moved the exchange: %+v", after)
	}
	if after[1].EndedAt.IsZero() || !after[0].EndedAt.IsZero() {
		t.Errorf("ended at %v and %v", after[1].EndedAt, after[0].EndedAt)
	}
}

// TestThreads_tellWhoWaits: a conversation of a mailbox's list tells that the patient waits in it, and leads, as it is
// read, to its exchange.
func TestThreads_tellWhoWaits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Lue", text: "1"})
	b.taken(mail{from: doctor, subject: "Attend", text: "2"})
	if _, err := b.reply(b.thread("Attend").ID, "Une question"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	page, err := b.Threads(t.Context(), address(t, doctor), conversations.Filter{})
	if err != nil || len(page.Items) != 2 {
		t.Fatalf("%+v, %v", page.Items, err)
	}
	for _, line := range page.Items {
		if line.Waiting != (line.Subject == "Attend") || line.Failed {
			t.Errorf("%+v", line)
		}
		thread, err := b.ThreadFor(t.Context(), []conversations.Address{address(t, doctor)}, line.ID)
		if err != nil {
			t.Fatal(err)
		}
		e, err := b.Exchange(t.Context(), []conversations.Address{address(t, doctor)}, thread.Exchange)
		if err != nil || !e.Waiting || !e.Noted.Has(rules.ListWaiting) {
			t.Errorf("%+v, %v", e, err)
		}
	}
}
