package journal

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations/localdb"
)

// errUnsealed means that entries to purge are not in the archive yet.
var errUnsealed = errors.New("entries to purge are not sealed yet")

// Purge deletes the entries of chains up to a sequence each, durably, and returns how many there were. The
// caller has purged them from the archive, or is about to; what is not sealed is refused. A chain that was
// purged further already stays as it is.
func (j *Journal) Purge(upTo map[string]uint64) (purged uint64, err error) {
	seals := j.Seals()
	due := map[int]uint64{}
	for name, sequence := range upTo {
		n, err := shardNumber(name)
		if err != nil {
			return 0, err
		}
		if sequence > seals.Chains[n].Sequence {
			return 0, fmt.Errorf("purge chain %s: %w", name, errUnsealed)
		}
		if floor := j.Purged(name); sequence > floor {
			due[n] = sequence
			purged += sequence - floor
		}
	}
	if len(due) == 0 {
		return 0, nil
	}
	if err := j.mark(); err != nil { // what is behind the mark need not be there
		return 0, err
	}
	err = j.db.Sync(func(b *pebble.Batch) error {
		for n, sequence := range due {
			name := shardName(n)
			if err := b.DeleteRange(entryKey(name, 0), entryKey(name, sequence+1), nil); err != nil {
				return err
			}
			if err := b.Set(localdb.Floors.Key(name), formatMark(sequence), nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("purge journal: %w", err)
	}
	for n, sequence := range due {
		s := &j.shards[n]
		s.mu.Lock()
		s.floor = max(s.floor, sequence)
		s.mu.Unlock()
	}
	return purged, nil
}

// Purged returns up to which sequence a chain was purged, 0 for none.
func (j *Journal) Purged(name string) uint64 {
	n, err := shardNumber(name)
	if err != nil {
		return 0
	}
	s := &j.shards[n]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.floor
}

// loadFloor reads up to where a chain was purged.
func (j *Journal) loadFloor(name string) (floor uint64, err error) {
	_, err = j.db.Get(localdb.Floors.Key(name), func(value []byte) (err error) {
		floor, err = parseMark(value)
		return err
	})
	return floor, err
}
