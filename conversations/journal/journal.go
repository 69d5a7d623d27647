package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// ErrForked means that another entry is kept under the sequence: the store went back to an old copy
// and gave its numbers out a second time. Nothing it says can be trusted (D17).
var ErrForked = errors.New("the journal keeps another entry under this sequence")

// Journal is the local engine of [conversations.Journal]. It is safe for concurrent use.
type Journal struct {
	db     *localdb.DB
	shards [Chains]shard

	sealing sync.Mutex // held while seals change
	seals   Seals
}

var _ conversations.Journal = (*Journal)(nil)

// shard is what is known of the durable entries of one shard.
type shard struct {
	mu      sync.Mutex
	whole   uint64              // entries 1 to whole are kept
	ahead   map[uint64]struct{} // entries that are kept beyond a gap
	head    uint64              // the last entry that is kept
	marked  uint64              // whole, as the database remembers it
	trimmed uint64              // up to where the store was told to forget
	gap     uint64              // first missing entry when Keep last looked; 0: none
	floor   uint64              // entries 1 to floor were purged
}

// Open returns the journal of db.
func Open(db *localdb.DB) (*Journal, error) {
	j := &Journal{db: db}
	if err := j.checkVersion(); err != nil {
		return nil, err
	}
	if err := j.loadSeals(); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	for n := range j.shards {
		if err := j.load(n); err != nil {
			return nil, fmt.Errorf("open journal of shard %s: %w", shardName(n), err)
		}
	}
	return j, nil
}

// load finds out what is kept of a shard: up to the mark there is no gap, after it the keys tell.
func (j *Journal) load(n int) error {
	s, name := &j.shards[n], shardName(n)
	s.ahead = map[uint64]struct{}{}
	_, err := j.db.Get(localdb.Marks.Key(name), func(value []byte) (err error) {
		s.marked, err = parseMark(value)
		s.whole, s.head = s.marked, s.marked
		return err
	})
	if err != nil {
		return err
	}
	if s.floor, err = j.loadFloor(name); err != nil {
		return err
	}
	return j.db.Scan(entryKey(name, s.whole+1), endOf(name), func(key, _ []byte) (bool, error) {
		_, sequence, err := parseKey(key)
		s.note(sequence)
		return true, err
	})
}

// endOf is the first key after the entries of a shard.
func endOf(shard string) []byte {
	end := localdb.Entries.Key(shard)
	end[len(end)-1]++
	return end
}

// note records that an entry is durable.
func (s *shard) note(sequence uint64) {
	s.head = max(s.head, sequence)
	if sequence <= s.whole {
		return
	}
	s.ahead[sequence] = struct{}{}
	for {
		if _, kept := s.ahead[s.whole+1]; !kept {
			return
		}
		delete(s.ahead, s.whole+1)
		s.whole++
	}
}

// keeps reports whether an entry is durable.
func (s *shard) keeps(sequence uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ahead := s.ahead[sequence]
	return ahead || sequence <= s.whole
}

// isMarked reports whether an entry is among those that a synced mark covers.
func (s *shard) isMarked(sequence uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sequence <= s.marked
}

// Append returns when the entry is on disk; appends that run at the same time share one sync. It
// ignores the end of ctx: the change was made, and its trace must follow. Appending an entry again
// changes nothing; appending another one under the same sequence is [ErrForked].
func (j *Journal) Append(_ context.Context, e conversations.JournalEntry) error {
	return j.keep(e, j.db.Sync, true)
}

// Note keeps an entry like Append, without waiting for the disk: the next Append makes it durable, and
// the store is told to forget only what is.
func (j *Journal) Note(_ context.Context, e conversations.JournalEntry) error {
	return j.keep(e, j.db.Write, false)
}

// keep writes an entry. One that is there may be there without having reached the disk: whoever must have it
// there writes it again.
func (j *Journal) keep(e conversations.JournalEntry, write func(func(*pebble.Batch) error) error, durable bool) error {
	n, err := shardNumber(e.Shard)
	if err != nil || e.Sequence == 0 || n >= shards {
		return errShard
	}
	s := &j.shards[n]
	if s.keeps(e.Sequence) {
		if err := j.compare(e); err != nil || !durable || s.isMarked(e.Sequence) {
			return err
		}
	}
	err = write(func(b *pebble.Batch) error { return b.Set(entryKey(e.Shard, e.Sequence), formatEntry(e), nil) })
	if err != nil {
		return fmt.Errorf("append journal entry: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(e.Sequence)
	return nil
}

// Local gives an entry the next sequence of the chain [Own], or [Technical], without waiting for the disk.
func (j *Journal) Local(_ context.Context, at time.Time, entry []byte) error {
	n := shards
	if conversations.EntryTechnical(entry) {
		n++
	}
	s := &j.shards[n]
	s.mu.Lock()
	defer s.mu.Unlock()
	e := conversations.JournalEntry{Shard: shardName(n), Sequence: s.head + 1, At: at, Entry: entry}
	err := j.db.Write(func(b *pebble.Batch) error { return b.Set(entryKey(e.Shard, e.Sequence), formatEntry(e), nil) })
	if err != nil {
		return fmt.Errorf("append event: %w", err)
	}
	s.note(e.Sequence)
	return nil
}

// compare checks that the entry that is kept is e. Of one that was purged nothing is left to compare.
func (j *Journal) compare(e conversations.JournalEntry) error {
	if j.Purged(e.Shard) >= e.Sequence {
		return nil
	}
	same := false
	_, err := j.db.Get(entryKey(e.Shard, e.Sequence), func(value []byte) error {
		_, entry, err := parseEntry(value)
		same = bytes.Equal(entry, e.Entry)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("compare journal entry: %w", err)
	case !same:
		return ErrForked
	}
	return nil
}

// Head returns the last sequence that is kept of a shard, 0 when none is.
func (j *Journal) Head(_ context.Context, name string) (uint64, error) {
	n, err := shardNumber(name)
	if err != nil {
		return 0, err
	}
	if err := j.db.Err(); err != nil {
		return 0, err
	}
	s := &j.shards[n]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head, nil
}

// Read returns at most limit entries of a shard after a sequence, in order. A gap is passed over in
// silence; the sequences show it. The caller owns the entries.
func (j *Journal) Read(ctx context.Context, name string, after uint64, limit int) ([]conversations.JournalEntry, error) {
	if _, err := shardNumber(name); err != nil {
		return nil, err
	}
	if limit <= 0 || after+1 == 0 {
		return nil, nil
	}
	var entries []conversations.JournalEntry
	err := j.db.Scan(entryKey(name, after+1), endOf(name), func(key, value []byte) (bool, error) {
		e, err := readEntry(key, value)
		if err != nil {
			return false, err
		}
		e.Entry = slices.Clone(e.Entry)
		entries = append(entries, e)
		return len(entries) < limit, ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return entries, nil
}
