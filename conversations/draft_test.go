package conversations_test

import (
	"fmt"
	"testing"
	"time"

	"mesbridge/conversations"
)

// R111: a draft is kept for whoever saw the one before it; another text that came between is never overwritten.
func TestKeepDraft_secondWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	id := b.thread("Fil").ID
	keep := func(text string, seen conversations.DraftMark) (conversations.DraftMark, error) {
		return b.KeepDraft(t.Context(), b.self(), b.patient.ID, id, text, seen)
	}
	first, err := keep("un", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := b.read(id); got.Draft != "un" || got.DraftMark != first || first == "" {
		t.Fatalf("draft %q, mark %q, want %q", got.Draft, got.DraftMark, first)
	}
	_, err = keep("autre fenêtre", "")
	wantKind(t, err, conversations.KindStaleState)
	second, err := keep("un deux", first)
	if err != nil || second == first {
		t.Fatalf("mark %q, %v", second, err)
	}
	if again, err := keep("un deux", first); err != nil || again != second { // an answer that was lost, asked for again
		t.Errorf("mark %q, %v", again, err)
	}
	_, err = keep("trois", first)
	wantKind(t, err, conversations.KindStaleState)
	if got := b.read(id).Draft; got != "un deux" {
		t.Errorf("draft %q was overwritten", got)
	}
	if _, err := b.reply(id, "envoyé"); err != nil {
		t.Fatal(err)
	}
	_, err = keep("encore dans la seconde fenêtre", second) // its text went with the reply
	wantKind(t, err, conversations.KindStaleState)
	if none, err := keep("", ""); err != nil || none != "" {
		t.Errorf("mark %q of no draft, %v", none, err)
	}
}

// I194: every message of a long conversation can be read, a part at a time.
func TestThreadBefore_readsBackToTheFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const all = 2*conversations.MaxShown + 3
	for n := 1; n <= all; n++ {
		m := mail{from: doctor, subject: "Fil", text: fmt.Sprint(n), id: fmt.Sprintf("m%d@x.test", n)}
		if n > 1 {
			m.refs = []string{"m1@x.test"}
		}
		b.taken(m)
	}
	id := b.thread("Fil").ID
	place, want := "", all
	for parts := 1; ; parts++ {
		part, err := b.ThreadBefore(t.Context(), b.patient.ID, id, place)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range part.Messages {
			if m.Text != fmt.Sprint(want) {
				t.Fatalf("message %q, want %d", m.Text, want)
			}
			want--
		}
		if place = part.Older; place == "" {
			if want != 0 || parts != 3 {
				t.Errorf("%d parts, %d messages not shown", parts, want)
			}
			break
		}
	}
	for _, place := range []string{"x", "1", "-4", "0"} {
		_, err := b.ThreadBefore(t.Context(), b.patient.ID, id, place)
		wantKind(t, err, conversations.KindInvalidRequest)
	}
	if far, err := b.ThreadBefore(t.Context(), b.patient.ID, id, "9000"); err != nil || len(far.Messages) != conversations.MaxShown {
		t.Errorf("a place beyond the newest: %d messages, %v", len(far.Messages), err)
	}
}

// What a patient's list shows wakes whoever watches it: a message, a read mark, a draft; nothing of another's.
func TestWatch_hearsWhatTheListShows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w, err := b.Watch(t.Context(), b.patient.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	woken := func(what string) {
		t.Helper()
		timeout := time.NewTimer(10 * time.Second)
		defer timeout.Stop()
		select {
		case <-w.Changes:
		case <-timeout.C:
			t.Fatalf("%s wakes nobody", what)
		}
	}
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	woken("a message")
	id := b.thread("Fil").ID
	if err := b.Opened(t.Context(), b.self(), b.patient.ID, id); err != nil {
		t.Fatal(err)
	}
	woken("reading")
	if err := b.SaveDraft(t.Context(), b.self(), b.patient.ID, id, "x"); err != nil {
		t.Fatal(err)
	}
	woken("a draft")
	_, err = b.Watch(t.Context(), "ff000000000000000000000000000000")
	wantKind(t, err, conversations.KindMailboxUnknown)
}
