package journal

import (
	"context"
	"fmt"
)

// Absorb takes over the entries of shards that another bridge's journal has and this one lacks, and returns how
// many: for a store that is lost, from which nothing can be followed any more. [ErrForked] means that the two do
// not come from one store. The other journal is left as it is.
func (j *Journal) Absorb(ctx context.Context, other *Journal) (taken int, err error) {
	for n := range shards {
		s, name := &j.shards[n], shardName(n)
		for after := max(s.wholeNow(), 1) - 1; ; { // the last one is compared
			entries, err := other.Read(ctx, name, after, pageEntries)
			if err != nil {
				return taken, fmt.Errorf("absorb shard %s: %w", name, err)
			}
			for _, e := range entries {
				added, err := j.take(ctx, s, e)
				if err != nil {
					return taken, fmt.Errorf("absorb entry %d of shard %s: %w", e.Sequence, name, err)
				}
				if added {
					taken++
				}
				after = e.Sequence
			}
			if len(entries) < pageEntries {
				break
			}
		}
	}
	return taken, j.mark()
}
