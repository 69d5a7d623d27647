package storetest

import (
	"slices"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func ledgerContracts() []contract {
	return []contract{
		{"Ledger/conversationsAndPairs_areApart", ledgerApart},
		{"Ledger/equalTimes_eachOnce", ledgerEqualTimes},
		{"Ledger/oldestFirst_isTheReverse", ledgerOldest},
		{"Index/again_changesNothing", indexAgain},
		{"Index/older_doesNotMoveBack", indexOlder},
	}
}

// index notes entries, which must succeed.
func index(t *testing.T, s conversations.Store, m rules.MailboxID, entries ...conversations.LedgerEntry) {
	t.Helper()
	if err := s.Index(t.Context(), m, entries); err != nil {
		t.Fatalf("Index: %v", err)
	}
}

// ledger reads all pages of a size, newest first.
func ledger(t *testing.T, s conversations.Store, m rules.MailboxID, pairs bool, size int) []conversations.LedgerEntry {
	t.Helper()
	return ledgerPages(t, s, m, conversations.LedgerQuery{Pairs: pairs, Limit: size})
}

// ledgerPages reads all pages of a query.
func ledgerPages(t *testing.T, s conversations.Store, m rules.MailboxID, q conversations.LedgerQuery) []conversations.LedgerEntry {
	t.Helper()
	var all []conversations.LedgerEntry
	for {
		page, err := s.Ledger(t.Context(), m, q)
		if err != nil {
			t.Fatalf("Ledger: %v", err)
		}
		if len(page) > q.Limit {
			t.Fatalf("Ledger gave %d entries, limit %d", len(page), q.Limit)
		}
		if len(page) == 0 {
			return all
		}
		for _, e := range page {
			if before := q.After; len(all) > 0 && (!q.Oldest && e.At.After(before.At) || q.Oldest && e.At.Before(before.At) || e == before) {
				t.Fatalf("%v follows %v", e, before)
			}
			q.After = e
			all = append(all, e)
		}
	}
}

func ledgerApart(t *testing.T, s conversations.Store) {
	thread := conversations.LedgerEntry{Patient: alice, Thread: idOf(alice, "conv"), At: minutes(1)}
	pair := conversations.LedgerEntry{Patient: alice, At: minutes(2)}
	index(t, s, surgery, thread, pair)
	index(t, s, surgery)
	for _, tc := range []struct {
		mailbox rules.MailboxID
		pairs   bool
		want    []conversations.LedgerEntry
	}{
		{surgery, false, []conversations.LedgerEntry{thread}},
		{surgery, true, []conversations.LedgerEntry{pair}},
		{clinic, false, nil},
		{clinic, true, nil},
	} {
		got := ledger(t, s, tc.mailbox, tc.pairs, 10)
		wantEqual(t, "entries", len(got), len(tc.want))
		for i := range min(len(got), len(tc.want)) {
			wantEqual(t, "entry", got[i], tc.want[i])
		}
	}
}

func ledgerEqualTimes(t *testing.T, s conversations.Store) {
	const many = 60
	for i := range many {
		for _, p := range []conversations.PatientID{alice, carol} {
			index(t, s, clinic, conversations.LedgerEntry{Patient: p, Thread: idOf(p, numbered("c", i)), At: minutes(i / 50)})
		}
	}
	for _, size := range []int{1, 7, 200} {
		seen := map[conversations.ID]bool{}
		for _, e := range ledger(t, s, clinic, false, size) {
			if seen[e.Thread] {
				t.Fatalf("pages of %d: %s is there twice", size, e.Thread)
			}
			seen[e.Thread] = true
		}
		wantEqual(t, "entries", len(seen), 2*many)
	}
}

func ledgerOldest(t *testing.T, s conversations.Store) {
	const many = 60
	for i := range many {
		index(t, s, clinic, conversations.LedgerEntry{Patient: alice, Thread: idOf(alice, numbered("c", i)), At: minutes(i / 25)})
	}
	want := ledger(t, s, clinic, false, 200)
	slices.Reverse(want)
	for _, size := range []int{1, 7, 200} {
		got := ledgerPages(t, s, clinic, conversations.LedgerQuery{Oldest: true, Limit: size})
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %v, want %v", size, got, want)
		}
	}
}

func indexAgain(t *testing.T, s conversations.Store) {
	e := conversations.LedgerEntry{Patient: alice, Thread: idOf(alice, "conv"), At: minutes(1)}
	index(t, s, surgery, e)
	index(t, s, surgery, e)
	got := ledger(t, s, surgery, false, 10)
	wantEqual(t, "entries", len(got), 1)
	wantEqual(t, "entry", got[0], e)
}

func indexOlder(t *testing.T, s conversations.Store) {
	at := func(at time.Time) conversations.LedgerEntry { return conversations.LedgerEntry{Patient: alice, At: at} }
	for _, step := range []struct{ at, want int }{{5, 5}, {3, 5}, {7, 7}} { // effects come in any order
		index(t, s, surgery, at(minutes(step.at)))
		wantEqual(t, "entry", ledger(t, s, surgery, true, 10)[0], at(minutes(step.want)))
	}
}
