package conversations_test

import (
	"bytes"
	"slices"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// O117: what was sealed for two patients opens in its place alone, and never again when one of them was erased.
func TestSealFor_goesWithThePatients(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other, err := b.Enrol(t.Context(), conversations.Actor{Kind: conversations.ActorSystem}, otherINS, "Autre", rules.Active)
	if err != nil {
		t.Fatal(err)
	}
	plain := []byte("Texte Ornithorynque")
	both := []conversations.PatientID{b.patient.ID, other.ID}
	sealed, err := b.SealFor(t.Context(), both, "here", plain)
	if err != nil || bytes.Contains(sealed, plain) {
		t.Fatalf("%v, %q", err, sealed)
	}
	if got, err := b.OpenFor(t.Context(), "here", sealed); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := b.OpenFor(t.Context(), "there", sealed); conversations.KindOf(err) != conversations.KindUnavailable {
		t.Errorf("in another place: %v", err)
	}
	if _, err := b.ManageAccount(t.Context(), b.self(), rules.Holder, b.patient.ID, rules.EraseAccount); err != nil {
		t.Fatal(err)
	}
	b.settle()
	if _, err := b.OpenFor(t.Context(), "here", sealed); conversations.KindOf(err) != conversations.KindNotFound {
		t.Errorf("after the erasure: %v", err)
	}
	if _, err := b.SealFor(t.Context(), both, "here", plain); conversations.KindOf(err) != conversations.KindNotFound {
		t.Errorf("sealed for somebody who was erased: %v", err)
	}
}

// A call notes whose records it opened, and only under a context that asks.
func TestNoteOpened_listsWhomACallRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, opened := conversations.NoteOpened(t.Context())
	if got := opened.Patients(); len(got) != 0 {
		t.Fatalf("before any call: %v", got)
	}
	for range 2 {
		if _, err := b.Inbox(ctx, b.patient.ID, "", 10); err != nil {
			t.Fatal(err)
		}
	}
	if got := opened.Patients(); !slices.Equal(got, []conversations.PatientID{b.patient.ID}) {
		t.Errorf("noted %v", got)
	}
}
