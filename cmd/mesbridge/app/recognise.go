package app

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/redisstore"
)

// marks are what a server is recognised by.
type marks struct {
	journal atomic.Pointer[journal.Journal] // nil until the start compared them
	strange atomic.Bool                     // the last connection reached a store that is behind
}

// recognise compares the high-water marks over each new connection to redis, before anything else uses it: a
// server that came back as an old or empty copy is not believed in anything (D17), neither in rights, which
// carry their own mark, nor in logins, tokens and lists, which do not. Until then the command fails as if
// the server were away, and the next one tries again.
func (a *App) recognise(ctx context.Context, c *redis.Conn) error {
	known := a.marks.journal.Load()
	if known == nil {
		return nil
	}
	err := behind(ctx, known, func(ctx context.Context) ([256]uint64, error) { return redisstore.HeadsOf(ctx, c) })
	if strange := err != nil; a.marks.strange.Swap(strange) != strange {
		if strange {
			a.Log.ErrorContext(ctx, "redis is not used", "error", err)
		} else {
			a.Log.WarnContext(ctx, "redis is used again")
		}
	}
	return err
}

// behind fails with ErrBehind when a store gave out less than the journal keeps.
func behind(ctx context.Context, known *journal.Journal, store journal.Heads) error {
	faults, err := known.Compare(ctx, store)
	switch {
	case err != nil:
		return err
	case len(faults) > 0:
		return fmt.Errorf("%w (%w; %d shards)", conversations.ErrBehind, faults[0], len(faults))
	}
	return nil
}
