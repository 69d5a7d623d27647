package keystore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/objects"
)

// ErrErasedJustNow means that a process may still remember the erased key of a patient who comes back: what
// it sealed with that key, nobody could open. It passes after six minutes.
var ErrErasedJustNow = errors.New("the data key was erased a moment ago")

// Prefixes of the keys of objects.
const (
	keyPrefix    = "keys/"
	erasedPrefix = "erased/" // since when there is no key; nothing else is in such an object
)

// quarantine is how long nobody gets a new key after an erasure: as long as any process may remember the old
// one, and a minute for clocks that differ.
const quarantine = keepFor + sweepEvery + time.Minute

// maxObject is more than any object here takes, in bytes.
const maxObject = 1 << 10

// objectShelf keeps keys in a bucket, one small object each.
type objectShelf struct {
	bucket *objects.Bucket
	now    func() time.Time
}

func object(prefix string, p conversations.PatientID) string {
	return prefix + p.Shard() + "/" + string(p)
}

func (o *objectShelf) read(ctx context.Context, p conversations.PatientID) ([]byte, error) {
	value, err := o.bucket.Read(ctx, object(keyPrefix, p), maxObject)
	if errors.Is(err, objects.ErrNotFound) {
		return nil, conversations.ErrNotFound
	}
	return value, err
}

// add waits, by failing, until every process has forgotten the key that was erased before. The server lets one
// of two writers win; the other one takes what is there.
func (o *objectShelf) add(ctx context.Context, p conversations.PatientID, value []byte) ([]byte, error) {
	text, err := o.bucket.Read(ctx, object(erasedPrefix, p), maxObject)
	if !errors.Is(err, objects.ErrNotFound) {
		if err != nil {
			return nil, err
		}
		since, err := time.Parse(time.RFC3339, string(text))
		if err != nil {
			return nil, ErrAltered
		}
		if o.now().Sub(since) < quarantine {
			return nil, ErrErasedJustNow
		}
	}
	err = o.bucket.Put(ctx, object(keyPrefix, p), objects.NewContent(value))
	if errors.Is(err, objects.ErrTaken) {
		return o.read(ctx, p)
	}
	return value, err
}

// erase notes the instant, durable before the key goes, and takes the key away with its versions. Without a
// key it leaves the note as it is: whoever comes back is erased once more first.
func (o *objectShelf) erase(ctx context.Context, p conversations.PatientID) error {
	there, err := o.bucket.Has(ctx, object(keyPrefix, p))
	if err != nil || !there {
		return err
	}
	note := object(erasedPrefix, p)
	if err := o.bucket.Remove(ctx, note); err != nil {
		return fmt.Errorf("note the erasure: %w", err)
	}
	if err := o.bucket.Put(ctx, note, objects.NewContent(o.now().UTC().AppendFormat(nil, time.RFC3339))); err != nil {
		return fmt.Errorf("note the erasure: %w", err)
	}
	return o.bucket.Remove(ctx, object(keyPrefix, p))
}

func (o *objectShelf) any(ctx context.Context) (value []byte, err error) {
	found := ""
	err = o.bucket.List(ctx, keyPrefix, func(o objects.Object) (bool, error) { found = o.Key; return false, nil })
	switch {
	case err != nil:
		return nil, err
	case found == "":
		return nil, conversations.ErrNotFound
	}
	value, err = o.bucket.Read(ctx, found, maxObject)
	if errors.Is(err, objects.ErrNotFound) { // erased this moment
		return nil, conversations.ErrNotFound
	}
	return value, err
}
