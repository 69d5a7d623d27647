package conversations_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D24: announced ends are listed by their instant, and a list of closed visits can leave them out, and those
// that wait for an answer.
func TestEpisodes_closingByDeadline(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i, days := range []int{9, 3, 0, 6, 6} {
		n := func(in *conversations.EpisodeInput) { in.Number = fmt.Sprint("visit ", i) }
		b.event("in", rules.EpisodeOpen, n)
		b.clock.advance(time.Minute)
		b.event("out", rules.EpisodeClosed, n, grace(time.Duration(days)*24*time.Hour))
	}
	var seen []string
	for cursor := ""; ; {
		page, err := b.Closings(t.Context(), nil, finess, cursor, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Items {
			seen = append(seen, e.Visit.Number)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if want := []string{"visit 1", "visit 3", "visit 4", "visit 0"}; !slices.Equal(seen, want) {
		t.Errorf("%v, want %v", seen, want)
	}
	page, err := b.Episodes(t.Context(), nil, finess, conversations.EpisodeFilter{Ended: true})
	if err != nil || len(page.Items) != 1 || page.Items[0].Visit.Number != "visit 2" {
		t.Errorf("ended: %+v, %v", page.Items, err)
	}
	_, err = b.Closings(t.Context(), nil, finess, "?", 2)
	wantKind(t, err, conversations.KindInvalidRequest)
}
