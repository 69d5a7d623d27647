package journal

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
)

var _ Stream = conversations.Store(nil)

// stream is a store's journal in memory.
type stream struct {
	entries map[string][]conversations.JournalEntry
	heads   map[string]uint64
	down    error
	trims   int
}

func newStream() *stream {
	return &stream{entries: map[string][]conversations.JournalEntry{}, heads: map[string]uint64{}}
}

// give appends the next n entries of a shard.
func (s *stream) give(shard string, n int) {
	for range n {
		s.heads[shard]++
		s.entries[shard] = append(s.entries[shard], entry(shard, s.heads[shard]))
	}
}

func (s *stream) Journal(_ context.Context, shard string, after uint64, limit int) ([]conversations.JournalEntry, error) {
	var page []conversations.JournalEntry
	for _, e := range s.entries[shard] {
		if e.Sequence > after && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, s.down
}

func (s *stream) Trim(_ context.Context, shard string, upTo uint64) error {
	s.trims++
	s.entries[shard] = slices.DeleteFunc(s.entries[shard], func(e conversations.JournalEntry) bool { return e.Sequence <= upTo })
	return s.down
}

func (s *stream) Head(_ context.Context, shard string) (uint64, error) { return s.heads[shard], s.down }

func (s *stream) Heads(context.Context) (heads [256]uint64, err error) {
	for name, head := range s.heads {
		n, _ := shardNumber(name)
		heads[n] = head
	}
	return heads, s.down
}

func catchUp(t *testing.T, j *Journal, s *stream) (int, []Fault) {
	t.Helper()
	taken, faults, err := j.CatchUp(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return taken, faults
}

func TestCatchUp_fillsGaps(t *testing.T) {
	t.Parallel()
	files := vfs.NewCrashableMem()
	j := open(t, files)
	s := newStream()
	s.give("00", 3)
	s.give("a1", 2*pageEntries+7)
	s.give("ff", 2)
	add(t, j, "a1", 1, 2, 4, 5, pageEntries+1) // 3 and others were cut off by a crash
	add(t, j, "ff", 1, 2)
	taken, faults := catchUp(t, j, s)
	if want := 3 + 2*pageEntries + 7 - 5; taken != want || len(faults) != 0 {
		t.Fatalf("took %d, want %d; faults %v", taken, want, faults)
	}
	j = open(t, files.CrashClone(vfs.CrashCloneCfg{}))
	if s := &j.shards[0xa1]; s.whole != 2*pageEntries+7 || s.marked != s.whole {
		t.Errorf("a1 is whole up to %d, marked up to %d", s.whole, s.marked)
	}
	if taken, faults = catchUp(t, j, s); taken != 0 || len(faults) != 0 {
		t.Errorf("a second time: took %d, faults %v", taken, faults)
	}
}

// TestCatchUp_storeIsBehind: D17, an old or empty copy of the store is not to be served.
func TestCatchUp_storeIsBehind(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	s := newStream()
	s.give("a1", 5)
	s.give("a2", 5)
	add(t, j, "a1", 1, 2, 3, 4, 5, 6)
	add(t, j, "b0", 1)
	taken, faults := catchUp(t, j, s)
	want := []Fault{{"a1", Behind, 6, 5}, {"b0", Behind, 1, 0}}
	if !slices.Equal(faults, want) || taken != 5 {
		t.Errorf("took %d, faults %v, want %v", taken, faults, want)
	}
	compared, err := j.Compare(t.Context(), s.Heads)
	if err != nil || !slices.Equal(compared, want) {
		t.Errorf("Compare: %v, %v", compared, err)
	}
}

// TestCatchUp_forked: the store went back to an old copy and moved on from there.
func TestCatchUp_forked(t *testing.T) {
	t.Parallel()
	for _, at := range []int{2, 4} { // beyond the gap, and the last one before it
		j := open(t, vfs.NewMem())
		s := newStream()
		s.give("a1", 6)
		s.entries["a1"][at].Entry = []byte("another")
		add(t, j, "a1", 1, 2, 3, 5)
		_, faults := catchUp(t, j, s)
		if want := []Fault{{"a1", Forked, uint64(at + 1), 6}}; !slices.Equal(faults, want) {
			t.Errorf("faults %v, want %v", faults, want)
		}
	}
}

// TestCatchUp_missing: the local database is an old copy, and the store has already forgotten what it
// lacks.
func TestCatchUp_missing(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	s := newStream()
	s.give("a1", 10)
	s.give("a2", 4)
	_ = s.Trim(t.Context(), "a1", 7)
	_ = s.Trim(t.Context(), "a2", 4)
	add(t, j, "a1", 1, 2, 3)
	taken, faults := catchUp(t, j, s)
	want := []Fault{{"a1", Missing, 3, 10}, {"a2", Missing, 0, 4}}
	if taken != 3 || !slices.Equal(faults, want) {
		t.Errorf("took %d, faults %v, want %v", taken, faults, want)
	}
}

func TestKeep_trimsOnlyWhatIsWhole(t *testing.T) {
	t.Parallel()
	files := vfs.NewCrashableMem()
	j := open(t, files)
	s := newStream()
	s.give("a1", 6)
	add(t, j, "a1", 1, 2, 4, 5)
	trim := func() {
		t.Helper()
		if err := j.Keep(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	trim()
	if left := s.entries["a1"]; len(left) != 4 || left[0].Sequence != 3 {
		t.Fatalf("the store forgot an entry that is kept nowhere else: %v", left)
	}
	j = open(t, files.CrashClone(vfs.CrashCloneCfg{}))
	if s := &j.shards[0xa1]; s.whole != 2 || s.head != 5 {
		t.Errorf("after a crash: whole %d, head %d", s.whole, s.head)
	}
	if taken, faults := catchUp(t, j, s); taken != 2 || len(faults) != 0 {
		t.Errorf("took %d, faults %v", taken, faults)
	}
	s.trims = 0
	for range 3 {
		trim()
	}
	if len(s.entries["a1"]) != 0 || s.trims != 1 {
		t.Errorf("the store still has %v, trimmed %d times", s.entries["a1"], s.trims)
	}
}

// TestKeep_gapThatStays_isFilled: the script of a commit that was given up may still run later, and
// nobody appends its entry; a commit that is just on its way is left alone.
func TestKeep_gapThatStays_isFilled(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	s := newStream()
	s.give("a1", 3)
	add(t, j, "a1", 1, 3)
	for round, want := range []uint64{1, 3} {
		if err := j.Keep(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if whole := j.shards[0xa1].wholeNow(); whole != want {
			t.Errorf("round %d: whole up to %d, want %d", round+1, whole, want)
		}
	}
	if len(s.entries["a1"]) != 0 {
		t.Errorf("the stream would grow for ever: %v", s.entries["a1"])
	}
}

// TestFill_tellsTrouble: a command on a shard in trouble is refused (D17).
func TestFill_tellsTrouble(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	s := newStream()
	s.give("a1", 2)
	s.give("a2", 2)
	store := onlyJournal(s)
	add(t, j, "a1", 1, 2, 3)
	add(t, j, "b0", 1)
	if err := j.Fill(t.Context(), store, "a1"); !errors.Is(err, conversations.ErrBehind) {
		t.Errorf("behind: %v", err)
	}
	if err := j.Fill(t.Context(), store, "a2"); err != nil || head(t, j, "a2") != 2 {
		t.Errorf("ahead: %v", err)
	}
	s.entries["a2"][1].Entry = []byte("another")
	if err := j.Fill(t.Context(), store, "a2"); !errors.As(err, new(Fault)) {
		t.Errorf("forked: %v", err)
	}
	if err := j.Fill(t.Context(), store, Own); err == nil {
		t.Error("the process's own chain is nothing to fill from a store")
	}
}

// only is a store that has a journal and nothing else.
type only struct {
	conversations.Store
	stream *stream
}

func onlyJournal(s *stream) conversations.Store { return only{stream: s} }

func (o only) Journal(ctx context.Context, shard string, after uint64, limit int) ([]conversations.JournalEntry, error) {
	return o.stream.Journal(ctx, shard, after, limit)
}

func (o only) Head(ctx context.Context, shard string) (uint64, error) {
	return o.stream.Head(ctx, shard)
}

func TestCatchUp_storeDown(t *testing.T) {
	t.Parallel()
	j := open(t, vfs.NewMem())
	s := newStream()
	s.give("a1", 1)
	s.down = errors.New("no answer")
	if _, _, err := j.CatchUp(t.Context(), s); !errors.Is(err, s.down) {
		t.Errorf("CatchUp: %v", err)
	}
	if _, err := j.Compare(t.Context(), s.Heads); !errors.Is(err, s.down) {
		t.Errorf("Compare: %v", err)
	}
	add(t, j, "a1", 1)
	if err := j.Keep(t.Context(), s); !errors.Is(err, s.down) {
		t.Errorf("Keep: %v", err)
	}
	s.down = nil
	if err := j.Keep(t.Context(), s); err != nil || s.trims != 2 {
		t.Errorf("Keep once it answers: %d, %v", s.trims, err)
	}
}

// TestCatchUp_storeTalksNonsense: it must end, and say so.
func TestCatchUp_storeTalksNonsense(t *testing.T) {
	t.Parallel()
	for name, entries := range map[string][]conversations.JournalEntry{
		"backwards":     {entry("a1", 2), entry("a1", 1)},
		"twice":         {entry("a1", 1), entry("a1", 1)},
		"another shard": {entry("a2", 1)},
	} {
		j := open(t, vfs.NewMem())
		s := newStream()
		s.entries["a1"], s.heads["a1"] = entries, 2
		if _, _, err := j.CatchUp(t.Context(), s); !errors.Is(err, errStream) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
