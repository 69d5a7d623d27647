package conversations_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D24, D34: a close by hand ends exactly the tagged conversations, at once, and says by what.
func TestEpisode_closedByHand_endsTheTaggedAlone(t *testing.T) {
	t.Parallel()
	b, tagged, other := admitted(t)
	e := b.event("e2", rules.EpisodeClosed)
	if !slices.Equal(idsOf(e), []conversations.ID{tagged}) || e.State != rules.EpisodeClosed || e.Threads[0].State != "ended" {
		t.Errorf("%+v", e)
	}
	thread := b.read(tagged)
	if b.states(tagged, other) != "ended open" || thread.Ended == nil || thread.Ended.How != rules.ByEpisode {
		t.Errorf("%s, %+v", b.states(tagged, other), thread.Ended)
	}
	again := b.event("e2", rules.EpisodeClosed)
	if !slices.Equal(idsOf(again), []conversations.ID{tagged}) {
		t.Errorf("the same event touched %v", idsOf(again))
	}
	_, err := b.tell("e2", rules.EpisodeOpen)
	wantKind(t, err, conversations.KindOtherEvent)
	// A further message keeps the tag, and re-opens (D6).
	if _, err := b.Write(t.Context(), theClinic(), tagged, conversations.ThreadInput{Mailbox: address(t, appBox), Text: "Encore"}); err != nil {
		t.Fatal(err)
	}
	if b.states(tagged) != "open" {
		t.Errorf("after a further message: %s", b.states(tagged))
	}
	if e = b.event("e3", rules.EpisodeClosed); !slices.Equal(idsOf(e), []conversations.ID{tagged}) || b.states(tagged) != "ended" {
		t.Errorf("closed again: %v, %s", idsOf(e), b.states(tagged))
	}
}

// D24: a cancelled discharge re-opens what it ended and nobody touched since, nothing else.
func TestEpisode_cancelled_givesBackWhatNobodyTouched(t *testing.T) {
	t.Parallel()
	b, tagged, other := admitted(t)
	v := aVisit()
	touched := b.write("Touché", &v)
	byHand := b.write("Déjà clos", &v)
	if _, err := b.EndThread(t.Context(), theClinic(), []conversations.Address{address(t, appBox)}, byHand); err != nil {
		t.Fatal(err)
	}
	e := b.event("e2", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour." })
	if !slices.Equal(idsOf(e), []conversations.ID{tagged, touched}) {
		t.Errorf("closed %v: what was ended stays as it was (table C4)", idsOf(e))
	}
	for _, m := range []string{"Encore", "Et fin"} {
		if _, err := b.Write(t.Context(), theClinic(), touched, conversations.ThreadInput{Mailbox: address(t, appBox), Text: m, NoReply: m == "Et fin"}); err != nil {
			t.Fatal(err)
		}
	}
	e = b.event("e3", rules.EpisodeOpen)
	if !slices.Equal(idsOf(e), []conversations.ID{tagged}) || b.states(tagged, other, byHand, touched) != "open open ended no-reply" {
		t.Errorf("cancelled %v: %s", idsOf(e), b.states(tagged, other, byHand, touched))
	}
	if got, err := b.Episode(t.Context(), nil, aVisit()); err != nil || got.State != rules.EpisodeOpen || !got.ClosesAt.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
}

// I230: an older event changes nothing.
func TestEpisode_olderEvent_isIgnored(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	e := b.event("e0", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.At = b.clock.Now().Add(-time.Hour) })
	if e.State != rules.EpisodeOpen || len(e.Threads) != 0 || b.states(tagged) != "open" {
		t.Errorf("%+v, %s", e, b.states(tagged))
	}
}

// D36, I248: a patient whom nobody enrolled looks the same; a visit is of one patient.
func TestEpisode_ofAStranger(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stranger := func(in *conversations.EpisodeInput) { in.INS = otherINS }
	if e := b.event("e1", rules.EpisodeOpen, stranger); e.State != rules.EpisodeOpen || len(e.Threads) != 0 {
		t.Errorf("%+v", e)
	}
	_, err := b.tell("e2", rules.EpisodeOpen)
	wantKind(t, err, conversations.KindWrongPatient)
	b.event("e3", rules.EpisodeClosed)
	e, err := b.Episode(t.Context(), nil, aVisit())
	if err != nil || e.State != rules.EpisodeClosed || e.Visit != aVisit() || e.ClosesAt.IsZero() || e.Since.IsZero() {
		t.Errorf("%+v, %v", e, err)
	}
	_, err = b.Episode(t.Context(), nil, conversations.Visit{FINESS: "990000028", Number: visitText})
	wantKind(t, err, conversations.KindEpisodeUnknown)
	_, err = b.tell("e4", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.Number = "never" })
	wantKind(t, err, conversations.KindEpisodeUnknown)
}

// The visit number, the words and the event are nowhere in clear.
func TestEpisode_nothingPersonalReachesTheStore(t *testing.T) {
	t.Parallel()
	b, _, _ := admitted(t)
	b.event("event-4711", rules.EpisodeClosed, grace(time.Hour), func(in *conversations.EpisodeInput) {
		in.LastMessage, in.Contact = "Dernier mot", "Docteur Suite"
	})
	dump := b.everything()
	for _, entries := range b.memory.journal {
		for _, e := range entries {
			dump += string(e)
		}
	}
	for _, secret := range []string{visitText, finess, "event-4711", "Dernier mot", "Docteur Suite", string(anINS)} {
		if strings.Contains(dump, secret) {
			t.Errorf("%q is readable in the store or the journal", secret)
		}
	}
}

func TestEpisodes_pagesByState(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 7 {
		n := func(in *conversations.EpisodeInput) { in.Number = fmt.Sprint("visit ", i) }
		b.event("in", rules.EpisodeOpen, n)
		b.clock.advance(time.Second)
		if i%2 == 0 {
			b.event("out", rules.EpisodeClosed, n)
		}
	}
	for state, want := range map[rules.EpisodeState]int{"": 7, rules.EpisodeOpen: 3, rules.EpisodeClosed: 4} {
		seen := map[string]bool{}
		for cursor := ""; ; {
			page, err := b.Episodes(t.Context(), nil, finess, conversations.EpisodeFilter{State: state, Cursor: cursor, Limit: 2})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page.Items {
				seen[e.Visit.Number] = true
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%q: %d visits, want %d", state, len(seen), want)
		}
	}
}
