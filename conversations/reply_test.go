package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func TestReply_afterEnd_isRefusedAndKeptAsDraft(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	b.taken(mail{from: doctor, subject: "[FIN]"})
	_, err := b.reply(thread.ID, "Encore un mot")
	wantKind(t, err, conversations.KindThreadClosed)
	after := b.read(thread.ID)
	if after.Draft != "Encore un mot" || !after.HasDraft || after.State != string(rules.Ended) {
		t.Errorf("draft %q, state %s (D7)", after.Draft, after.State)
	}
	if after.Ended == nil || after.Ended.How != rules.BySubject || after.Ended.By != "Dr Marie MARTIN" {
		t.Errorf("ended %+v", after.Ended)
	}
	if len(b.queued()) != 0 {
		t.Error("a refused reply waits for delivery")
	}
}

func TestReply_sameOperation_isOneReply(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	in := conversations.ReplyInput{Text: "Une fois", Choice: rules.ReplyToOne, Operation: "k1"}
	first, err := b.Reply(t.Context(), b.self(), b.patient.ID, thread.ID, in)
	if err != nil {
		t.Fatal(err)
	}
	second, err := b.Reply(t.Context(), b.self(), b.patient.ID, thread.ID, in)
	if err != nil || second.ID != first.ID {
		t.Errorf("second answer %v %v, first %v", second.ID, err, first.ID)
	}
	if n := len(b.read(thread.ID).Messages); n != 2 {
		t.Errorf("%d messages", n)
	}
}

func TestOutgoing_endMeanwhile_isCrossed_blockMeanwhile_returnsToDraft(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	thread := b.thread("Fil")
	if _, err := b.reply(thread.ID, "Avant la fin"); err != nil {
		t.Fatal(err)
	}
	b.taken(mail{from: doctor, subject: "[FIN]"})
	sent := b.queued()
	if len(sent) != 1 || sent[0].err != nil {
		t.Fatalf("%+v: what was sent before the end is delivered (D7)", sent)
	}
	if err := b.Delivered(t.Context(), sent[0].effect, conversations.Outcome{State: conversations.DeliverySent}); err != nil {
		t.Fatal(err)
	}
	m := b.read(thread.ID).Messages[0]
	if !m.Crossed || m.Delivery.State != conversations.DeliverySent {
		t.Errorf("%+v", m)
	}

	b.taken(mail{from: doctor, subject: "Second", text: "2"})
	second := b.thread("Second")
	if _, err := b.reply(second.ID, "Avant le blocage"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, second.Contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	stopped := b.queued()
	if len(stopped) != 1 {
		t.Fatalf("%+v", stopped)
	}
	wantKind(t, stopped[0].err, conversations.KindBlockedByPatient)
	after := b.read(second.ID)
	if after.Draft != "Avant le blocage" || after.Messages[0].Delivery.State != conversations.DeliveryFailed {
		t.Errorf("draft %q, delivery %+v (D15)", after.Draft, after.Messages[0].Delivery)
	}
}
