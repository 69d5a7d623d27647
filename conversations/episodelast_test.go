package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D6, D24: the last message carries FIN, and the conversation is ended, not without reply.
func TestEpisode_lastMessage(t *testing.T) {
	t.Parallel()
	b, tagged, other := admitted(t)
	b.event("e2", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour chez vous." })
	thread := b.read(tagged)
	if m := thread.Messages[0]; len(thread.Messages) != 2 || m.Text != "Bon retour chez vous." || !m.NoReply || thread.State != "ended" {
		t.Errorf("%s with %+v", thread.State, thread.Messages)
	}
	if len(b.read(other).Messages) != 1 {
		t.Error("the last message went elsewhere too")
	}
	b.settle()
	b.event("e2", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour chez vous." })
	if n := len(b.read(tagged).Messages); n != 2 {
		t.Errorf("%d messages after the same event again", n)
	}
}

// D13, D15: a block that came since the grace began withholds the last message; the end stays.
func TestEpisode_lastMessage_toWhoBlocked_isWithheld(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.event("e2", rules.EpisodeClosed, grace(time.Hour), func(in *conversations.EpisodeInput) { in.LastMessage = "Bon retour." })
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, b.read(tagged).Contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(2 * time.Hour)
	b.settle()
	if n := len(b.read(tagged).Messages); n != 1 {
		t.Errorf("%d messages reached who blocked", n)
	}
	if _, err := b.Unblock(t.Context(), b.self(), b.patient.ID, b.read(tagged).Contact); err != nil {
		t.Fatal(err)
	}
	if b.states(tagged) != "ended" {
		t.Errorf("the end is %s", b.states(tagged))
	}
}

// D24, D33: death freezes at once and sends nothing; a mistake is taken back.
func TestEpisode_death_freezes(t *testing.T) {
	t.Parallel()
	b, tagged, other := admitted(t)
	b.event("e2", rules.EpisodeClosed, from(rules.ByDeath), func(in *conversations.EpisodeInput) { in.LastMessage = "Non" })
	b.settle()
	if b.states(tagged, other) != "frozen frozen" || len(b.read(tagged).Messages) != 1 {
		t.Errorf("%s, %d messages", b.states(tagged, other), len(b.read(tagged).Messages))
	}
	_, err := b.receive(mail{from: doctor, subject: "x", text: "y"})
	wantKind(t, err, conversations.KindUnreachable)
	b.event("e3", rules.EpisodeOpen)
	if b.states(tagged, other) != "open open" {
		t.Errorf("after the mistake: %s", b.states(tagged, other))
	}
}
