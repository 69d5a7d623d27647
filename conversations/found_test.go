package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// What package modeltest found, each in its shortest form.

// D8: a mailbox that wrote last is not awaited, also when it asks for answers to another mailbox.
func TestWindow_answerWithAnotherReplyMailbox_isAnAnswer(t *testing.T) {
	t.Parallel()
	b, id := windowBench(t)
	if _, err := b.reply(id, "Une question"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	if !b.exchangeOf(doctor).Awaiting {
		t.Fatal("the patient wrote last, and is not awaited")
	}
	b.clock.advance(windowLength - time.Hour)
	b.taken(mail{from: doctor, replyTo: clinic, subject: "Réponse", text: "2"})
	line := b.exchangeOf(doctor)
	if left := line.Until.Sub(b.clock.Now()).Round(time.Hour); line.Awaiting || left != windowAnswer {
		t.Errorf("awaiting %v, %v left", line.Awaiting, left)
	}
}

// D34, I167: a deletion by the patient does not take a professional out of a reply to all who came back to the
// conversation before it.
func TestReplyToAll_afterDeletion_holdsWhoCameBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: clinic, id: "m@operator.test", subject: "Fil", text: "1"})
	thread := b.thread("Fil").ID
	if _, err := b.EndThread(t.Context(), theClinic(), []conversations.Address{address(t, clinic)}, thread); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: clinic, subject: "Re: Fil", text: "2", refs: []string{"m@operator.test"}})
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, thread); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "Re: Fil", text: "3", refs: []string{"m@operator.test"}, others: []string{clinic}})
	if r := b.read(thread).Reply; len(r.ToAll) != 1 {
		t.Errorf("%+v", r)
	}
}

// D24, D33: a discharge by death that is told again in another way, and then taken back, frees the patient.
func TestEpisode_deathToldAgainThenCancelled_frees(t *testing.T) {
	t.Parallel()
	b, _, other := admitted(t)
	b.event("dead", rules.EpisodeClosed, from(rules.ByDeath))
	b.event("out", rules.EpisodeClosed)
	if state := b.read(other).State; state != "frozen" {
		t.Fatalf("after the death: %s", state)
	}
	b.event("error", rules.EpisodeOpen)
	if state := b.read(other).State; state != "open" {
		t.Errorf("after its cancellation: %s", state)
	}
}
