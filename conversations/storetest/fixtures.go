package storetest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Two patients of one shard and one of another; two mailboxes of different shards.
const (
	alice conversations.PatientID = "7f00000000000000000000000000a11c"
	bob   conversations.PatientID = "7f0000000000000000000000000000b0"
	carol conversations.PatientID = "0300000000000000000000000000ca01"

	surgery rules.MailboxID = "5a000000000000000000000000000001"
	clinic  rules.MailboxID = "c1000000000000000000000000000002"
)

// noon is when the tests start: an instant with a whole number of milliseconds.
func noon() time.Time { return time.Date(2025, time.March, 3, 12, 0, 0, 0, time.UTC) }

// minutes is that long after noon.
func minutes(n int) time.Time { return noon().Add(time.Duration(n) * time.Minute) }

// idOf returns an outside id of a patient.
func idOf(p conversations.PatientID, name string) conversations.ID {
	return conversations.ID(p.Shard() + name)
}

// change returns a commit at a version with nothing but what each commit has, and an entry of its own.
func change(version rules.Seq, operation string) conversations.Commit {
	return conversations.Commit{
		Version: version, Operation: operation, Answer: []byte("answer of " + operation),
		Entry: []byte("entry of " + operation + rand.Text()), Now: noon(),
	}
}

// commit makes a change that must succeed.
func commit(t *testing.T, s conversations.Store, p conversations.PatientID, c conversations.Commit) conversations.Committed {
	t.Helper()
	done, err := s.Commit(t.Context(), p, c)
	if err != nil {
		t.Fatalf("Commit: %v", err)
	}
	return done
}

// facts reads facts, which must succeed.
func facts(t *testing.T, s conversations.Store, p conversations.PatientID, q conversations.FactsQuery) conversations.Facts {
	t.Helper()
	f, err := s.Facts(t.Context(), p, q)
	if err != nil {
		t.Fatalf("Facts: %v", err)
	}
	return f
}

// wantBytes compares a record; nil and empty differ, as they do for the interface.
func wantBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) || (got == nil) != (want == nil) {
		t.Errorf("%s = %q, want %q", what, got, want)
	}
}

// wantEqual compares two values.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

// everyByte returns all 256 bytes: a record is binary.
func everyByte() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// numbered returns prefix and a number of fixed width, so that text and number sort alike.
func numbered(prefix string, n int) string { return fmt.Sprintf("%s%05d", prefix, n) }
