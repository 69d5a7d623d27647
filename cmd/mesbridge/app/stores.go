package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/conversations/localdb"
	"mesbridge/conversations/redisstore"
)

// Kinds of Redis, as the ready file names them.
const (
	managedRedis  = "managed"
	embeddedRedis = "embedded"
)

// Folders of a data directory.
const (
	redisFolder    = "redis"
	localFolder    = "store"
	volatileFolder = "volatile" // the store of a bridge whose Redis does not survive
)

// startRedis starts our own server, or takes the one that the settings name.
func (a *App) startRedis(ctx context.Context) error {
	redis.SetLogger(redisLog{a.Log.With("part", "redis")})
	options, err := a.redisOptions(ctx)
	if err != nil {
		return err
	}
	options.ContextTimeoutEnabled = true
	options.OnConnect = a.recognise
	a.client = redis.NewClient(options)
	a.onStop("redis connections", time.Second, func(context.Context) error { return a.client.Close() })
	if err := a.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("reach redis: %w", err)
	}
	return nil
}

// redisOptions returns how to reach the server, after starting it when it is our own.
func (a *App) redisOptions(ctx context.Context) (*redis.Options, error) {
	if a.Config.Redis != config.Managed {
		options, err := redis.ParseURL(a.Config.Redis)
		if err != nil {
			return nil, errors.New("the setting redis is not a URL of redis") // the cause could quote a password
		}
		a.redisKind = a.Config.Redis
		return options, nil
	}
	server, err := a.ownRedis(ctx)
	if err != nil {
		return nil, err
	}
	a.onStop("redis", 15*time.Second, server.Stop)
	return &redis.Options{Network: server.Network, Addr: server.Addr}, nil
}

// ownRedis starts the managed server; the demonstration does without, if need be.
func (a *App) ownRedis(ctx context.Context) (*redisserver.Server, error) {
	if program, found := redisserver.Find(); found {
		a.redisKind = managedRedis
		return redisserver.Start(ctx, program, filepath.Join(a.Config.DataDir, redisFolder), a.Log.With("part", "redis"))
	}
	if a.Demonstration == nil || !a.Demonstration.EmbeddedRedis {
		return nil, errors.New("the program redis-server is missing; install it (apt-get install redis-server), or name a server in the setting redis")
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
	a.store = redisstore.New(a.client, redisstore.Options{Log: a.Log.With("part", "store")})
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

// redisLog passes on what go-redis tells of its connections.
type redisLog struct{ log *slog.Logger }

// Printf implements the logger of go-redis.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.WarnContext(ctx, "redis client", "detail", fmt.Sprintf(format, args...))
}
