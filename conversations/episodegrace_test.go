package conversations_test

import (
	"fmt"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D24: announced to the patient; at its instant the end holds, whether a worker came or not.
func TestEpisode_grace_isAnnounced_andHoldsWithoutAWorker(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.ClosingNotice = func(_ string, until time.Time, contact string) string {
		return "jusqu’au " + until.Format(time.DateOnly) + contact
	}
	e := b.event("e2", rules.EpisodeClosed, grace(14*24*time.Hour), func(in *conversations.EpisodeInput) { in.Contact = " le 01" })
	thread := b.read(tagged)
	if thread.State != "open" || !thread.Reply.Until.Equal(e.ClosesAt) || e.ClosesAt.IsZero() {
		t.Errorf("%s until %s, closes at %s", thread.State, thread.Reply.Until, e.ClosesAt)
	}
	if want := "jusqu’au " + e.ClosesAt.Format(time.DateOnly) + " le 01"; len(thread.Messages) != 2 || thread.Messages[0].Text != want {
		t.Errorf("announced by %+v", thread.Messages[0])
	}
	if thread.Messages[0].NoReply { // R81: it says until when he may answer
		t.Error("the announcement says that it takes no answer")
	}
	b.settle()
	if n := len(b.read(tagged).Messages); n != 2 {
		t.Errorf("%d messages: told more than once", n)
	}
	b.clock.advance(14 * 24 * time.Hour)
	thread = b.read(tagged)
	if thread.State != "ended" || thread.Ended.How != rules.ByEpisode || !thread.Ended.At.Equal(e.ClosesAt) {
		t.Errorf("late worker: %s %+v", thread.State, thread.Ended)
	}
	_, err := b.reply(tagged, "Trop tard")
	wantKind(t, err, conversations.KindThreadClosed)
	before := b.memory.entries()
	b.settle()
	if b.memory.entries() != before+1 || !b.read(tagged).Ended.At.Equal(e.ClosesAt) {
		t.Errorf("%d entries, %+v: the worker writes the end down once, with its instant", b.memory.entries()-before, b.read(tagged).Ended)
	}
}

// R87, D24: who cannot reply already is told of the end without an instant until which he could.
func TestEpisode_grace_ofAConversationWithoutReply(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.ClosingNotice = func(_ string, until time.Time, _ string) string { return fmt.Sprint("instant: ", !until.IsZero()) }
	if _, err := b.Write(t.Context(), theClinic(), tagged, conversations.ThreadInput{Mailbox: address(t, appBox), Text: "Pour information", NoReply: true}); err != nil {
		t.Fatal(err)
	}
	b.event("e2", rules.EpisodeClosed, grace(time.Hour))
	if m := b.read(tagged).Messages[0]; m.Text != "instant: false" || !m.NoReply {
		t.Errorf("announced by %+v", m)
	}
}

// D24: a conversation whose last message is the patient's is not closed automatically.
func TestEpisode_unanswered_waits(t *testing.T) {
	t.Parallel()
	for _, how := range []struct {
		name   string
		change []func(*conversations.EpisodeInput)
		after  time.Duration
	}{
		{"adt at once", []func(*conversations.EpisodeInput){from(rules.ByADT)}, 0},
		{"by hand with a grace", []func(*conversations.EpisodeInput){grace(time.Hour)}, 2 * time.Hour},
	} {
		t.Run(how.name, func(t *testing.T) {
			t.Parallel()
			b, tagged, _ := admitted(t)
			if _, err := b.reply(tagged, "Une question"); err != nil {
				t.Fatal(err)
			}
			b.event("e2", rules.EpisodeClosed, how.change...)
			b.clock.advance(how.after)
			b.settle()
			e, err := b.Episode(t.Context(), nil, aVisit())
			if err != nil || b.states(tagged) != "open" || !e.Waiting() || !e.Threads[0].Waiting {
				t.Errorf("%s, %+v, %v", b.states(tagged), e, err)
			}
			if page, err := b.Episodes(t.Context(), nil, finess, conversations.EpisodeFilter{Waiting: true}); err != nil || len(page.Items) != 1 {
				t.Errorf("to be treated: %+v, %v", page.Items, err)
			}
			if _, err := b.Write(t.Context(), theClinic(), tagged, conversations.ThreadInput{Mailbox: address(t, appBox), Text: "Réponse"}); err != nil {
				t.Fatal(err)
			}
			if until := b.read(tagged).Reply.Until; until.Sub(b.clock.Now()).Round(time.Hour) != rules.DefaultAnswer {
				t.Errorf("after the answer: until %s", until)
			}
			b.clock.advance(rules.DefaultAnswer)
			b.settle()
			if b.states(tagged) != "ended" {
				t.Errorf("a week after the answer: %s", b.states(tagged))
			}
		})
	}
}
