package rebuild

import (
	"context"
	"errors"
	"fmt"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
)

// Source gives the entries of a chain, in order.
type Source interface {
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
	cut, err := o.tombstones(ctx, name)
	if err != nil {
		return err
	}
	image := conversations.NewImage(name)
	erased := map[conversations.PatientID]bool{}
	err = o.Source.Entries(ctx, name, func(e conversations.JournalEntry) error {
		sum.Entries++
		return o.apply(ctx, image, e, cut, erased)
	})
	if err != nil {
		return err
	}
	for p := range erased {
		image.Erase(p)
	}
	sum.Patients += len(image.Patients)
	sum.Erased += len(erased)
	sum.Effects += len(image.Effects)
	return o.Target.Restore(ctx, image)
}

// tombstones finds the last tombstone of each patient: what was sealed before it is lost with its key,
// also when the patient has another key by now.
func (o Options) tombstones(ctx context.Context, name string) (map[conversations.PatientID]uint64, error) {
	cut := map[conversations.PatientID]uint64{}
	err := o.Source.Entries(ctx, name, func(e conversations.JournalEntry) error {
		p, clear, err := conversations.Tombstone(e)
		if err == nil && clear {
			cut[p] = e.Sequence
		}
		return err
	})
	return cut, err
}

// apply makes the change of one entry.
func (o Options) apply(ctx context.Context, image *conversations.Image, e conversations.JournalEntry,
	cut map[conversations.PatientID]uint64, erased map[conversations.PatientID]bool,
) error {
	t, err := conversations.ReadTrace(e)
	if err != nil {
		return fmt.Errorf("entry %d: %w", e.Sequence, err)
	}
	var key conversations.DataKey
	if t.Patient != "" && e.Sequence >= cut[t.Patient] {
		key, _, err = o.Keys.Key(ctx, t.Patient)
		switch {
		case errors.Is(err, conversations.ErrNotFound):
			erased[t.Patient] = true
		case err != nil:
			return fmt.Errorf("entry %d: %w", e.Sequence, err)
		}
	}
	redo, _, err := conversations.OpenRedo(e, key)
	if err != nil {
		return fmt.Errorf("entry %d: %w", e.Sequence, err)
	}
	image.Apply(e, redo)
	return nil
}
