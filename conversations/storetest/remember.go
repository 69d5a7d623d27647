package storetest

import (
	"sync"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func rememberContracts() []contract {
	return []contract{
		{"Remember/firstAnswer_isKept", rememberFirst},
		{"Remember/race_allGetOneAnswer", rememberRace},
	}
}

func rememberFirst(t *testing.T, s conversations.Store) {
	for _, step := range []struct {
		mailbox     rules.MailboxID
		key         string
		give, given []byte
	}{
		{surgery, "key", everyByte(), everyByte()},
		{surgery, "key", []byte("second"), everyByte()},
		{surgery, "other key", []byte("other"), []byte("other")},
		{clinic, "key", []byte{}, []byte{}},
		{clinic, "key", []byte("second"), []byte{}},
	} {
		got, err := s.Remember(t.Context(), step.mailbox, step.key, step.give, time.Hour)
		if err != nil {
			t.Fatalf("Remember: %v", err)
		}
		if string(got) != string(step.given) {
			t.Errorf("Remember(%q, %q) = %q, want %q", step.key, step.give, got, step.given)
		}
	}
}

func rememberRace(t *testing.T, s conversations.Store) {
	const callers = 8
	got := make([]string, callers)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			kept, err := s.Remember(t.Context(), surgery, "key", []byte(numbered("answer", i)), time.Hour)
			if err != nil {
				t.Errorf("Remember: %v", err)
			}
			got[i] = string(kept)
		})
	}
	group.Wait()
	for _, answer := range got {
		wantEqual(t, "answer", answer, got[0])
	}
}
