package conversations

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// errBehind means that the store gave out fewer journal sequences than are durable here: it was
// restored from an old copy, or started empty. Nothing it says can be trusted (D17).
var errBehind = errors.New("the store is behind the journal; restore it or rebuild it before serving")

// trail keeps the durable journal in step with the store: an entry is on disk before its command is
// answered, a gap left by a lost answer is filled before the shard is used again, and the store
// forgets only what is durable.
type trail struct {
	journal Journal
	store   Store

	mu     sync.Mutex
	shards map[string]*shardTrail
}

// shardTrail is what is known of one shard.
type shardTrail struct {
	head     uint64          // highest sequence that is durable
	loaded   bool            // head was read from the journal
	suspect  bool            // a commit got no answer: an entry may be missing
	inFlight map[uint64]bool // committed here, not durable yet
	trimmed  uint64          // what the store forgot already
}

func newTrail(j Journal, s Store) *trail {
	return &trail{journal: j, store: s, shards: map[string]*shardTrail{}}
}

// mark returns the high-water mark of a shard, after filling a gap that a lost answer left.
func (t *trail) mark(ctx context.Context, shard string) (uint64, error) {
	t.mu.Lock()
	s := t.shards[shard]
	if s == nil {
		s = &shardTrail{inFlight: map[uint64]bool{}}
		t.shards[shard] = s
	}
	loaded, suspect, head := s.loaded, s.suspect, s.head
	t.mu.Unlock()
	if !loaded {
		h, err := t.journal.Head(ctx, shard)
		if err != nil {
			return 0, fmt.Errorf("read journal head: %w", err)
		}
		t.update(shard, func(s *shardTrail) { s.head, s.loaded = max(s.head, h), true; head = s.head })
	}
	if suspect {
		return t.fill(ctx, shard)
	}
	return head, nil
}

// update changes what is known of a shard that mark has seen.
func (t *trail) update(shard string, change func(*shardTrail)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(t.shards[shard])
}

// append makes the entry of a commit durable. It does not stop with the caller's context: the commit
// was made.
func (t *trail) append(ctx context.Context, e JournalEntry) error {
	t.update(e.Shard, func(s *shardTrail) { s.inFlight[e.Sequence] = true })
	err := t.journal.Append(context.WithoutCancel(ctx), e)
	t.update(e.Shard, func(s *shardTrail) {
		delete(s.inFlight, e.Sequence)
		if err != nil {
			s.suspect = true
			return
		}
		s.head = max(s.head, e.Sequence)
	})
	if err != nil {
		return fmt.Errorf("append to the journal: %w", err)
	}
	return nil
}

// doubt notes that a commit in the shard got no answer.
func (t *trail) doubt(shard string) { t.update(shard, func(s *shardTrail) { s.suspect = true }) }

// fill copies to the journal what the store has of a shard and the journal may lack.
func (t *trail) fill(ctx context.Context, shard string) (uint64, error) {
	var after, head uint64
	t.update(shard, func(s *shardTrail) { after = s.trimmed })
	for {
		entries, err := t.store.Journal(ctx, shard, after, 500)
		if err != nil {
			return 0, fmt.Errorf("read the store's journal: %w", err)
		}
		for _, e := range entries {
			if err := t.append(ctx, e); err != nil {
				return 0, err
			}
			after = e.Sequence
		}
		if len(entries) < 500 {
			break
		}
	}
	t.update(shard, func(s *shardTrail) { s.suspect, head = false, s.head })
	return head, nil
}

// trim lets the store forget, in every shard, the entries up to which nothing is in flight.
func (t *trail) trim(ctx context.Context) error {
	t.mu.Lock()
	due := map[string]uint64{}
	for shard, s := range t.shards {
		upTo := s.head
		for seq := range s.inFlight {
			upTo = min(upTo, seq-1)
		}
		if !s.suspect && upTo > s.trimmed {
			due[shard] = upTo
		}
	}
	t.mu.Unlock()
	for shard, upTo := range due {
		if err := t.store.Trim(ctx, shard, upTo); err != nil {
			return fmt.Errorf("trim the store's journal: %w", err)
		}
		t.update(shard, func(s *shardTrail) { s.trimmed = max(s.trimmed, upTo) })
	}
	return nil
}
