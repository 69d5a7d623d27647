package journal

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
)

// sealed notes that the archive has the entries of a chain up to a sequence.
func sealed(t *testing.T, j *Journal, name string, upTo uint64) {
	t.Helper()
	n, err := Number(name)
	if err != nil {
		t.Fatal(err)
	}
	s := j.Seals()
	s.Number++
	s.Chains[n].Sequence = upTo
	if err := j.Seal(s); err != nil {
		t.Fatal(err)
	}
}

// D16: what is purged is gone for good, nothing else is, and an entry that comes once more, as from the
// store's stream, is not taken for another one.
func TestPurge_survivesReopening(t *testing.T) {
	t.Parallel()
	files := vfs.NewMem()
	j := open(t, files)
	add(t, j, "a1", 1, 2, 3, 4)
	sealed(t, j, "a1", 3)
	if n, err := j.Purge(map[string]uint64{"a1": 4}); n != 0 || !errors.Is(err, errUnsealed) {
		t.Fatalf("purged what is not sealed: %d, %v", n, err)
	}
	if n, err := j.Purge(map[string]uint64{"a1": 2, "b2": 0}); n != 2 || err != nil {
		t.Fatalf("purged %d, %v", n, err)
	}
	if n, err := j.Purge(map[string]uint64{"a1": 3}); n != 1 || err != nil {
		t.Fatalf("purged %d more, %v", n, err)
	}
	if err := j.db.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, files)
	left, err := j.Read(t.Context(), "a1", 0, 10)
	if err != nil || len(left) != 1 || left[0].Sequence != 4 {
		t.Fatalf("left %v, %v", left, err)
	}
	if whole, err := j.Whole("a1"); whole != 4 || head(t, j, "a1") != 4 || err != nil {
		t.Errorf("whole up to %d, %v", whole, err)
	}
	for sequence := range uint64(4) {
		if err := j.Append(t.Context(), entry("a1", sequence+1)); err != nil {
			t.Errorf("entry %d again: %v", sequence+1, err)
		}
	}
	add(t, j, "a1", 5)
}

// D16: a technical trace goes to the chain of its own, whatever else is written.
func TestLocal_technicalApart(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	for _, kind := range []conversations.TraceKind{conversations.TraceStart, conversations.TraceExport, conversations.TraceStart} {
		if err := conversations.TraceTo(t.Context(), j, start, conversations.Event{Kind: kind}); err != nil {
			t.Fatal(err)
		}
	}
	if own, technical := head(t, j, Own), head(t, j, Technical); own != 1 || technical != 2 {
		t.Errorf("%d entries of the process, %d technical ones", own, technical)
	}
}

// Seals from before there were technical traces have a chain less, and stay readable.
func TestParseSeals_ofBefore(t *testing.T) {
	t.Parallel()
	s := Seals{Number: 7}
	s.Chains[Chains-2].Sequence = 5
	b := s.format()
	got, err := parseSeals(b[:len(b)-chainBytes])
	if err != nil || got != s {
		t.Errorf("%v", err)
	}
	if _, err := parseSeals(b[:len(b)-1]); err == nil {
		t.Error("cut seals were read")
	}
}
