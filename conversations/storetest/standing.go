package storetest

import (
	"fmt"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func standingContracts() []contract {
	return []contract{
		{"Stand/lists_followTheState", standLists},
		{"Stand/older_changesNothing", standOlder},
		{"Stand/unlisted_isNotListed", standUnlisted},
		{"Stand/inherited_whileOneConversationStands", standInherited},
		{"Stand/withoutInstant_staysInPlace", standInPlace},
	}
}

// stand notes a standing of the surgery, which must succeed.
func stand(t *testing.T, s conversations.Store, st conversations.Standing) {
	t.Helper()
	if err := s.Stand(t.Context(), surgery, st); err != nil {
		t.Fatalf("Stand: %v", err)
	}
}

// stands tells the lists of alice's exchange with the surgery: as they are noted, as they are listed, and as they
// are counted, which must be the same.
func stands(t *testing.T, s conversations.Store) rules.Lists {
	t.Helper()
	noted, err := s.Standings(t.Context(), surgery, []conversations.LedgerEntry{{Patient: carol}, {Patient: alice}})
	if err != nil || len(noted) != 2 || noted[0] != 0 {
		t.Fatalf("Standings: %v, %v", noted, err)
	}
	counts, all, err := s.Tally(t.Context(), surgery, true)
	if err != nil || all != 1 {
		t.Fatalf("Tally: %d, %v", all, err)
	}
	for i, l := range rules.AllLists() {
		listed, err := s.Ledger(t.Context(), surgery, conversations.LedgerQuery{Pairs: true, List: l, Limit: 10})
		if in := noted[1].Has(l); err != nil || (len(listed) == 1) != in || (counts[i] == 1) != in {
			t.Fatalf("list %b of %b: %v, counted %d, %v", l, noted[1], listed, counts[i], err)
		}
	}
	return noted[1]
}

func standLists(t *testing.T, s conversations.Store) {
	st := conversations.Standing{Patient: alice, Version: 1, PairLists: rules.ListOpen, PairAt: minutes(1), ThreadAt: minutes(1)}
	for i, l := range []rules.Lists{rules.ListOpen, rules.ListOpen | rules.ListWaiting, rules.ListEnded, rules.ListUnreachable | rules.ListWaiting, 0} {
		st.Version, st.PairLists = rules.Seq(i+1), l
		stand(t, s, st)
		wantEqual(t, "lists", stands(t, s), l)
	}
}

func standOlder(t *testing.T, s conversations.Store) {
	stand(t, s, conversations.Standing{Patient: alice, Version: 5, PairLists: rules.ListEnded, PairAt: minutes(1), ThreadAt: minutes(1)})
	stand(t, s, conversations.Standing{Patient: alice, Version: 4, PairLists: rules.ListOpen, PairAt: minutes(3), ThreadAt: minutes(3)})
	wantEqual(t, "lists", stands(t, s), rules.ListEnded)
	wantEqual(t, "instant", ledger(t, s, surgery, true, 10)[0].At, minutes(3)) // which moves forward whatever came
}

// What the mailbox's ledger does not have is not brought into it by noting where it stands.
func standUnlisted(t *testing.T, s conversations.Store) {
	stand(t, s, conversations.Standing{Patient: alice, Version: 1, PairLists: rules.ListOpen, Thread: idOf(alice, "c"), ThreadLists: rules.ListOpen})
	wantEqual(t, "exchanges", len(ledger(t, s, surgery, true, 10)), 0)
	wantEqual(t, "conversations", len(ledger(t, s, surgery, false, 10)), 0)
	stand(t, s, conversations.Standing{Patient: alice, Version: 2, PairLists: rules.ListOpen, PairAt: minutes(1), ThreadAt: minutes(1)})
	stand(t, s, conversations.Standing{Patient: alice, Version: 3, PairLists: rules.ListOpen, Thread: idOf(alice, "c"), ThreadLists: rules.ListOpen})
	wantEqual(t, "exchanges with an instant", len(ledger(t, s, surgery, true, 10)), 1)
	wantEqual(t, "conversations without one", len(ledger(t, s, surgery, false, 10)), 0)
}

func standInherited(t *testing.T, s conversations.Store) {
	version := rules.Seq(0)
	note := func(thread int, l rules.Lists) {
		version++
		st := conversations.Standing{Patient: alice, Version: version, PairLists: rules.ListOpen, PairAt: minutes(1), ThreadAt: minutes(1), ThreadLists: l}
		if thread < 0 { // it is there no more
			st.PairLists = 0
		} else if thread > 0 {
			st.Thread = idOf(alice, fmt.Sprintf("c%d", thread))
		}
		stand(t, s, st)
	}
	for _, step := range []struct {
		thread int
		lists  rules.Lists
		want   rules.Lists
	}{
		{1, rules.ListOpen | rules.ListWaiting, rules.ListOpen}, // what an exchange waits for is its own
		{1, rules.ListOpen | rules.ListUnread, rules.ListOpen | rules.ListUnread},
		{1, rules.ListOpen | rules.ListUnread, rules.ListOpen | rules.ListUnread},
		{2, rules.ListUnread | rules.ListUndelivered, rules.ListOpen | rules.Inherited},
		{0, 0, rules.ListOpen | rules.Inherited},
		{1, rules.ListOpen, rules.ListOpen | rules.Inherited},
		{2, rules.ListUndelivered, rules.ListOpen | rules.ListUndelivered},
		{2, 0, rules.ListOpen},
		{2, rules.ListUnread, rules.ListOpen | rules.ListUnread},
		{-1, 0, 0},
	} {
		note(step.thread, step.lists)
		wantEqual(t, "lists", stands(t, s), step.want)
	}
}

func standInPlace(t *testing.T, s conversations.Store) {
	st := conversations.Standing{Patient: alice, Version: 1, PairLists: rules.ListOpen, Thread: idOf(alice, "c"), PairAt: minutes(7), ThreadAt: minutes(7)}
	stand(t, s, st)
	st.Version, st.PairAt, st.ThreadAt, st.PairLists = 2, time.Time{}, time.Time{}, rules.ListEnded
	stand(t, s, st)
	for _, pairs := range []bool{false, true} {
		wantEqual(t, "instant", ledger(t, s, surgery, pairs, 10)[0].At, minutes(7))
	}
	wantEqual(t, "lists", stands(t, s), rules.ListEnded)
}
