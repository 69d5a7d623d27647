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

// D24, D34: a message that arrives after the instant of an announced end, and before a worker carried it out, takes
// nothing of its last words away: they stand before it, whether the message opens the conversation again or, as an
// automatic answer (OP7), does not.
func TestReceive_afterAnEndThatCame_theLastWordsComeFirst(t *testing.T) {
	t.Parallel()
	for name, automatic := range map[string]bool{"of a professional": false, "automatic": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, tagged, _ := admitted(t)
			b.event("out", rules.EpisodeClosed, grace(48*time.Hour), func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour." })
			b.settle()
			b.clock.advance(49 * time.Hour)
			b.hand(anINS, mail{from: clinic, subject: "Suite", text: "La suite."}, func(in *conversations.Incoming) {
				in.Thread, in.IsReport, in.Automatic = tagged, automatic, automatic
			})
			for range 2 { // what the worker finds later changes nothing
				thread := b.read(tagged)
				texts := make([]string, len(thread.Messages))
				for i, m := range thread.Messages {
					texts[i] = m.Text
				}
				if len(texts) != 3 || texts[0] != "La suite." || texts[1] != "Bon retour." || thread.Reply.Allowed == automatic {
					t.Errorf("%q, reply %+v", texts, thread.Reply)
				}
				b.settle()
			}
		})
	}
}
