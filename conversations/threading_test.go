package conversations_test

import (
	"slices"
	"testing"

	"mesbridge/conversations"
)

func TestReceive_referencesJoinTheConversation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, id: "one@operator.test", subject: "Fil", text: "1"})
	b.taken(mail{from: clinic, subject: "Re: Fil", text: "2", refs: []string{"unknown@x.test", "one@operator.test"}})
	thread := b.thread("Fil")
	if len(thread.Messages) != 2 || !slices.Equal(thread.With, []string{"Dr Marie MARTIN"}) && len(thread.With) == 0 {
		t.Fatalf("%+v", thread)
	}
	reply, err := b.reply(thread.ID, "Merci")
	if err != nil {
		t.Fatal(err)
	}
	if reply.AuthorKind != conversations.FromPatient || reply.Author != "Camille Durand" {
		t.Errorf("%+v", reply)
	}
}

func TestThreadingByOwnReply(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	if _, err := b.reply(thread.ID, "Ma réponse"); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "Re: Fil", text: "2", refs: []string{b.sentMessageID()}})
	if n := len(b.read(thread.ID).Messages); n != 3 {
		t.Errorf("%d messages: an answer to the patient's reply joins its conversation (R110)", n)
	}
}

// sentMessageID returns the Message-ID of the only reply that waits for delivery.
func (b *bench) sentMessageID() string {
	b.t.Helper()
	out := b.queued()
	if len(out) != 1 {
		b.t.Fatalf("%d replies wait", len(out))
	}
	return out[0].messageID
}
