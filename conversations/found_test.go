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
