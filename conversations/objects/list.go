package objects

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// Object is one line of a list.
type Object struct {
	Key   string
	Bytes int64
	At    time.Time // when it was put, by the server's clock, to the second
}

// List hands each object whose key begins with prefix to each, in the order of the keys, until that returns
// false or an error, which List then returns. The time limit is one of a page of the list.
func (b *Bucket) List(ctx context.Context, prefix string, each func(Object) (bool, error)) error {
	return b.walk(ctx, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}, func(o minio.ObjectInfo) (bool, error) {
		return each(Object{Key: o.Key, Bytes: o.Size, At: o.LastModified})
	})
}

// walk follows a list.
func (b *Bucket) walk(ctx context.Context, o minio.ListObjectsOptions, each func(minio.ObjectInfo) (bool, error)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := time.AfterFunc(b.timeout, func() { cancel(errSlow) })
	defer limit.Stop()
	for object := range b.client.ListObjectsIter(ctx, b.name, o) {
		limit.Stop()
		if object.Err != nil {
			return fmt.Errorf("list objects: %w", told(ctx, object.Err))
		}
		if goOn, err := each(object); err != nil || !goOn {
			return err
		}
		limit.Reset(b.timeout)
	}
	if ctx.Err() != nil { // the list may have ended early
		return fmt.Errorf("list objects: %w", context.Cause(ctx))
	}
	return nil
}

// Remove takes an object away, with every version of it; one that is not there is no error.
func (b *Bucket) Remove(ctx context.Context, key string) error {
	return b.remove(ctx, key, func(found string) bool { return found == key })
}

// RemoveAll takes every object away whose key begins with prefix, which ends a part of it.
func (b *Bucket) RemoveAll(ctx context.Context, prefix string) error {
	if !strings.HasSuffix(prefix, "/") {
		return errors.New("remove objects: a prefix ends with a slash")
	}
	return b.remove(ctx, prefix, func(string) bool { return true })
}

// remove takes the versions away of the objects that meant wants. A marker that an object was deleted is a
// version too.
func (b *Bucket) remove(ctx context.Context, prefix string, meant func(key string) bool) error {
	o := minio.ListObjectsOptions{Prefix: prefix, Recursive: true, WithVersions: true}
	return b.walk(ctx, o, func(v minio.ObjectInfo) (bool, error) {
		if !meant(v.Key) {
			return v.Key <= prefix, nil // keys come in order: what follows begins with prefix and goes on
		}
		limited, cancel := b.limit(ctx)
		defer cancel()
		if err := b.client.RemoveObject(limited, b.name, v.Key, minio.RemoveObjectOptions{VersionID: v.VersionID}); err != nil {
			return false, fmt.Errorf("remove object: %w", told(limited, err))
		}
		return true, nil
	})
}

// Has reports whether there is an object of that key, or a version of one.
func (b *Bucket) Has(ctx context.Context, key string) (found bool, err error) {
	o := minio.ListObjectsOptions{Prefix: key, Recursive: true, WithVersions: true, MaxKeys: 1}
	err = b.walk(ctx, o, func(v minio.ObjectInfo) (bool, error) {
		found = v.Key == key
		return false, nil
	})
	return found, err
}
