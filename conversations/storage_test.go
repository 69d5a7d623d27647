package conversations_test

import (
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// used tells how much of the mailbox is taken.
func (b *bench) used() rules.Storage {
	b.t.Helper()
	a, err := b.Account(b.t.Context(), b.patient.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	return a.Storage
}

// O167: the message that fills the mailbox is taken; the next is deferred, and refused after 48 hours;
// what the patient deletes makes room when it is erased. D36: a blocked sender learns nothing of it.
func TestStorage_fullMailbox(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.Quota = 1000
	b.taken(mail{from: doctor, subject: "Un", text: "1", bytes: 600})
	b.taken(mail{from: doctor, subject: "Deux", text: "2", bytes: 600})
	if got := b.used(); got.Used != 1200 || got.FullSince.IsZero() || got.Level() != rules.StorageFull {
		t.Errorf("%+v", got)
	}
	_, err := b.receive(mail{from: doctor, subject: "Trois", text: "3", bytes: 1})
	wantKind(t, err, conversations.KindUnavailable)
	b.clock.advance(48 * time.Hour)
	_, err = b.receive(mail{from: doctor, subject: "Trois", text: "3", bytes: 1})
	wantKind(t, err, conversations.KindTooLarge)

	b.settle()
	contact := b.contactOf(doctor)
	if _, err := b.Block(t.Context(), b.self(), b.patient.ID, contact, time.Time{}); err != nil {
		t.Fatal(err)
	}
	_, err = b.receive(mail{from: doctor, subject: "Trois", text: "3"})
	wantKind(t, err, conversations.KindUnreachable)
	if _, err := b.Unblock(t.Context(), b.self(), b.patient.ID, contact); err != nil {
		t.Fatal(err)
	}

	id := b.thread("Un").ID
	if err := b.DeleteThread(t.Context(), b.self(), b.patient.ID, id); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(31 * 24 * time.Hour)
	b.settle()
	if got := b.used(); got.Used != 600 || !got.FullSince.IsZero() {
		t.Errorf("after the purge: %+v", got)
	}
	b.taken(mail{from: doctor, subject: "Trois", text: "3", bytes: 1})
}

// A reply and a saved document take room; a deleted document gives it back.
func TestStorage_repliesAndDocuments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1", bytes: 100, documents: []conversations.Attachment{
		{Name: "a.pdf", Type: "application/pdf", Content: []byte("%PDF-1.4 0123456789")},
	}})
	before := b.used().Used
	thread := b.thread("Fil")
	if _, err := b.reply(thread.ID, "Bonjour"); err != nil {
		t.Fatal(err)
	}
	if got := b.used().Used; got <= before {
		t.Errorf("%d octets before the reply, %d after it", before, got)
	}
	before = b.used().Used
	d, _, err := b.SaveDocument(t.Context(), b.self(), b.patient.ID, thread.Messages[0].Attachments[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.used().Used; got != before+d.Bytes || d.Bytes == 0 {
		t.Errorf("a document of %d octets: %d before, %d after", d.Bytes, before, got)
	}
	if err := b.DeleteDocument(t.Context(), b.self(), b.patient.ID, d.ID); err != nil {
		t.Fatal(err)
	}
	if got := b.used().Used; got != before {
		t.Errorf("%d octets before, %d when it is gone", before, got)
	}
}
