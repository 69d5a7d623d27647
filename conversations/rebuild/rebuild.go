package rebuild

import (
	"context"
	"errors"
	"fmt"
	"math"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
)

// Source gives what a journal holds of a chain.
type Source interface {
	// Image gives the entries of the image that stands for what was purged, and up to which sequence.
	Image(ctx context.Context, chain string, each func(conversations.JournalEntry) error) (upTo uint64, err error)
	// Entries gives the entries behind the image, in order.
	Entries(ctx context.Context, chain string, each func(conversations.JournalEntry) error) error
}

// Target is the store to write.
type Target interface {
	Heads(ctx context.Context) ([256]uint64, error)
	Clear(ctx context.Context) error
	Restore(ctx context.Context, image *conversations.Image) error
}

// Options are what a rebuilding is made of.
type Options struct {
	Source  Source
	Target  Target
	Journal *journal.Journal
	Keys    conversations.Keys
	// DiscardNewer goes back to the journal though the store holds more.
	DiscardNewer bool
	// Progress is called after each shard.
	Progress func(Summary)
}

// Summary counts what was done so far.
type Summary struct {
	Shards   int
	Entries  int
	Patients int
	Erased   int // patients whose key is destroyed
	Effects  int // that are due again
	Lost     int // entries that were lost with the store before their command was answered
}

// ErrNewer means that the store holds entries that the journal does not.
var ErrNewer = errors.New("redis holds newer entries than this data directory, which is an old copy: restore the newest copy of the data directory; or give --discard-newer, and lose what came since")

// shards is how many shards there are.
const shards = 256

// Run makes the state again.
func Run(ctx context.Context, o Options) (Summary, error) {
	var sum Summary
	heads, err := o.Target.Heads(ctx)
	if err != nil {
		return sum, err
	}
	for n, head := range heads {
		kept, err := o.Journal.Head(ctx, journal.Name(n))
		if err != nil {
			return sum, err
		}
		if head > kept && !o.DiscardNewer {
			return sum, fmt.Errorf("shard %s: redis at %d, journal at %d: %w", journal.Name(n), head, kept, ErrNewer)
		}
	}
	if err := o.Target.Clear(ctx); err != nil {
		return sum, err
	}
	for n := range shards {
		if err := o.shard(ctx, journal.Name(n), &sum); err != nil {
			return sum, fmt.Errorf("rebuild shard %s: %w", journal.Name(n), err)
		}
		sum.Shards++
		if o.Progress != nil {
			o.Progress(sum)
		}
	}
	return sum, nil
}

// shard makes one shard again. It closes gaps first: entries that the journal waits for are lost with the
// store, and were never answered.
func (o Options) shard(ctx context.Context, name string, sum *Summary) error {
	lost, err := o.Journal.CloseGaps(name, func(sequence uint64) conversations.JournalEntry {
		return conversations.LostEntry(name, sequence)
	})
	if err != nil {
		return fmt.Errorf("close gaps: %w", err)
	}
	sum.Lost += lost
	image, erased, err := replay(ctx, o.Source, o.Keys, name, math.MaxUint64, &sum.Entries)
	if err != nil {
		return err
	}
	for p := range erased {
		image.Erase(p)
	}
	sum.Patients += len(image.Patients)
	sum.Erased += len(erased)
	sum.Effects += image.Due()
	return o.Target.Restore(ctx, image)
}
