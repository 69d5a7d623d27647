package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/rebuild"
)

// OpenOffline opens the journal of a bridge that does not run, for the commands of audit. Nothing is
// served, and redis is left alone. The lock of the data directory becomes the bridge's.
func OpenOffline(ctx context.Context, o Options) (*App, error) { return open(ctx, o, false) }

// OpenForRebuild opens journal and store of a bridge that does not run, without comparing them.
func OpenForRebuild(ctx context.Context, o Options) (*App, error) { return open(ctx, o, true) }

func open(ctx context.Context, o Options, store bool) (*App, error) {
	a := &App{Options: o, parts: newParts(), metrics: prometheus.NewRegistry()}
	a.onStop("data directory", loopLimit, func(context.Context) error { return a.Lock.Unlock() })
	steps := []func(context.Context) error{a.openLocal, a.openJournal}
	if store {
		steps = []func(context.Context) error{a.startRedis, a.openStores, a.openJournal}
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Stop())
		}
	}
	return a, nil
}

// Rebuild makes the state in redis again from the journal, and traces that it did.
func (a *App) Rebuild(ctx context.Context, discardNewer bool, progress func(rebuild.Summary)) (rebuild.Summary, error) {
	source, err := archive.NewReader(os.DirFS(a.local.Path(archiveFolder)), a.trail)
	if err != nil {
		return rebuild.Summary{}, fmt.Errorf("read the archive of the journal: %w", err)
	}
	sum, err := rebuild.Run(ctx, rebuild.Options{
		Source: source, Target: a.store, Journal: a.trail, Keys: a.keys, DiscardNewer: discardNewer, Progress: progress,
	})
	if err != nil {
		return sum, err
	}
	return sum, a.Note(ctx, conversations.Event{Kind: conversations.TraceRebuild, Actor: conversations.ActorSystem, Count: sum.Entries})
}

// Note traces an act of the operator while the bridge does not run, and seals it.
func (a *App) Note(ctx context.Context, e conversations.Event) error {
	if err := conversations.TraceTo(ctx, a.trail, time.Now(), e); err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	return a.seal(ctx)
}

// Head returns the end of the archive.
func (a *App) Head() Head {
	number, manifest := a.archive.Head()
	return Head{Number: number, Manifest: manifest}
}
