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
	if left := line.Until.Sub(b.clock.Now()).Round(time.Hour); line.Awaiting || left != windowAnswer || b.exchangeOf(clinic).Awaiting {
		t.Errorf("awaiting %v, %v left", line.Awaiting, left)
	}
}

// D34: the list of a reply mailbox tells of its own exchange also when an automatic answer brought it into the
// conversation.
func TestThreads_ofAReplyMailboxOfARobot_tellTheLastInstant(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, id: "m@operator.test", subject: "Fil", text: "1"})
	b.hand(anINS, mail{from: doctor, subject: "Absent", text: "2", refs: []string{"m@operator.test"}}, func(in *conversations.Incoming) {
		in.IsReport, in.Automatic, in.ReplyTo = true, true, []conversations.Address{address(t, clinic)}
	})
	b.taken(mail{from: clinic, subject: "Autre", text: "3"})
	b.settle()
	page, err := b.Threads(t.Context(), address(t, clinic), conversations.Filter{})
	if err != nil || len(page.Items) != 2 {
		t.Fatalf("%+v, %v", page.Items, err)
	}
	for _, line := range page.Items {
		if line.LastAt.IsZero() {
			t.Errorf("%+v", line)
		}
	}
}

// O167: the last message of an episode takes room, as its erasure gives it back.
func TestStorage_countsTheLastMessageOfAnEpisode(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	before := b.used().Used
	b.event("out", rules.EpisodeClosed, func(in *conversations.EpisodeInput) { in.LastMessage = "Au revoir" })
	if len(b.read(tagged).Messages) != 2 || b.used().Used <= before {
		t.Errorf("%d octets before, %d after", before, b.used().Used)
	}
}

// R115, R117: what comes after a deletion shows no attachment of what was deleted.
func TestInbox_afterDeletion_showsNoAttachmentOfBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, id: "m@operator.test", subject: "Fil", text: "1", documents: []conversations.Attachment{{Name: "a.pdf", Content: []byte("a")}}})
	thread := b.thread("Fil")
	if !thread.HasAttachment {
		t.Fatal("no attachment is shown")
	}
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, thread.ID); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "Re: Fil", text: "2", refs: []string{"m@operator.test"}})
	if b.read(thread.ID).HasAttachment {
		t.Error("the attachment of a deleted message is shown")
	}
	if line, err := b.ThreadFor(t.Context(), []conversations.Address{address(t, doctor)}, thread.ID); err != nil || !line.HasAttachment {
		t.Errorf("the professional is told of the deletion: %+v, %v", line.ThreadLine, err)
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

// D24: an automatic end that waited for an answer gets its instant with the answer, and is announced then.
func TestEpisode_endThatWaited_isAnnouncedWithTheAnswer(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.ClosingNotice = func(string, time.Time, string) string { return "Fin prévue" }
	if _, err := b.reply(tagged, "Une question"); err != nil {
		t.Fatal(err)
	}
	b.event("out", rules.EpisodeClosed, from(rules.ByADT))
	b.settle()
	if _, err := b.Write(t.Context(), theClinic(), tagged, conversations.ThreadInput{Mailbox: address(t, appBox), Text: "La réponse"}); err != nil {
		t.Fatal(err)
	}
	b.settle()
	thread := b.read(tagged)
	if thread.Messages[0].Text != "Fin prévue" || thread.Reply.Until.IsZero() {
		t.Errorf("%q until %v", thread.Messages[0].Text, thread.Reply.Until)
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

// OP18: what was deleted in two times is erased in two times, and whole.
func TestDeleteThread_twice_isErasedWhole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	bodies := b.bodyCount()
	b.taken(mail{from: doctor, id: "m@operator.test", subject: "Fil", text: "1"})
	thread := b.thread("Fil").ID
	for range 2 {
		if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, thread); err != nil {
			t.Fatal(err)
		}
		b.clock.advance(10 * 24 * time.Hour)
		b.taken(mail{from: doctor, subject: "Re: Fil", text: "2", refs: []string{"m@operator.test"}})
	}
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, thread); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		b.clock.advance(10 * 24 * time.Hour)
		b.settle()
	}
	if n := b.bodyCount(); n != bodies || b.used().Used != 0 {
		t.Errorf("%d bodies and %d octets are left", n-bodies, b.used().Used)
	}
}

// OP18: the erasure of a message leaves the Message-ID to the message that had it first (docs/design.md).
func TestExpunge_leavesTheMessageIDOfAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, id: "m@operator.test", subject: "Premier", text: "1"})
	b.taken(mail{from: doctor, id: "m@operator.test", subject: "Second", text: "2"})
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, b.thread("Second").ID); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(31 * 24 * time.Hour)
	b.settle()
	b.taken(mail{from: doctor, subject: "Re: Premier", text: "3", refs: []string{"m@operator.test"}})
	if n := len(b.thread("Premier").Messages); n != 2 {
		t.Errorf("%d messages in the first conversation", n)
	}
}

// D24: the end that a professional is told is the one that came last, whenever it was written down.
func TestThreadFor_tellsTheEndThatCameLast(t *testing.T) {
	t.Parallel()
	b, tagged, _ := admitted(t)
	b.Windows = map[string]rules.Window{appBox: {Length: 48 * time.Hour}}
	if _, err := b.Write(t.Context(), theClinic(), tagged, conversations.ThreadInput{Mailbox: address(t, appBox), Text: "2"}); err != nil {
		t.Fatal(err)
	}
	b.event("out", rules.EpisodeClosed, from(rules.ByADT), grace(72*time.Hour))
	b.clock.advance(73 * time.Hour)
	b.settle()
	thread, err := b.ThreadFor(t.Context(), []conversations.Address{address(t, appBox)}, tagged)
	if err != nil || thread.Ended == nil || thread.Ended.How != rules.ByEpisode {
		t.Errorf("%+v, %v", thread.Ended, err)
	}
}

// O116: the law's period runs for an account that was enrolled as suspended, too.
func TestEnrol_suspended_isClosedByLaw(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if _, err := b.Enrol(t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, anINS, "Camille Durand", rules.Suspended); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(43 * 24 * time.Hour)
	b.settle()
	if a := b.state(); a.State != rules.Closed {
		t.Errorf("%+v", a)
	}
}
