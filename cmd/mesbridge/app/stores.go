package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/conversations/localdb"
	"mesbridge/conversations/redisstore"
)

// Folders of a data directory.
const (
	redisFolder    = "redis"
	localFolder    = "store"
	volatileFolder = "volatile" // the store of a bridge whose Redis does not survive
)

// ownRedis starts the managed server; the demonstration does without, if need be.
func (a *App) ownRedis(ctx context.Context) (*redisserver.Server, error) {
	if program, found := redisserver.Find(); found {
		a.redisKind = managedRedis
		return redisserver.Start(ctx, program, filepath.Join(a.Config.DataDir, redisFolder), a.Log.With("part", "redis"))
	}
	if a.Demonstration == nil || !a.Demonstration.EmbeddedRedis {
		return nil, errors.New("the program redis-server is missing; install it (apt-get install redis-server), or name a server in the setting redis.server")
	}
	a.redisKind = embeddedRedis
	return redisserver.StartEmbedded()
}

// openStores opens the local database and the store on Redis. Where Redis forgets, so does the database:
// a journal without its store would refuse to serve (D17).
func (a *App) openStores(ctx context.Context) error {
	if err := a.openLocal(ctx); err != nil {
		return err
	}
	o := redisstore.Options{Replicated: a.Config.Redis.Replicas > 0, Bridges: a.Config.Redis.Bridges, Now: time.Now, Log: a.Log.With("part", "store")}
	if a.shared() {
		var err error
		if o.Bridge, err = bridgeName(a.Config.DataDir); err != nil {
			return err
		}
	}
	a.store = redisstore.New(a.client, o)
	a.loop("announcements", a.store.Run)
	return nil
}

// openLocal opens the local database.
func (a *App) openLocal(context.Context) error {
	dir := filepath.Join(a.Config.DataDir, localFolder)
	if a.redisKind == embeddedRedis {
		dir = filepath.Join(a.Config.DataDir, volatileFolder)
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("empty the volatile store: %w", err)
		}
	}
	var err error
	if a.local, err = localdb.Open(localdb.Options{Dir: dir, Log: a.Log.With("part", "store")}); err != nil {
		return err
	}
	a.onStop("local database", 30*time.Second, func(context.Context) error { return a.local.Close() })
	a.watch()
	return nil
}

// watch ends the bridge when the local database has failed: what the disk then holds is unknown.
func (a *App) watch() {
	a.loop("local database", func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return nil
		case <-a.local.Failed():
			return a.local.Err()
		}
	})
}
