package app

import (
	"context"
	"fmt"
	"path/filepath"

	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/localdb"
)

// Beside opens the journal of another bridge on the same store, which does not run either, by its data
// directory: Rebuild then uses what either has, and leaves both level.
func (a *App) Beside(_ context.Context, dataDir string) error {
	lock, err := redisserver.LockDir(dataDir)
	if err != nil {
		return fmt.Errorf("open the journal in %s: %w", dataDir, err)
	}
	a.onStop("data directory "+dataDir, loopLimit, func(context.Context) error { return lock.Unlock() })
	db, err := localdb.Open(localdb.Options{Dir: filepath.Join(dataDir, localFolder), Log: a.Log.With("part", "store")})
	if err != nil {
		return fmt.Errorf("open the journal in %s: %w", dataDir, err)
	}
	a.onStop("local database of "+dataDir, loopLimit, func(context.Context) error { return db.Close() })
	other, err := journal.Open(db)
	if err != nil {
		return fmt.Errorf("open the journal in %s: %w", dataDir, err)
	}
	a.others = append(a.others, other)
	return nil
}

// absorb takes over what only the others have.
func (a *App) absorb(ctx context.Context) error {
	for _, other := range a.others {
		if _, err := a.trail.Absorb(ctx, other); err != nil {
			return err
		}
	}
	return nil
}

// level gives the others what this journal has.
func (a *App) level(ctx context.Context) error {
	for _, other := range a.others {
		if _, err := other.Absorb(ctx, a.trail); err != nil {
			return err
		}
	}
	return nil
}
