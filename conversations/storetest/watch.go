package storetest

import (
	"testing"
	"time"

	"mesbridge/conversations"
)

// watchWakes: a commit and a touch that writes wake whoever watches that patient, and nobody else.
func watchWakes(t *testing.T, s conversations.Store) {
	own, second, other := s.Watch(alice), s.Watch(alice), s.Watch(bob)
	defer own.Stop()
	defer other.Stop()
	woken := func(w conversations.Watching, what string) {
		t.Helper()
		timeout := time.NewTimer(10 * time.Second)
		defer timeout.Stop()
		select {
		case <-w.Changes:
		case <-timeout.C:
			t.Fatalf("not woken by %s", what)
		}
	}
	commitEffects(t, s, alice, effect(alice, "e", noon()))
	woken(own, "a commit")
	woken(second, "a commit")
	second.Stop()
	second.Stop()
	if _, err := s.Touch(t.Context(), alice, []conversations.Record{{Table: conversations.TableConversations, Field: "x", Value: []byte("1")}}, conversations.Note{}); err != nil {
		t.Fatal(err)
	}
	woken(own, "a touch")
	if _, err := s.Touch(t.Context(), alice, nil, conversations.Note{Entry: []byte("note"), Now: noon()}); err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]conversations.Watching{"a note alone": own, "a stopped watch": second, "another patient": other} {
		select {
		case <-w.Changes:
			t.Errorf("%s was woken", name)
		default:
		}
	}
}
