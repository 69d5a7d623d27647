package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/rebuild"
)

// OpenTrail opens the journal of a bridge that does not run, without keys and without a look at the
// archive: what may be altered is not to stand in the way of whoever checks it. The lock of the data
// directory becomes the bridge's.
func OpenTrail(ctx context.Context, o Options) (*App, error) {
	a := offline(o)
	return a.open(ctx, a.openLocal, a.openTrail)
}

// OpenArchive opens journal, keys and archive of a bridge that does not run; redis is left alone.
func OpenArchive(ctx context.Context, o Options) (*App, error) {
	a := offline(o)
	return a.open(ctx, a.openLocal, a.openJournal)
}

// OpenForRebuild opens journal and store of a bridge that does not run, without comparing them.
func OpenForRebuild(ctx context.Context, o Options) (*App, error) {
	a := offline(o)
	return a.open(ctx, a.startRedis, a.openStores, a.openJournal)
}

func offline(o Options) *App {
	a := &App{Options: o, parts: newParts()}
	a.onStop("data directory", loopLimit, func(context.Context) error { return a.Lock.Unlock() })
	return a
}

// open takes the steps; when one fails, those before it are stopped again.
func (a *App) open(ctx context.Context, steps ...func(context.Context) error) (*App, error) {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Stop())
		}
	}
	return a, nil
}

// Rebuild makes the state in redis again from the journal, and traces that it did. What other bridges sealed
// and copied to the bucket belongs to it.
func (a *App) Rebuild(ctx context.Context, discardNewer bool, progress func(rebuild.Summary)) (rebuild.Summary, error) {
	if _, err := a.fillFromBucket(ctx); err != nil {
		return rebuild.Summary{}, fmt.Errorf("read the archives in the bucket: %w", err)
	}
	if err := a.absorb(ctx); err != nil {
		return rebuild.Summary{}, err
	}
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
	if err := a.Note(ctx, conversations.Event{Kind: conversations.TraceRebuild, Count: sum.Entries}); err != nil {
		return sum, err
	}
	return sum, errors.Join(a.seal(ctx), a.level(ctx))
}

// Note traces an act of the operator while the bridge does not run.
func (a *App) Note(ctx context.Context, e conversations.Event) error {
	e.Actor = conversations.ActorSystem
	if err := conversations.TraceTo(ctx, a.trail, time.Now(), e); err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	return a.trail.Mark()
}

// Seal seals what is new.
func (a *App) Seal(ctx context.Context) error { return a.seal(ctx) }

// Keys gives the data keys, for what an export may open.
func (a *App) Keys() conversations.Keys { return a.keys }

// Head returns the end of the archive, as the database knows it, and how many entries wait for their round.
func (a *App) Head() (h Head, err error) {
	seals := a.trail.Seals()
	h = Head{Number: seals.Number, Manifest: hex.EncodeToString(seals.Manifest[:])}
	for n, c := range seals.Chains {
		whole, err := a.trail.Whole(journal.Name(n))
		if err != nil {
			return Head{}, err
		}
		h.Waiting += whole - c.Sequence
	}
	return h, nil
}
