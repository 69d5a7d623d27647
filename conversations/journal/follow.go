package journal

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// Follow takes over what other bridges wrote to the store since, so that each keeps the whole journal: any of
// them can show a patient's history, seal every chain, make the state again, and tell an old copy of the store.
// It returns how many entries it took. Call it as often as Keep, before it, where bridges share a store; a
// shard with trouble does not keep it from the others.
func (j *Journal) Follow(ctx context.Context, stream Stream) (taken int, err error) {
	heads, err := stream.Heads(ctx)
	if err != nil {
		return 0, fmt.Errorf("follow the store: %w", err)
	}
	var errs []error
	for n := range heads {
		if heads[n] <= j.shards[n].wholeNow() {
			continue
		}
		added, fault, err := j.fill(ctx, stream, n)
		taken += added
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("follow shard %s: %w", shardName(n), err))
		case fault.Trouble != "":
			errs = append(errs, fault)
		}
	}
	return taken, errors.Join(errs...)
}

// Register tells the store up to where this journal is whole, in every shard, so that nothing is forgotten
// there which it still lacks. Where bridges share a store, call it before CatchUp, and then every hour: a
// bridge that does not call counts as gone some day.
func (j *Journal) Register(ctx context.Context, stream Stream) error {
	return eachShard(func(n int) error {
		s := &j.shards[n]
		s.mu.Lock()
		upTo := s.marked
		s.mu.Unlock()
		if err := stream.Trim(ctx, shardName(n), upTo); err != nil {
			return fmt.Errorf("register shard %s: %w", shardName(n), err)
		}
		return nil
	})
}

// atOnce is how many shards are asked about at a time: on a cluster each answer waits for a replica.
const atOnce = 16

// eachShard calls do for every shard, several at a time, and returns the first error.
func eachShard(do func(n int) error) error {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for n := range shards {
		group.Go(func() error { return do(n) })
	}
	return group.Wait()
}
