package bodies

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/objects"
)

// Collect looks at every body that this process put before an instant and has not looked at before, as
// [Store.Collect] does. Then it looks at every body of one shard, the next one at each call, for those whose
// process never looked again: the disk with its marks was lost. Processes begin at different shards.
func (o *Objects) Collect(ctx context.Context, before time.Time, known Known) (removed int, err error) {
	removed, err = o.marks.collect(ctx, before, known, o.removeMarked)
	if err != nil {
		return removed, err
	}
	swept, err := o.sweepShard(ctx, o.sweep.shard(), before, known)
	if err != nil {
		return removed + swept, fmt.Errorf("collect bodies: %w", err)
	}
	return removed + swept, nil
}

// removeMarked deletes a body, then its mark.
func (o *Objects) removeMarked(ctx context.Context, n name, mark []byte) error {
	if err := o.bucket.Remove(ctx, n.object()); err != nil {
		return err
	}
	return o.marks.forget(mark)
}

// sweepShard removes the bodies of a shard that were put before an instant and that known does not know.
func (o *Objects) sweepShard(ctx context.Context, shard string, before time.Time, known Known) (removed int, err error) {
	err = o.bucket.List(ctx, objectPrefix+shard+"/", func(object objects.Object) (bool, error) {
		n, ours := parseObject(object.Key)
		if !ours || !object.At.Before(before) {
			return true, nil
		}
		keep, err := known(ctx, conversations.PatientID(n.patient), conversations.ID(n.body))
		if err != nil || keep {
			return err == nil, err
		}
		if err := o.bucket.Remove(ctx, object.Key); err != nil {
			return false, err
		}
		removed++
		return true, nil
	})
	return removed, err
}

// parseObject reads the name of a body from the key of its object.
func parseObject(key string) (name, bool) {
	parts := strings.Split(strings.TrimPrefix(key, objectPrefix), "/")
	if len(parts) != 3 {
		return name{}, false
	}
	n, err := nameOf(conversations.PatientID(parts[1]), conversations.ID(parts[2]))
	return n, err == nil && n.object() == key
}

// sweep says whose turn it is among the shards.
type sweep struct{ next atomic.Uint32 }

// begin draws the first shard.
func (s *sweep) begin(random io.Reader) error {
	var first [1]byte
	if _, err := io.ReadFull(random, first[:]); err != nil {
		return fmt.Errorf("draw a shard: %w", err)
	}
	s.next.Store(uint32(first[0]))
	return nil
}

// shard returns the next one.
func (s *sweep) shard() string { return fmt.Sprintf("%02x", s.next.Add(1)%256) }
