package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mesbridge/conversations"
)

// Pack writes what the entries of a shard up to a sequence made, as entries of an image that can stand in
// their place.
func Pack(ctx context.Context, source Source, keys conversations.Keys, shard string, upTo uint64, at time.Time, add func(entry []byte) error) error {
	var entries int
	image, _, err := replay(ctx, source, keys, shard, upTo, &entries)
	if err != nil {
		return err
	}
	return image.Pack(ctx, keys, at, add)
}

// replay makes the image of a shard from its entries up to a sequence, counts them, and tells whose key is
// destroyed.
func replay(ctx context.Context, source Source, keys conversations.Keys, shard string, upTo uint64, entries *int,
) (*conversations.Image, map[conversations.PatientID]bool, error) {
	r := &replayer{ctx: ctx, keys: keys, image: conversations.NewImage(shard), erased: map[conversations.PatientID]bool{}}
	var err error
	if r.cut, err = tombstones(ctx, source, shard); err != nil {
		return nil, nil, err
	}
	if r.image.Head, err = source.Image(ctx, shard, r.open); err != nil {
		return nil, nil, err
	}
	err = source.Entries(ctx, shard, func(e conversations.JournalEntry) error {
		if e.Sequence > upTo {
			return errEnough
		}
		*entries++
		return r.apply(e)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, nil, err
	}
	return r.image, r.erased, nil
}

// errEnough ends the reading of entries.
var errEnough = errors.New("no more entries are asked for")

// replayer makes an image.
type replayer struct {
	ctx    context.Context //nolint:containedctx // it lives for one call of replay
	keys   conversations.Keys
	image  *conversations.Image
	cut    map[conversations.PatientID]uint64
	erased map[conversations.PatientID]bool
}

// tombstones finds the last tombstone of each patient: what was sealed before it is lost with its key,
// also when the patient has another key by now.
func tombstones(ctx context.Context, source Source, name string) (map[conversations.PatientID]uint64, error) {
	cut := map[conversations.PatientID]uint64{}
	err := source.Entries(ctx, name, func(e conversations.JournalEntry) error {
		p, clear, err := conversations.Tombstone(e)
		if err == nil && clear {
			cut[p] = e.Sequence
		}
		return err
	})
	return cut, err
}

// open takes over an entry of the image that stands for what was purged.
func (r *replayer) open(e conversations.JournalEntry) error {
	t, err := conversations.ReadTrace(e)
	if err != nil {
		return err
	}
	key, err := r.key(t.Patient, 0)
	if err != nil {
		return err
	}
	return r.image.Open(e, key)
}

// apply makes the change of one entry.
func (r *replayer) apply(e conversations.JournalEntry) error {
	t, err := conversations.ReadTrace(e)
	if err != nil {
		return fmt.Errorf("entry %d: %w", e.Sequence, err)
	}
	key, err := r.key(t.Patient, e.Sequence)
	if err != nil {
		return fmt.Errorf("entry %d: %w", e.Sequence, err)
	}
	redo, _, err := conversations.OpenRedo(e, key)
	if err != nil {
		return fmt.Errorf("entry %d: %w", e.Sequence, err)
	}
	r.image.Apply(e, redo)
	return nil
}

// key returns the key that sealed what was written for a patient at a sequence; the zero key when it is
// destroyed, or there is no patient.
func (r *replayer) key(p conversations.PatientID, sequence uint64) (conversations.DataKey, error) {
	if p == "" || sequence < r.cut[p] {
		return conversations.DataKey{}, nil
	}
	key, _, err := r.keys.Key(r.ctx, p)
	if errors.Is(err, conversations.ErrNotFound) {
		r.erased[p] = true
		return conversations.DataKey{}, nil
	}
	return key, err
}
