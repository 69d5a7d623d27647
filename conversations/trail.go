package conversations

import (
	"context"
	"fmt"
	"sync"
)

// trail keeps the durable journal in step with the store: an entry is on disk before its command is
// answered, and a gap left by a lost answer is filled before the shard is used again.
type trail struct {
	journal Journal
	store   Store

	mu     sync.Mutex
	shards map[string]*doubts
}

// doubts are reasons to look for entries that the journal of a shard lacks: its first use, and lost
// answers.
type doubts struct {
	raised  uint64
	settled uint64 // how many of them were looked into
}

func newTrail(j Journal, s Store) *trail {
	return &trail{journal: j, store: s, shards: map[string]*doubts{}}
}

// of returns the doubts of a shard; mu is held.
func (t *trail) of(shard string) *doubts {
	d := t.shards[shard]
	if d == nil {
		d = &doubts{raised: 1}
		t.shards[shard] = d
	}
	return d
}

// mark returns the high-water mark of a shard, after filling a gap that a lost answer left. Doubts that
// come up meanwhile stay: their entries may be committed behind what was read.
func (t *trail) mark(ctx context.Context, shard string) (uint64, error) {
	t.mu.Lock()
	raised, settled := t.of(shard).raised, t.of(shard).settled
	t.mu.Unlock()
	if settled < raised {
		if err := t.journal.Fill(ctx, t.store, shard); err != nil {
			return 0, fmt.Errorf("fill the journal: %w", err)
		}
		t.mu.Lock()
		d := t.of(shard)
		d.settled = max(d.settled, raised)
		t.mu.Unlock()
	}
	return t.journal.Head(ctx, shard)
}

// append makes the entry of a commit durable. It does not stop with the caller's context: the commit
// was made.
func (t *trail) append(ctx context.Context, e JournalEntry) error {
	if err := t.journal.Append(context.WithoutCancel(ctx), e); err != nil {
		t.doubt(e.Shard)
		return fmt.Errorf("append to the journal: %w", err)
	}
	return nil
}

// doubt notes that a write in the shard got no answer, or that its entry is not kept.
func (t *trail) doubt(shard string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(shard).raised++
}
