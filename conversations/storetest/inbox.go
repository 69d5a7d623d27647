package storetest

import (
	"testing"
	"time"

	"mesbridge/conversations"
)

func inboxContracts() []contract {
	return []contract{
		{"Inbox/pages_newestFirst", inboxPages},
		{"Inbox/equalTimes_eachOnce", inboxEqualTimes},
		{"Inbox/moved_isInItsNewPlaceOnly", inboxMoves},
		{"Inbox/cursorGone_continues", inboxCursorGone},
		{"Inbox/times_areCutToTheMillisecond", inboxMilliseconds},
	}
}

// inbox reads one page, which must succeed.
func inbox(t *testing.T, s conversations.Store, p conversations.PatientID, before conversations.InboxEntry, limit int) []conversations.InboxEntry {
	t.Helper()
	page, err := s.Inbox(t.Context(), p, before, limit)
	if err != nil {
		t.Fatalf("Inbox: %v", err)
	}
	if len(page) > limit {
		t.Fatalf("Inbox gave %d entries, limit %d", len(page), limit)
	}
	return page
}

// wholeInbox reads all pages of a size and checks their order.
func wholeInbox(t *testing.T, s conversations.Store, p conversations.PatientID, size int) []conversations.InboxEntry {
	t.Helper()
	var all []conversations.InboxEntry
	var before conversations.InboxEntry
	for {
		page := inbox(t, s, p, before, size)
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if before.ID != "" && (e.At.After(before.At) || e.At.Equal(before.At) && e.ID >= before.ID) {
				t.Fatalf("%v follows %v", e, before)
			}
			before = e
		}
		all = append(all, page...)
	}
	return all
}

// fill puts conversations into alice's inbox, each at the instant that at gives.
func fill(t *testing.T, s conversations.Store, count int, at func(i int) time.Time) {
	t.Helper()
	c := change(0, "fill")
	c.Inbox = map[conversations.ID]time.Time{}
	for i := range count {
		c.Inbox[idOf(alice, numbered("c", i))] = at(i)
	}
	commit(t, s, alice, c)
}

func inboxPages(t *testing.T, s conversations.Store) {
	wantEqual(t, "entries of nobody", len(inbox(t, s, alice, conversations.InboxEntry{}, 10)), 0)
	fill(t, s, 25, minutes)
	for _, size := range []int{1, 10, 25, 26} {
		all := wholeInbox(t, s, alice, size)
		wantEqual(t, "entries", len(all), 25)
		for i, e := range all {
			wantEqual(t, "id", e.ID, idOf(alice, numbered("c", 24-i)))
			wantEqual(t, "at", e.At, minutes(24-i))
		}
	}
	wantEqual(t, "entries of another", len(inbox(t, s, bob, conversations.InboxEntry{}, 10)), 0)
	wantEqual(t, "entries for limit 0", len(inbox(t, s, alice, conversations.InboxEntry{}, 0)), 0)
}

func inboxEqualTimes(t *testing.T, s conversations.Store) {
	fill(t, s, 100, func(i int) time.Time { return minutes(i / 90) })
	for _, size := range []int{1, 7, 50, 100} {
		seen := map[conversations.ID]bool{}
		for _, e := range wholeInbox(t, s, alice, size) {
			if seen[e.ID] {
				t.Fatalf("pages of %d: %s is there twice", size, e.ID)
			}
			seen[e.ID] = true
		}
		wantEqual(t, "entries", len(seen), 100)
	}
}

func inboxMoves(t *testing.T, s conversations.Store) {
	fill(t, s, 3, minutes)
	c := change(1, "move")
	c.Inbox = map[conversations.ID]time.Time{idOf(alice, numbered("c", 0)): minutes(9)}
	c.Gone = []conversations.ID{idOf(alice, numbered("c", 1)), idOf(alice, "never there")}
	commit(t, s, alice, c)
	all := wholeInbox(t, s, alice, 10)
	wantEqual(t, "entries", len(all), 2)
	wantEqual(t, "newest", all[0], conversations.InboxEntry{ID: idOf(alice, numbered("c", 0)), At: minutes(9)})
	wantEqual(t, "oldest", all[1], conversations.InboxEntry{ID: idOf(alice, numbered("c", 2)), At: minutes(2)})
}

func inboxCursorGone(t *testing.T, s conversations.Store) {
	fill(t, s, 5, func(int) time.Time { return noon() })
	first := inbox(t, s, alice, conversations.InboxEntry{}, 2)
	c := change(1, "gone")
	c.Gone = []conversations.ID{first[1].ID}
	commit(t, s, alice, c)
	rest := inbox(t, s, alice, first[1], 10)
	wantEqual(t, "rest", len(rest), 3)
	for _, e := range rest {
		if e.ID >= first[1].ID {
			t.Errorf("%s follows %s at the same instant", e.ID, first[1].ID)
		}
	}
}

func inboxMilliseconds(t *testing.T, s conversations.Store) {
	fill(t, s, 1, func(int) time.Time { return noon().Add(1_999_999) })
	wantEqual(t, "at", inbox(t, s, alice, conversations.InboxEntry{}, 1)[0].At, noon().Add(time.Millisecond))
}
