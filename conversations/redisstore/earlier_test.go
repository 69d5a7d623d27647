package redisstore_test

import (
	"errors"
	"testing"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
)

// A patient whom an earlier release wrote would look as if he had no conversation: he is behind the journal
// instead, and refused until a rebuilding (D17).
func TestStore_ofAnEarlierForm_isBehind(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	store := redisstore.New(client, redisstore.Options{})
	c := simple("op-1")
	if _, err := store.Commit(t.Context(), patient, c); err != nil {
		t.Fatal(err)
	}
	if f, err := store.Facts(t.Context(), patient, conversations.FactsQuery{}); err != nil || f.Head != 1 {
		t.Fatalf("facts at head %d, %v; want 1", f.Head, err)
	}
	if err := client.HSet(t.Context(), "{s7f}:patient:"+string(patient), "o", "00").Err(); err != nil {
		t.Fatal(err)
	}
	if f, err := store.Facts(t.Context(), patient, conversations.FactsQuery{}); err != nil || f.Head != 0 {
		t.Errorf("facts at head %d, %v; want 0, behind any journal", f.Head, err)
	}
	c = simple("op-2")
	c.Version = 1
	if _, err := store.Commit(t.Context(), patient, c); !errors.Is(err, conversations.ErrBehind) {
		t.Errorf("commit: %v, want ErrBehind", err)
	}
}
