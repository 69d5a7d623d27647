package conversations_test

import (
	"fmt"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/storetest"
	"mesbridge/rules"
)

// TestEpisode_faultAtEachStep_endsOnceAndWhole: at each call of the store a fault comes between, and what is
// left is done by the same event told again, or by the effects alone.
func TestEpisode_faultAtEachStep_endsOnceAndWhole(t *testing.T) {
	t.Parallel()
	for m, calls := range map[storetest.Method]int{storetest.Facts: 5, storetest.Commit: 3, storetest.IndexVisit: 1, storetest.Visit: 1} {
		for _, made := range []bool{false, true} {
			if made && (m == storetest.Facts || m == storetest.Visit) {
				continue // a reading that was made is as good as none
			}
			for nth := range calls {
				for _, again := range []bool{true, false} {
					t.Run(fmt.Sprintf("%s %d made %v told again %v", m, nth, made, again), func(t *testing.T) {
						t.Parallel()
						cutEpisode(t, m, nth, made, again)
					})
				}
			}
		}
	}
}

func cutEpisode(t *testing.T, m storetest.Method, nth int, made, again bool) {
	var faulty *storetest.FaultyStore
	b, one, _ := admitted(t, func(s conversations.Store) conversations.Store {
		faulty = storetest.Faulty(s)
		return faulty
	})
	v := aVisit()
	two := b.write("Une autre", &v)
	b.settle()
	cutAt(faulty, m, nth, made)
	last := func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour." }
	_, err := b.tell("e2", rules.EpisodeClosed, last)
	later := b.another() // the process was killed; its effects come back when their leases end
	later.clock.advance(2 * time.Minute)
	if again {
		if _, err := later.tell("e2", rules.EpisodeClosed, last); err != nil {
			t.Fatalf("told again: %v", err)
		}
	}
	later.settle()
	if !again && err != nil && later.states(one, two) == "open open" {
		return // refused before anything was committed: nobody was told that it was done
	}
	for _, id := range []conversations.ID{one, two} {
		if thread := later.read(id); thread.State != "ended" || len(thread.Messages) != 2 {
			t.Errorf("%s, %d messages", thread.State, len(thread.Messages))
		}
	}
	page, err := later.Episodes(t.Context(), nil, finess, conversations.EpisodeFilter{State: rules.EpisodeClosed})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("closed: %+v, %v", page.Items, err)
	}
	later.journalIsWhole()
}
