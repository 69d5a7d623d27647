package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"mesbridge/conversations"
)

func claimContracts() []contract {
	return []contract{
		{"Claim/leased_isNotClaimedBeforeTheLeaseEnds", claimLease},
		{"Claim/lost_cannotBeFinished", claimLost},
		{"Claim/extended_lastsLonger_andCanBeFinished", claimExtended},
		{"Claim/committedAgain_startsAnew", claimCommittedAgain},
		{"Claim/limit_leavesTheRest", claimLimit},
		{"Claim/everyShard", claimEveryShard},
		{"Claim/race_eachEffectOnce", claimRace},
	}
}

func claimLease(t *testing.T, s conversations.Store) {
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	first := claimOne(t, s, noon())
	end := noon().Add(lease)
	wantEqual(t, "claims during the lease", len(claim(t, s, end.Add(-time.Millisecond), 10)), 0)
	second := claimOne(t, s, end)
	wantEqual(t, "effect", second.Effect.ID, first.Effect.ID)
	wantEqual(t, "attempts", second.Effect.Attempts, 1)
	if second.Number == first.Number {
		t.Errorf("two claims have number %d", first.Number)
	}
}

func claimLost(t *testing.T, s conversations.Store) {
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	lost := claimOne(t, s, noon())
	held := claimOne(t, s, noon().Add(lease))
	finish(t, s, lost, time.Time{}) // must not remove it
	finish(t, s, lost, minutes(-5)) // must not end the other lease
	wantEqual(t, "claims during the second lease", len(claim(t, s, noon().Add(lease+time.Second), 10)), 0)
	third := claimOne(t, s, noon().Add(2*lease))
	finish(t, s, held, time.Time{})
	finish(t, s, third, time.Time{})
	wantEqual(t, "claims after the end", len(claim(t, s, noon().Add(4*lease), 10)), 0)
}

func claimExtended(t *testing.T, s conversations.Store) {
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	held := claimOne(t, s, noon())
	extend(t, s, held, noon().Add(3*lease))
	wantEqual(t, "claims after the first lease", len(claim(t, s, noon().Add(2*lease), 10)), 0)
	next := claimOne(t, s, noon().Add(3*lease))
	extend(t, s, held, noon().Add(9*lease)) // lost: it must not touch the other claim
	again := claimOne(t, s, noon().Add(4*lease))
	finish(t, s, next, time.Time{})
	finish(t, s, again, time.Time{})
	wantEqual(t, "claims after the end", len(claim(t, s, noon().Add(10*lease), 10)), 0)
}

func extend(t *testing.T, s conversations.Store, c conversations.Claim, until time.Time) {
	t.Helper()
	if err := s.Extend(t.Context(), c, until); err != nil {
		t.Fatalf("Extend: %v", err)
	}
}

// An effect that is committed again while it runs must run again: its first run knows nothing of the
// second reason.
func claimCommittedAgain(t *testing.T, s conversations.Store) {
	e := effect(alice, "e", noon())
	commitEffects(t, s, alice, e)
	before := claimOne(t, s, noon())
	c := change(1, "op-2")
	c.Effects = []conversations.Effect{e}
	commit(t, s, alice, c)
	finish(t, s, before, time.Time{}) // of the first run
	after := claimOne(t, s, noon())
	wantEqual(t, "attempts", after.Effect.Attempts, 0)
	finish(t, s, before, time.Time{}) // during the second run
	again := claimOne(t, s, noon().Add(lease))
	wantEqual(t, "attempts after a lost lease", again.Effect.Attempts, 1)
	finish(t, s, again, time.Time{})
	wantEqual(t, "claims after the end", len(claim(t, s, noon().Add(4*lease), 10)), 0)
}

func claimLimit(t *testing.T, s conversations.Store) {
	effects := make([]conversations.Effect, 25)
	for i := range effects {
		effects[i] = effect(alice, numbered("e", i), minutes(i))
	}
	commitEffects(t, s, alice, effects...)
	now := minutes(100)
	next := 0
	for _, want := range []int{10, 10, 5, 0} {
		claims := claim(t, s, now, 10)
		wantEqual(t, "claims", len(claims), want)
		for _, c := range claims {
			wantEqual(t, "effect", c.Effect.ID, effects[next].ID)
			next++
		}
	}
	wantEqual(t, "claims for limit 0", len(claim(t, s, now.Add(lease), 0)), 0)
}

// scatter commits effects in all 256 shards, which many patients hold.
func scatter(t *testing.T, s conversations.Store, each int) (total int) {
	t.Helper()
	for shard := range 256 {
		p := conversations.PatientID(fmt.Sprintf("%02x%030d", shard, 1))
		effects := make([]conversations.Effect, each)
		for i := range effects {
			effects[i] = effect(p, numbered("e", i), noon())
		}
		commitEffects(t, s, p, effects...)
		total += each
	}
	return total
}

func claimEveryShard(t *testing.T, s conversations.Store) {
	total := scatter(t, s, 2)
	seen := map[string]bool{}
	for range total {
		claims := claim(t, s, noon(), 50)
		if len(claims) == 0 {
			break
		}
		for _, c := range claims {
			if seen[c.Effect.ID] {
				t.Fatalf("%s was claimed twice", c.Effect.ID)
			}
			seen[c.Effect.ID] = true
			finish(t, s, c, time.Time{})
		}
	}
	wantEqual(t, "effects", len(seen), total)
	wantEqual(t, "claims after the end", len(claim(t, s, noon().Add(2*lease), 50)), 0)
}

func claimRace(t *testing.T, s conversations.Store) {
	total := scatter(t, s, 1)
	const workers = 4
	var group sync.WaitGroup
	got := make([][]conversations.Claim, workers)
	for w := range workers {
		group.Go(func() {
			for {
				claims, err := s.Claim(t.Context(), noon(), lease, 7)
				if err != nil {
					t.Errorf("Claim: %v", err)
				}
				if len(claims) == 0 {
					return
				}
				got[w] = append(got[w], claims...)
			}
		})
	}
	group.Wait()
	seen := map[string]bool{}
	for _, claims := range append(got, claim(t, s, noon(), total)) {
		for _, c := range claims {
			if seen[c.Effect.ID] {
				t.Fatalf("%s was claimed twice", c.Effect.ID)
			}
			seen[c.Effect.ID] = true
		}
	}
	wantEqual(t, "effects", len(seen), total)
}
