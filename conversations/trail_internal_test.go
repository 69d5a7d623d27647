package conversations

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"
)

// stream is the part of a store that holds journal entries, and a journal that keeps them.
type stream struct {
	Store
	entries map[uint64]JournalEntry
	kept    map[uint64]bool
	reading func() // once, while the stream is read
	full    bool   // the disk of the journal
	fills   int
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

// keeper is a journal on the same entries.
type keeper struct{ *stream }

func (k keeper) Append(_ context.Context, e JournalEntry) error {
	if k.full {
		return errors.New("no space left on device")
	}
	k.kept[e.Sequence] = true
	return nil
}

func (k keeper) Note(ctx context.Context, e JournalEntry) error { return k.Append(ctx, e) }

func (k keeper) Local(context.Context, time.Time, []byte) error { return nil }

func (k keeper) Fill(ctx context.Context, _ Store, _ string) error {
	k.fills++
	have := slices.Collect(maps.Values(k.entries))
	if do := k.reading; do != nil {
		k.reading = nil
		do()
	}
	for _, e := range have {
		if err := k.Append(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (k keeper) Head(context.Context, string) (head uint64, err error) {
	for n := range k.kept {
		head = max(head, n)
	}
	return head, nil
}

// begin returns a trail on s whose shard was used before.
func begin(t *testing.T, s *stream) *trail {
	t.Helper()
	trail := newTrail(keeper{s}, s)
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
	s.full = false
	if head, err := trail.mark(t.Context(), "7f"); err != nil || head != 1 {
		t.Errorf("mark %d, %v", head, err)
	}
	s.durable(t, 1)
}

// Whoever starts the service on a store that a crash left ahead of the journal loses nothing, and asks
// the store once.
func TestTrail_firstUse_takesOverWhatTheStoreHas(t *testing.T) {
	t.Parallel()
	s := newStream(1, 2, 3)
	s.kept[1], s.kept[3] = true, true
	trail := begin(t, s)
	s.durable(t, 1, 2, 3)
	for range 3 {
		if _, err := trail.mark(t.Context(), "7f"); err != nil {
			t.Fatal(err)
		}
	}
	if s.fills != 1 {
		t.Errorf("filled %d times", s.fills)
	}
}
