package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

const (
	windowLength = 30 * 24 * time.Hour
	windowAnswer = 3 * 24 * time.Hour
)

// windowBench returns a bench where the doctor's mailbox has a reply window (D8), and his first message.
func windowBench(t *testing.T) (*bench, conversations.ID) {
	t.Helper()
	b := newBench(t)
	b.Windows = map[string]rules.Window{doctor: {Length: windowLength, Answer: windowAnswer}}
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	b.taken(mail{from: clinic, subject: "Sans fenêtre", text: "1"})
	return b, b.thread("Fil").ID
}

// D8: announced, and ended at that instant, also when the worker is late.
func TestWindow_ends_atItsInstant(t *testing.T) {
	t.Parallel()
	b, id := windowBench(t)
	until := b.read(id).Reply.Until
	if left := until.Sub(b.clock.Now()).Round(time.Hour); left != windowLength || !b.thread("Sans fenêtre").Reply.Until.IsZero() {
		t.Fatalf("%s left", left)
	}
	b.settle()
	b.clock.advance(until.Sub(b.clock.Now()) - time.Second)
	if state := b.read(id).State; state != "open" {
		t.Errorf("a second before: %s", state)
	}
	b.clock.advance(time.Second)
	thread := b.read(id)
	if thread.State != "ended" || thread.Ended.How != rules.ByWindow || !thread.Ended.At.Equal(until) || b.thread("Sans fenêtre").State != "open" {
		t.Errorf("late worker: %s %+v", thread.State, thread.Ended)
	}
	_, err := b.reply(id, "Trop tard")
	wantKind(t, err, conversations.KindThreadClosed)
	before := b.memory.entries()
	b.settle()
	if thread = b.read(id); b.memory.entries() != before+1 || !thread.Ended.At.Equal(until) {
		t.Errorf("written down: %+v", thread.Ended)
	}
	line := b.exchangeOf(doctor)
	if line.State != rules.ThreadEnded || line.EndedHow != rules.ByWindow {
		t.Errorf("exchange %+v", line)
	}
	b.taken(mail{from: doctor, subject: "Encore", text: "2"})
	if b.thread("Encore").State != "open" || b.read(id).State != "ended" {
		t.Errorf("a new message: %s, %s", b.thread("Encore").State, b.read(id).State)
	}
}

// exchangeOf returns the exchange of a mailbox as it sees it.
func (b *bench) exchangeOf(mailbox string) conversations.ExchangeLine {
	b.t.Helper()
	page, err := b.Exchanges(b.t.Context(), address(b.t, mailbox), conversations.Filter{})
	if err != nil || len(page.Items) != 1 {
		b.t.Fatalf("%+v, %v", page.Items, err)
	}
	return page.Items[0]
}

// D8: never while the last message is the patient's; then N days after the answer.
func TestWindow_awaitsTheAnswer(t *testing.T) {
	t.Parallel()
	b, id := windowBench(t)
	if _, err := b.reply(id, "Une question"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	b.clock.advance(windowLength + time.Hour)
	b.settle()
	if thread, line := b.read(id), b.exchangeOf(doctor); thread.State != "open" || !thread.Reply.Until.IsZero() || !line.Awaiting {
		t.Errorf("%s until %s, awaited %v", thread.State, thread.Reply.Until, line.Awaiting)
	}
	b.taken(mail{from: doctor, subject: "Réponse", text: "2"})
	until := b.read(id).Reply.Until
	if left := until.Sub(b.clock.Now()).Round(time.Hour); left != windowAnswer || b.exchangeOf(doctor).Awaiting {
		t.Errorf("%s left after the answer", left)
	}
	b.clock.advance(windowAnswer)
	b.settle()
	if b.read(id).State != "ended" {
		t.Errorf("after the answer's time: %s", b.read(id).State)
	}
}

// D6, D7: the end of the author is crossed by a reply on its way to his reply mailbox.
func TestOutgoing_endOfTheAuthor_crossesTheReplyToHisReplyMailbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, replyTo: clinic, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	if _, err := b.reply(thread.ID, "Avant la fin"); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "[FIN]"})
	sent := b.queued()
	if len(sent) != 1 || sent[0].err != nil {
		t.Fatalf("%+v", sent)
	}
	if after := b.read(thread.ID); !after.Messages[0].Crossed || after.State != "ended" {
		t.Errorf("%s, crossed %v", after.State, after.Messages[0].Crossed)
	}
}
