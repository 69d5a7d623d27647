package conversations

import (
	"context"
	"errors"
	"fmt"
	"maps"
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

// shardTrail is what is known of one shard. Sequences have no holes, but a commit's answer may come
// late or never, so that entries become durable in any order.
type shardTrail struct {
	head    uint64          // highest sequence that is durable
	whole   uint64          // all sequences up to it are durable
	ahead   map[uint64]bool // durable ones after the first that is not
	doubts  uint64          // reasons to look for entries that the journal lacks: the first use, lost answers
	settled uint64          // how many of them fill has looked into
	gap     uint64          // the first that is not, when trim last met one; 0: it met none
	trimmed uint64          // what the store forgot already
}

func newTrail(j Journal, s Store) *trail {
	return &trail{journal: j, store: s, shards: map[string]*shardTrail{}}
}

// mark returns the high-water mark of a shard, after filling a gap that a lost answer left.
func (t *trail) mark(ctx context.Context, shard string) (uint64, error) {
	t.mu.Lock()
	s := t.shards[shard]
	if s == nil {
		s = &shardTrail{ahead: map[uint64]bool{}, doubts: 1}
		t.shards[shard] = s
	}
	settled, head := s.settled == s.doubts, s.head
	t.mu.Unlock()
	if settled {
		return head, nil
	}
	return t.fill(ctx, shard)
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
	if err := t.journal.Append(context.WithoutCancel(ctx), e); err != nil {
		t.doubt(e.Shard)
		return fmt.Errorf("append to the journal: %w", err)
	}
	t.update(e.Shard, func(s *shardTrail) { s.note(e.Sequence) })
	return nil
}

// note records that an entry is durable.
func (s *shardTrail) note(sequence uint64) {
	s.head = max(s.head, sequence)
	if sequence > s.whole {
		s.ahead[sequence] = true
	}
	s.close(s.whole)
}

// close records that all entries up to a sequence are durable.
func (s *shardTrail) close(upTo uint64) {
	if upTo > s.whole {
		s.whole = upTo
		maps.DeleteFunc(s.ahead, func(sequence uint64, _ bool) bool { return sequence <= upTo })
	}
	for s.ahead[s.whole+1] {
		s.whole++
		delete(s.ahead, s.whole)
	}
}

// doubt notes that a commit in the shard got no answer, or that its entry is not durable.
func (t *trail) doubt(shard string) { t.update(shard, func(s *shardTrail) { s.doubts++ }) }

// fill copies to the journal what the store has of a shard and the journal may lack. Doubts that come
// up meanwhile stay: their entries may be committed behind what was read.
func (t *trail) fill(ctx context.Context, shard string) (uint64, error) {
	var doubts, after uint64
	t.update(shard, func(s *shardTrail) { doubts, after = s.doubts, s.whole })
	head, err := t.journal.Head(ctx, shard)
	if err != nil {
		return 0, fmt.Errorf("read journal head: %w", err)
	}
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
	t.update(shard, func(s *shardTrail) {
		s.head, s.settled = max(s.head, head), max(s.settled, doubts)
		s.close(max(head, after)) // what the store no longer lists was trimmed, hence is durable
		head = s.head
	})
	return head, nil
}

// trim lets the store forget, in every shard, the entries before the first that is not durable. It
// fills a gap that outlasts one call: nobody else may know of that entry.
func (t *trail) trim(ctx context.Context) error {
	var errs []error
	for _, shard := range t.gaps() {
		if _, err := t.fill(ctx, shard); err != nil {
			errs = append(errs, err)
		}
	}
	t.mu.Lock()
	due := map[string]uint64{}
	for shard, s := range t.shards {
		if s.whole > s.trimmed {
			due[shard] = s.whole
		}
	}
	t.mu.Unlock()
	for shard, upTo := range due {
		if err := t.store.Trim(ctx, shard, upTo); err != nil {
			errs = append(errs, fmt.Errorf("trim the store's journal: %w", err))
			continue
		}
		t.update(shard, func(s *shardTrail) { s.trimmed = max(s.trimmed, upTo) })
	}
	return errors.Join(errs...)
}

// gaps lists the shards in which an entry may be missing that is not just on its way.
func (t *trail) gaps() (list []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for shard, s := range t.shards {
		gap := uint64(0)
		if len(s.ahead) > 0 {
			gap = s.whole + 1
		}
		if gap > 0 && gap == s.gap || s.settled < s.doubts {
			list = append(list, shard)
		}
		s.gap = gap
	}
	return list
}
