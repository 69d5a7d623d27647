package conversations_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// The board tells every open visit and those closed lately, with the care unit, which stays until another is told,
// of patients who are enrolled and of others alike; it names nobody.
func TestBoard_tellsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	b, _, _ := admitted(t)
	unit := func(name string) func(*conversations.EpisodeInput) {
		return func(in *conversations.EpisodeInput) { in.Unit = name }
	}
	stranger := func(in *conversations.EpisodeInput) { in.Number, in.INS = "V-autre", anotherINS }
	b.event("u1", rules.EpisodeOpen, unit("Cardiologie"))
	b.event("s1", rules.EpisodeOpen, stranger, unit("Chirurgie"))
	b.event("s2", rules.EpisodeClosed, stranger)
	b.settle()
	begin := b.clock.Now().Add(-time.Hour)
	board, err := b.Board(t.Context(), finess, begin)
	if err != nil || len(board.Items) != 2 || board.Cut {
		t.Fatalf("%+v, %v", board, err)
	}
	closed, open := board.Items[0], board.Items[1]
	if open.State != rules.EpisodeOpen || open.Unit != "Cardiologie" || len(open.Threads) != 1 || open.Threads[0].State != string(rules.ThreadOpen) ||
		len(open.Threads[0].With) != 0 || open.Threads[0].Subject != "" {
		t.Errorf("open: %+v", open)
	}
	if closed.State != rules.EpisodeClosed || closed.Unit != "Chirurgie" || closed.Visit.Number != "V-autre" {
		t.Errorf("closed: %+v", closed)
	}
	if board, err = b.Board(t.Context(), finess, b.clock.Now().Add(time.Hour)); err != nil || len(board.Items) != 1 {
		t.Errorf("closed visits before the instant: %+v, %v", board, err)
	}
	if board, err = b.Board(t.Context(), "990000028", begin); err != nil || len(board.Items) != 0 {
		t.Errorf("another establishment: %+v, %v", board, err)
	}
	if all := b.everything(); strings.Contains(all, "Cardiologie") || strings.Contains(all, "Chirurgie") {
		t.Error("the care unit reached the store unsealed")
	}
}

// A reply that could not be delivered is told with its visit, until somebody of the establishment wrote again.
func TestBoard_undeliveredReply(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	failed := func() bool {
		t.Helper()
		board, err := b.Board(t.Context(), finess, time.Time{})
		if err != nil || len(board.Items) != 1 || len(board.Items[0].Threads) != 1 {
			t.Fatalf("%+v, %v", board, err)
		}
		return board.Items[0].Threads[0].Failed
	}
	if _, err := b.reply(tagged, "Une question"); err != nil {
		t.Fatal(err)
	}
	if failed() {
		t.Error("failed before it left")
	}
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			return time.Time{}, b.Delivered(ctx, e, conversations.Outcome{State: conversations.DeliveryFailed, Detail: "Non remis."})
		},
	})
	if !failed() {
		t.Error("the failure is not told")
	}
	if _, err := b.Write(t.Context(), theClinic(), tagged, conversations.ThreadInput{Mailbox: address(t, appBox), Text: "Appelez-nous."}); err != nil {
		t.Fatal(err)
	}
	if failed() {
		t.Error("told although somebody answered")
	}
}
