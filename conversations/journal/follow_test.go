package journal_test

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/localdb/localdbtest"
	"mesbridge/conversations/redisstore"
	"mesbridge/rules"
)

// bridges share one store; each has a journal of its own.
type bridges struct {
	t     *testing.T
	mini  *miniredis.Miniredis
	clock time.Time
	count int // commits made
}

// bridge is one process.
type bridge struct {
	*bridges
	store   *redisstore.Store
	journal *journal.Journal
}

const (
	shard                           = "7f"
	patient conversations.PatientID = "7f00000000000000000000000000a11c"
)

func newBridges(t *testing.T) *bridges {
	return &bridges{t: t, mini: miniredis.RunT(t), clock: time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)}
}

// start begins with an empty journal, as a first start does.
func (w *bridges) start(name string) *bridge {
	w.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: w.mini.Addr()})
	w.t.Cleanup(func() { _ = client.Close() })
	db := localdbtest.Open(w.t, vfs.NewMem(), "data")
	j, err := journal.Open(db)
	must(w.t, err)
	b := &bridge{bridges: w, journal: j, store: redisstore.New(client, redisstore.Options{
		Bridge: name, Bridges: 2, Now: func() time.Time { return w.clock },
	})}
	must(w.t, j.Register(w.t.Context(), b.store))
	return b
}

// commit changes the patient; a bridge that is cut has no time for its own journal.
func (b *bridge) commit(cut bool) {
	b.t.Helper()
	b.count++
	c := conversations.Commit{Version: rules.Seq(b.count - 1), Entry: []byte("entry " + strconv.Itoa(b.count)), Now: b.clock}
	done, err := b.store.Commit(b.t.Context(), patient, c)
	must(b.t, err)
	if !cut {
		must(b.t, b.journal.Append(b.t.Context(), conversations.JournalEntry{Shard: shard, Sequence: done.Sequence, At: c.Now, Entry: c.Entry}))
	}
}

// follow is what a bridge does every two seconds.
func (b *bridge) follow() {
	b.t.Helper()
	_, err := b.journal.Follow(b.t.Context(), b.store)
	must(b.t, err)
	must(b.t, b.journal.Keep(b.t.Context(), b.store))
}

// listed is how many entries the store still holds.
func (b *bridge) listed() int {
	b.t.Helper()
	entries, err := b.store.Journal(b.t.Context(), shard, 0, 1000)
	must(b.t, err)
	return len(entries)
}

// wholeTo checks that the journal has every entry.
func (b *bridge) wholeTo(count int) {
	b.t.Helper()
	entries, err := b.journal.Read(b.t.Context(), shard, 0, 1000)
	must(b.t, err)
	if len(entries) != count {
		b.t.Fatalf("%d entries, want %d", len(entries), count)
	}
	for i, e := range entries {
		if string(e.Entry) != "entry "+strconv.Itoa(i+1) || !e.At.Equal(b.clock) {
			b.t.Errorf("entry %d: %q at %v", i+1, e.Entry, e.At)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestFollow_eachBridgeKeepsTheWholeJournal(t *testing.T) {
	t.Parallel()
	w := newBridges(t)
	a, b := w.start("a"), w.start("b")
	for n := range 9 {
		[]*bridge{a, b, a}[n%3].commit(false)
	}
	must(t, a.journal.Keep(t.Context(), a.store)) // has not followed: knows gaps only
	a.follow()
	if n := a.listed(); n != 9 {
		t.Errorf("the store holds %d entries before the other bridge has them, want 9", n)
	}
	b.follow()
	a.wholeTo(9)
	b.wholeTo(9)
	a.follow()
	b.follow()
	a.commit(false)
	a.follow()
	b.follow()
	if n := b.listed(); n != 0 {
		t.Errorf("the store holds %d entries that both keep", n)
	}
}

// The second bridge may start for the first time long after the first one.
func TestFollow_lateFirstStart_findsEverything(t *testing.T) {
	t.Parallel()
	w := newBridges(t)
	a := w.start("a")
	for range 3 {
		a.commit(false)
		a.follow()
	}
	w.clock = w.clock.Add(2 * redisstore.MaxAway)
	must(t, a.journal.Register(t.Context(), a.store))
	b := w.start("b")
	taken, faults, err := b.journal.CatchUp(t.Context(), b.store)
	if err != nil || len(faults) > 0 || taken != 3 {
		t.Errorf("%d taken, %v, %v", taken, faults, err)
	}
}

// What a killed bridge committed and could not keep is taken over by the other.
func TestFollow_killedBridge_losesNothing(t *testing.T) {
	t.Parallel()
	w := newBridges(t)
	a, b := w.start("a"), w.start("b")
	a.commit(false)
	a.commit(true)
	b.commit(false)
	b.follow()
	b.wholeTo(3)
	if n := b.listed(); n != 3 {
		t.Errorf("the store holds %d entries, want 3 until the killed bridge is back", n)
	}
	taken, faults, err := a.journal.CatchUp(t.Context(), a.store)
	if err != nil || len(faults) > 0 || taken != 2 {
		t.Errorf("back: %d taken, %v, %v", taken, faults, err)
	}
	a.wholeTo(3)
}

// D17: the mark of a bridge holds for what another wrote.
func TestFollow_oldStore_isToldByABridgeThatDidNotWrite(t *testing.T) {
	t.Parallel()
	w := newBridges(t)
	a, b := w.start("a"), w.start("b")
	a.commit(false)
	a.commit(false)
	b.follow()
	must(t, w.mini.Set("{s7f}:head", "1")) // an old copy
	faults, err := b.journal.Compare(t.Context(), b.store.Heads)
	if err != nil || len(faults) != 1 || faults[0].Trouble != journal.Behind {
		t.Errorf("%v, %v", faults, err)
	}
	mark, err := b.journal.Head(t.Context(), shard)
	must(t, err)
	_, err = b.store.Commit(t.Context(), patient, conversations.Commit{Version: 2, Entry: []byte("x"), Now: w.clock, Mark: mark})
	if !errors.Is(err, conversations.ErrBehind) {
		t.Errorf("commit on an old store: %v", err)
	}
}

// A bridge that was away for long does not hold the stream for ever, and is told what it lacks.
func TestFollow_awayForLong_isMissing(t *testing.T) {
	t.Parallel()
	w := newBridges(t)
	a, b := w.start("a"), w.start("b")
	a.commit(false)
	a.follow()
	w.clock = w.clock.Add(redisstore.MaxAway)
	must(t, a.journal.Register(t.Context(), a.store))
	if n := a.listed(); n != 1 {
		t.Fatalf("%d entries are held for the bridge that is away, want 1", n)
	}
	w.clock = w.clock.Add(time.Second)
	must(t, a.journal.Register(t.Context(), a.store))
	if n := a.listed(); n != 0 {
		t.Fatalf("%d entries are held for a bridge that counts as gone", n)
	}
	must(t, b.journal.Register(t.Context(), b.store))
	_, faults, err := b.journal.CatchUp(t.Context(), b.store)
	if err != nil || len(faults) != 1 || faults[0].Trouble != journal.Missing {
		t.Errorf("%v, %v", faults, err)
	}
}

// With the store lost, what each bridge alone could keep is put together.
func TestAbsorb_makesJournalsLevel(t *testing.T) {
	t.Parallel()
	w := newBridges(t)
	a, b := w.start("a"), w.start("b")
	for n := range 6 {
		[]*bridge{a, b}[n%2].commit(false)
	}
	for _, step := range []struct{ to, from *bridge }{{a, b}, {b, a}} {
		if taken, err := step.to.journal.Absorb(t.Context(), step.from.journal); err != nil || taken != 3 {
			t.Errorf("%d taken, %v", taken, err)
		}
	}
	a.wholeTo(6)
	b.wholeTo(6)
	other := newBridges(t).start("c")
	other.count = 100
	c := conversations.Commit{Entry: []byte("of another store"), Now: w.clock}
	done, err := other.store.Commit(t.Context(), patient, c)
	must(t, err)
	must(t, other.journal.Append(t.Context(), conversations.JournalEntry{Shard: shard, Sequence: done.Sequence, At: c.Now, Entry: c.Entry}))
	if _, err := other.journal.Absorb(t.Context(), a.journal); !errors.Is(err, journal.ErrForked) {
		t.Errorf("journal of another store: %v, want ErrForked", err)
	}
}
