package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Two facilities of different shards.
const (
	hospital conversations.FacilityID = "a5000000000000000000000000000005"
	hospice  conversations.FacilityID = "0b00000000000000000000000000000b"
)

func visitContracts() []contract {
	return []contract{
		{"Visit/nobodyDeclaredIt_isNotFound", visitMissing},
		{"IndexVisit/newerOfTheSamePatient_replaces", indexNewer},
		{"IndexVisit/claim_givesWayAndTakesNothing", indexClaim},
		{"Visits/byStateInPages_newestFirst", visitPages},
		{"Facts/episodes_standBesideConversations", factsEpisodes},
	}
}

func visitMissing(t *testing.T, s conversations.Store) {
	if _, err := s.Visit(t.Context(), hospital, "v1"); !errors.Is(err, conversations.ErrNotFound) {
		t.Errorf("Visit: %v", err)
	}
	if found, err := s.Visits(t.Context(), hospital, "", conversations.VisitEntry{}, 10); err != nil || len(found) != 0 {
		t.Errorf("Visits: %v, %v", found, err)
	}
}

func visitEntry(v rules.VisitID, p conversations.PatientID, version rules.Seq, state rules.EpisodeState, minute int) conversations.VisitEntry {
	return conversations.VisitEntry{Visit: v, Patient: p, Version: version, State: state, At: minutes(minute), Sealed: everyByte()}
}

// indexVisit writes an entry, and fails unless the index then holds want.
func indexVisit(t *testing.T, s conversations.Store, e, want conversations.VisitEntry) {
	t.Helper()
	kept, err := s.IndexVisit(t.Context(), hospital, e)
	if err != nil {
		t.Fatalf("IndexVisit: %v", err)
	}
	read, err := s.Visit(t.Context(), hospital, e.Visit)
	if err != nil {
		t.Fatalf("Visit: %v", err)
	}
	for _, got := range []conversations.VisitEntry{kept, read} {
		wantBytes(t, "sealed", got.Sealed, want.Sealed)
		if got.Patient != want.Patient || got.Version != want.Version || got.State != want.State || !got.At.Equal(want.At) {
			t.Errorf("the index holds %+v, want %+v", got, want)
		}
	}
}

func indexNewer(t *testing.T, s conversations.Store) {
	first := visitEntry("v1", alice, 5, rules.EpisodeOpen, 1)
	indexVisit(t, s, first, first)
	indexVisit(t, s, visitEntry("v1", alice, 4, rules.EpisodeClosed, 9), first) // done out of order
	indexVisit(t, s, visitEntry("v1", bob, 50, rules.EpisodeOpen, 9), first)    // another patient's
	second := visitEntry("v1", alice, 6, rules.EpisodeClosed, 2)
	indexVisit(t, s, second, second)
	if found, err := s.Visits(t.Context(), hospital, rules.EpisodeOpen, conversations.VisitEntry{}, 10); err != nil || len(found) != 0 {
		t.Errorf("open: %v, %v", found, err)
	}
	if _, err := s.Visit(t.Context(), hospice, "v1"); !errors.Is(err, conversations.ErrNotFound) {
		t.Errorf("another facility: %v", err)
	}
}

func indexClaim(t *testing.T, s conversations.Store) {
	claim := func(p conversations.PatientID) conversations.VisitEntry { return visitEntry("v1", p, 0, "", 1) }
	indexVisit(t, s, claim(alice), claim(alice))
	indexVisit(t, s, claim(bob), claim(bob)) // the first one's command was cut
	if found, err := s.Visits(t.Context(), hospital, "", conversations.VisitEntry{}, 10); err != nil || len(found) != 0 {
		t.Errorf("claims are listed: %v, %v", found, err)
	}
	declared := visitEntry("v1", bob, 0, rules.EpisodeOpen, 2)
	indexVisit(t, s, declared, declared)
	indexVisit(t, s, claim(bob), declared)
	indexVisit(t, s, claim(alice), declared)
	known := visitEntry("v1", bob, 3, rules.EpisodeClosed, 3)
	indexVisit(t, s, known, known)
}

func visitPages(t *testing.T, s conversations.Store) {
	for i := range 9 {
		state := rules.EpisodeOpen
		if i%3 == 0 {
			state = rules.EpisodeClosed
		}
		if _, err := s.IndexVisit(t.Context(), hospital, visitEntry(rules.VisitID(numbered("v", i)), alice, 1, state, i/2)); err != nil {
			t.Fatalf("IndexVisit: %v", err)
		}
	}
	for state, want := range map[rules.EpisodeState][]int{
		"": {8, 7, 6, 5, 4, 3, 2, 1, 0}, rules.EpisodeOpen: {8, 7, 5, 4, 2, 1}, rules.EpisodeClosed: {6, 3, 0},
	} {
		var got []conversations.VisitEntry
		for from := (conversations.VisitEntry{}); ; from = got[len(got)-1] {
			page, err := s.Visits(t.Context(), hospital, state, from, 2)
			if err != nil {
				t.Fatalf("Visits: %v", err)
			}
			if got = append(got, page...); len(page) < 2 {
				break
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%q: %d visits, want %d", state, len(got), len(want))
		}
		for i, e := range got {
			wantEqual(t, "visit", e.Visit, rules.VisitID(numbered("v", want[i])))
		}
	}
}

func factsEpisodes(t *testing.T, s conversations.Store) {
	c := change(0, "op")
	c.Patient = []byte("patient")
	c.Records = []conversations.Record{
		{Table: conversations.TableConversations, Field: "visit:v1", Value: everyByte()},
		{Table: conversations.TableConversations, Field: string(idOf(alice, "c")), Value: []byte("conversation")},
	}
	commit(t, s, alice, c)
	f := facts(t, s, alice, conversations.FactsQuery{
		Conversations: []conversations.ID{idOf(alice, "c")}, Episodes: []rules.VisitID{"v1", "v2"},
	})
	wantBytes(t, "episode", f.Episodes["v1"], everyByte())
	wantBytes(t, "no episode", f.Episodes["v2"], nil)
	wantBytes(t, "conversation", f.Conversations[idOf(alice, "c")], []byte("conversation"))
	wantEqual(t, "conversations", len(f.Conversations), 1)
}

func countContracts() []contract {
	return []contract{{"Count/race_countsEachCallOnce", countRace}}
}

func countRace(t *testing.T, s conversations.Store) {
	const callers = 8
	seen := make([]bool, callers+1)
	var mu sync.Mutex
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			calls, left, err := s.Count(t.Context(), "7fcaller", time.Hour)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil || calls < 1 || calls > callers || seen[calls]:
				t.Errorf("Count: %d, %v", calls, err)
			case left <= 0 || left > time.Hour:
				t.Errorf("Count: %s left of an hour", left)
			default:
				seen[calls] = true
			}
		})
	}
	group.Wait()
	if calls, _, err := s.Count(t.Context(), "7fother", time.Hour); err != nil || calls != 1 {
		t.Errorf("another caller: %d, %v", calls, err)
	}
}
