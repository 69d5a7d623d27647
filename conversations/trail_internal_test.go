package conversations

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
)

// stream is the part of a store that holds journal entries, and a journal that keeps them.
type stream struct {
	Store
	entries map[uint64]JournalEntry
	kept    map[uint64]bool
	trimmed uint64
	reading func() // once, while the stream is read
	full    bool   // the disk of the journal
}

func newStream(sequences ...uint64) *stream {
	s := &stream{entries: map[uint64]JournalEntry{}, kept: map[uint64]bool{}}
	s.commit(sequences...)
	return s
}

// commit writes entries as the commit script does.
func (s *stream) commit(sequences ...uint64) {
	for _, n := range sequences {
		s.entries[n] = JournalEntry{Shard: "7f", Sequence: n}
	}
}

func (s *stream) Journal(_ context.Context, _ string, after uint64, limit int) (list []JournalEntry, err error) {
	for _, n := range slices.Sorted(maps.Keys(s.entries)) {
		if n > after && len(list) < limit {
			list = append(list, s.entries[n])
		}
	}
	if do := s.reading; do != nil {
		s.reading = nil
		do()
	}
	return list, nil
}

func (s *stream) Trim(_ context.Context, _ string, upTo uint64) error {
	s.trimmed = upTo
	maps.DeleteFunc(s.entries, func(n uint64, _ JournalEntry) bool { return n <= upTo })
	return nil
}

func (s *stream) Append(_ context.Context, e JournalEntry) error {
	if s.full {
		return errors.New("no space left on device")
	}
	s.kept[e.Sequence] = true
	return nil
}

// lastKept is a journal on the same entries.
type lastKept struct{ *stream }

func (j lastKept) Head(context.Context, string) (head uint64, err error) {
	for n := range j.kept {
		head = max(head, n)
	}
	return head, nil
}

// begin returns a trail on s whose shard was used before.
func begin(t *testing.T, s *stream) *trail {
	t.Helper()
	trail := newTrail(lastKept{s}, s)
	if _, err := trail.mark(t.Context(), "7f"); err != nil {
		t.Fatal(err)
	}
	return trail
}

func (s *stream) durable(t *testing.T, sequences ...uint64) {
	t.Helper()
	for _, n := range sequences {
		if !s.kept[n] {
			t.Errorf("entry %d is not in the journal, which keeps %v", n, slices.Sorted(maps.Keys(s.kept)))
		}
	}
}

// A commit was made, and its answer is on the way or lost: what the store knows of it may not be
// forgotten because a later commit's entry is durable already.
func TestTrail_trimWaitsForACommitOnItsWay(t *testing.T) {
	t.Parallel()
	s := newStream()
	trail := begin(t, s)
	s.commit(1, 2)
	if err := trail.append(t.Context(), s.entries[2]); err != nil {
		t.Fatal(err)
	}
	if err := trail.trim(t.Context()); err != nil || s.trimmed != 0 {
		t.Fatalf("trimmed up to %d, %v: entry 1 is nowhere else", s.trimmed, err)
	}
	if err := trail.append(t.Context(), s.entries[1]); err != nil {
		t.Fatal(err)
	}
	if err := trail.trim(t.Context()); err != nil || s.trimmed != 2 {
		t.Errorf("trimmed up to %d, %v, want 2", s.trimmed, err)
	}
	s.durable(t, 1, 2)
}

// The script of a commit that was given up may still run later: nobody appends its entry.
func TestTrail_trimFillsAGapThatStays(t *testing.T) {
	t.Parallel()
	s := newStream()
	trail := begin(t, s)
	s.commit(1, 2)
	if err := trail.append(t.Context(), s.entries[2]); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := trail.trim(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.durable(t, 1, 2)
	if s.trimmed != 2 {
		t.Errorf("trimmed up to %d, want 2: the stream would grow for ever", s.trimmed)
	}
}

// A second commit loses its answer while the gap of the first one is filled.
func TestTrail_doubtWhileFilling_isNotForgotten(t *testing.T) {
	t.Parallel()
	s := newStream()
	trail := begin(t, s)
	s.commit(1)
	trail.doubt("7f")
	s.reading = func() {
		s.commit(2)
		trail.doubt("7f")
	}
	for range 2 { // the next two commands
		if _, err := trail.mark(t.Context(), "7f"); err != nil {
			t.Fatal(err)
		}
	}
	s.durable(t, 1, 2)
}

func TestTrail_failedAppend_isFilledBeforeTheNextCommand(t *testing.T) {
	t.Parallel()
	s := newStream()
	trail := begin(t, s)
	s.commit(1)
	s.full = true
	if err := trail.append(t.Context(), s.entries[1]); err == nil {
		t.Fatal("nothing was kept")
	}
	if _, err := trail.mark(t.Context(), "7f"); err == nil {
		t.Fatal("the shard is used although its journal has a gap")
	}
	if err := trail.trim(t.Context()); err == nil || s.trimmed != 0 {
		t.Fatalf("trimmed up to %d, %v: no error, and the disk is full", s.trimmed, err)
	}
	s.full = false
	if head, err := trail.mark(t.Context(), "7f"); err != nil || head != 1 {
		t.Errorf("mark %d, %v", head, err)
	}
	s.durable(t, 1)
}

// Whoever starts the service on a store that a crash left ahead of the journal loses nothing.
func TestTrail_firstUse_takesOverWhatTheStoreHas(t *testing.T) {
	t.Parallel()
	s := newStream(1, 2, 3)
	s.kept[1], s.kept[3] = true, true
	trail := begin(t, s)
	s.durable(t, 1, 2, 3)
	if err := trail.trim(t.Context()); err != nil || s.trimmed != 3 {
		t.Errorf("trimmed up to %d, %v", s.trimmed, err)
	}
}
