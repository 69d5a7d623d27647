package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D24: what an announced close will say is told to who may read one of its conversations, and stays when a
// further close keeps it.
func TestEpisode_plan_isToldToReadersAndKept(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	plan := func(mailboxes ...string) conversations.ClosingPlan {
		t.Helper()
		var own []conversations.Address
		for _, m := range mailboxes {
			own = append(own, address(t, m))
		}
		e, err := b.Episode(t.Context(), own, aVisit())
		if err != nil {
			t.Fatal(err)
		}
		return e.Plan
	}
	b.event("e2", rules.EpisodeClosed, grace(7*24*time.Hour), func(in *conversations.EpisodeInput) { in.LastMessage, in.Contact = "Bon retour.", "le 01" })
	if got := plan(appBox); got != (conversations.ClosingPlan{LastMessage: "Bon retour.", Contact: "le 01"}) {
		t.Errorf("to a reader: %+v", got)
	}
	if got := plan(clinic); got != (conversations.ClosingPlan{Hidden: true}) {
		t.Errorf("to who reads none: %+v", got)
	}
	b.event("e3", rules.EpisodeClosed, grace(2*24*time.Hour), func(in *conversations.EpisodeInput) { in.Keep, in.Contact = true, "le 02" })
	if got := plan(appBox); got != (conversations.ClosingPlan{LastMessage: "Bon retour.", Contact: "le 02"}) {
		t.Errorf("after a close that keeps: %+v", got)
	}
	_, err := b.tell("e3", rules.EpisodeClosed, grace(2*24*time.Hour), func(in *conversations.EpisodeInput) { in.Contact = "le 02" })
	wantKind(t, err, conversations.KindOtherEvent)
	b.event("e4", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.Keep = true })
	if thread := b.read(tagged); thread.State != "ended" || thread.Messages[0].Text != "Bon retour." {
		t.Errorf("%s with %q", thread.State, thread.Messages[0].Text)
	}
	if got := plan(appBox); got != (conversations.ClosingPlan{}) {
		t.Errorf("after the end: %+v", got)
	}
}

// D24: whom to contact next is told with an end at once, and not again with an end that was announced.
func TestEpisode_contact_isToldOnce(t *testing.T) {
	t.Parallel()
	words := func(in *conversations.EpisodeInput) { in.LastMessage, in.Contact = "Bon retour.", "le 01" }
	for wait, want := range map[time.Duration]string{0: "Bon retour. le 01", time.Hour: "Bon retour."} {
		b, tagged, _ := admitted(t)
		b.ClosingNotice = func(_ string, _ time.Time, contact string) string { return "Fin prévue " + contact }
		b.LastWords = func(text, contact string) string { return text + " " + contact }
		b.event("e2", rules.EpisodeClosed, grace(wait), words)
		b.clock.advance(wait)
		b.settle()
		if m := b.read(tagged).Messages[0]; m.Text != want || !m.NoReply {
			t.Errorf("after %v: %+v", wait, m)
		}
	}
}
