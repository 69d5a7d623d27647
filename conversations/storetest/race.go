package storetest

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"mesbridge/conversations"
)

func raceContracts() []contract {
	return []contract{
		{"Commit/race_exactlyOneWins", raceOneWins},
		{"Commit/race_noChangeIsLost", raceNothingLost},
	}
}

// raceOneWins lets writers decide at the same version.
func raceOneWins(t *testing.T, s conversations.Store) {
	const rounds, writers = 10, 8
	for round := range rounds {
		version := facts(t, s, alice, conversations.FactsQuery{}).Version
		errs := make([]error, writers)
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				c := change(version, numbered("round", round)+numbered("writer", w))
				c.Patient = []byte(strconv.Itoa(w))
				_, errs[w] = s.Commit(t.Context(), alice, c)
			})
		}
		group.Wait()
		winner := -1
		for w, err := range errs {
			switch {
			case err == nil && winner < 0:
				winner = w
			case err == nil:
				t.Fatalf("writers %d and %d both won", winner, w)
			case !errors.Is(err, conversations.ErrConflict):
				t.Fatalf("writer %d: %v", w, err)
			}
		}
		if winner < 0 {
			t.Fatal("no writer won")
		}
		f := facts(t, s, alice, conversations.FactsQuery{})
		wantEqual(t, "version", f.Version, version+1)
		wantBytes(t, "patient", f.Patient, []byte(strconv.Itoa(winner)))
	}
}

// raceNothingLost lets writers count together, each reading before it writes.
func raceNothingLost(t *testing.T, s conversations.Store) {
	const writers, each = 4, 10
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				if err := countOne(t, s, numbered("writer", w)+numbered("count", i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	f := facts(t, s, alice, conversations.FactsQuery{})
	wantBytes(t, "count", f.Patient, []byte(strconv.Itoa(writers*each)))
	wantEqual(t, "version", f.Version, writers*each)
	wantEqual(t, "entries", len(journal(t, s, alice.Shard(), 0, 1000)), writers*each)
}

// countOne adds one to the count in alice's record, deciding again after each lost race.
func countOne(t *testing.T, s conversations.Store, operation string) error {
	for {
		f, err := s.Facts(t.Context(), alice, conversations.FactsQuery{})
		if err != nil {
			return err
		}
		count, _ := strconv.Atoi(string(f.Patient)) // no record yet counts as 0
		c := change(f.Version, operation)
		c.Patient = []byte(strconv.Itoa(count + 1))
		if _, err = s.Commit(t.Context(), alice, c); !errors.Is(err, conversations.ErrConflict) {
			return err
		}
	}
}
