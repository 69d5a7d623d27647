package journal

import (
	"context"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// Stream is the part of [conversations.Store] that holds entries until they are durable here.
type Stream interface {
	Journal(ctx context.Context, shard string, after uint64, limit int) ([]conversations.JournalEntry, error)
	Trim(ctx context.Context, shard string, upTo uint64) error
	Head(ctx context.Context, shard string) (uint64, error)
	Heads(ctx context.Context) ([256]uint64, error)
}

// Heads tells the last sequence that a store gave out in each shard.
type Heads func(ctx context.Context) ([256]uint64, error)

// Trouble is what is wrong between the store and the journal of a shard.
type Trouble string

// Troubles. With the first two the store must not be used until it is restored or rebuilt (D17); the
// third means that the local database is an old copy, or lost entries.
const (
	Behind  Trouble = "behind"  // the store gave out fewer sequences than are kept here
	Forked  Trouble = "forked"  // the store has another entry under a sequence that is kept here
	Missing Trouble = "missing" // the store forgot entries that are not kept here
)

// Fault is one shard with trouble.
type Fault struct {
	Shard   string
	Trouble Trouble
	Local   uint64 // last sequence up to which nothing is missing here; for Behind, the last one kept
	Store   uint64 // last sequence that the store gave out
}

// Error tells the fault; it holds no personal data.
func (f Fault) Error() string {
	return fmt.Sprintf("shard %s %s: journal at %d, store at %d", f.Shard, f.Trouble, f.Local, f.Store)
}

// errStream means that the store listed entries of another shard, or not in order.
var errStream = errors.New("the store lists its journal out of order")

// pageEntries is how many entries are read from the stream at a time.
const pageEntries = 500

// CatchUp takes over the entries of the stream that are not kept here, of every shard: those of
// commits that a crash cut off before their append. It returns how many it took and the shards with
// trouble, whose entries it leaves alone. With a fault, or an error, nothing may be served. What is
// whole is remembered, so that the next Open need not look at it.
func (j *Journal) CatchUp(ctx context.Context, stream Stream) (taken int, faults []Fault, err error) {
	var found [shards]struct {
		taken int
		fault Fault
	}
	err = eachShard(func(n int) error {
		t, fault, err := j.fill(ctx, stream, n)
		if err != nil {
			return fmt.Errorf("catch up shard %s: %w", shardName(n), err)
		}
		found[n].taken, found[n].fault = t, fault
		return nil
	})
	for _, f := range found {
		taken += f.taken
		if f.fault.Trouble != "" {
			faults = append(faults, f.fault)
		}
	}
	if err != nil {
		return taken, faults, err
	}
	if err := j.mark(); err != nil {
		return taken, faults, err
	}
	return taken, faults, nil
}

// Fill takes over what the store has of one shard and the journal lacks. It fails with
// [conversations.ErrBehind] on a store that is behind, and with the fault itself on any other trouble.
func (j *Journal) Fill(ctx context.Context, store conversations.Store, name string) error {
	n, err := shardNumber(name)
	if err != nil || n >= shards {
		return errShard
	}
	_, fault, err := j.fill(ctx, store, n)
	switch {
	case err != nil:
		return err
	case fault.Trouble == Behind:
		return conversations.ErrBehind
	case fault.Trouble != "":
		return fault
	}
	return nil
}

// Compare lists the shards in which the store is behind. It may be asked at any time, while commands
// run: it reads each mark here first, so that a commit in between cannot look like a fault.
func (j *Journal) Compare(ctx context.Context, store Heads) (faults []Fault, err error) {
	var local [shards]uint64
	for n := range local {
		if local[n], err = j.Head(ctx, shardName(n)); err != nil {
			return nil, err
		}
	}
	heads, err := store(ctx)
	if err != nil {
		return nil, fmt.Errorf("compare with the store: %w", err)
	}
	for n := range local {
		if heads[n] < local[n] {
			faults = append(faults, Fault{Shard: shardName(n), Trouble: Behind, Local: local[n], Store: heads[n]})
		}
	}
	return faults, nil
}

// behind compares the marks of one shard. Store is set in any case.
func (j *Journal) behind(ctx context.Context, stream Stream, n int) (Fault, error) {
	local, err := j.Head(ctx, shardName(n))
	if err != nil {
		return Fault{}, err
	}
	head, err := stream.Head(ctx, shardName(n))
	if err != nil {
		return Fault{}, err
	}
	f := Fault{Shard: shardName(n), Local: local, Store: head}
	if head < local {
		f.Trouble = Behind
	}
	return f, nil
}

// fill takes over what the stream has of one shard. It starts with the last entry before the first
// gap, if the stream still has it, to see whether it is the same.
func (j *Journal) fill(ctx context.Context, stream Stream, n int) (taken int, f Fault, err error) {
	if f, err = j.behind(ctx, stream, n); err != nil || f.Trouble != "" {
		return 0, f, err
	}
	s := &j.shards[n]
	for after := max(s.wholeNow(), 1) - 1; after < f.Store; {
		entries, err := stream.Journal(ctx, f.Shard, after, pageEntries)
		if err != nil {
			return taken, f, err
		}
		for _, e := range entries {
			if e.Shard != f.Shard || e.Sequence <= after {
				return taken, f, errStream
			}
			after = e.Sequence
			added, err := j.take(ctx, s, e)
			switch {
			case errors.Is(err, ErrForked):
				f.Trouble, f.Local = Forked, e.Sequence
				return taken, f, nil
			case err != nil:
				return taken, f, err
			case added:
				taken++
			}
		}
		if len(entries) == 0 {
			break
		}
	}
	if taken > 0 {
		if err := j.mark(); err != nil { // what was taken is durable now
			return taken, f, err
		}
	}
	if f.Local = s.wholeNow(); f.Local < f.Store {
		f.Trouble = Missing
	}
	return taken, f, nil
}

// take appends an entry of the stream, and tells whether it was not kept before.
func (j *Journal) take(ctx context.Context, s *shard, e conversations.JournalEntry) (added bool, err error) {
	kept := s.keeps(e.Sequence)
	return !kept, j.Note(ctx, e)
}

func (s *shard) wholeNow() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.whole
}

// Keep fills the gaps that outlast one call, whose entries nobody else may know of, remembers up to
// where nothing is missing, and lets the store forget that much. Call it every few seconds: the store
// holds no more than what came since, beside what is in flight. It alone trims.
func (j *Journal) Keep(ctx context.Context, stream Stream) error {
	var errs []error
	for _, n := range j.gaps() {
		if _, fault, err := j.fill(ctx, stream, n); err != nil {
			errs = append(errs, fmt.Errorf("fill shard %s: %w", shardName(n), err))
		} else if fault.Trouble != "" {
			errs = append(errs, fault)
		}
	}
	if err := j.mark(); err != nil {
		return errors.Join(append(errs, err)...)
	}
	return errors.Join(append(errs, j.trim(ctx, stream)...)...)
}

// gaps lists the shards in which an entry is missing that was missing the last time.
func (j *Journal) gaps() (list []int) {
	for n := range shards {
		s := &j.shards[n]
		s.mu.Lock()
		gap := uint64(0)
		if len(s.ahead) > 0 {
			gap = s.whole + 1
		}
		if gap > 0 && gap == s.gap {
			list = append(list, n)
		}
		s.gap = gap
		s.mu.Unlock()
	}
	return list
}

// trim lets the store forget what is marked.
func (j *Journal) trim(ctx context.Context, stream Stream) (errs []error) {
	for n := range shards {
		s := &j.shards[n]
		s.mu.Lock()
		upTo, done := s.marked, s.trimmed
		s.mu.Unlock()
		if upTo <= done {
			continue
		}
		if err := stream.Trim(ctx, shardName(n), upTo); err != nil {
			errs = append(errs, fmt.Errorf("trim shard %s: %w", shardName(n), err))
			continue
		}
		s.mu.Lock()
		s.trimmed = max(s.trimmed, upTo)
		s.mu.Unlock()
	}
	return errs
}

// mark remembers up to where the shards have no gap, in one batch.
func (j *Journal) mark() error {
	due := map[int]uint64{}
	for n := range j.shards {
		s := &j.shards[n]
		s.mu.Lock()
		if s.whole > s.marked {
			due[n] = s.whole
		}
		s.mu.Unlock()
	}
	if len(due) == 0 {
		return nil
	}
	err := j.db.Sync(func(b *pebble.Batch) error {
		for n, upTo := range due {
			if err := b.Set(localdb.Marks.Key(shardName(n)), formatMark(upTo), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark journal: %w", err)
	}
	for n, upTo := range due {
		s := &j.shards[n]
		s.mu.Lock()
		s.marked = max(s.marked, upTo)
		s.mu.Unlock()
	}
	return nil
}
