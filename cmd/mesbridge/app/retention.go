package app

import (
	"context"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/retention"
)

// How often is looked for what was kept long enough.
const (
	collectEvery = 10 * time.Minute
	sweepEvery   = time.Hour
)

// collect removes bodies whose message was never committed: a message is committed at most minutes after
// its body.
func (a *App) collect(ctx context.Context, content bodyStore) error {
	before := time.Now().Add(-time.Duration(a.Config.Retention.DeadBodyHours) * time.Hour)
	removed, err := content.Collect(ctx, before, a.Conversations.Known())
	if removed > 0 {
		a.Log.InfoContext(ctx, "dead bodies removed", "count", removed)
		a.Conversations.Trace(ctx, conversations.Event{
			Kind: conversations.TracePurge, Actor: conversations.ActorSystem, Code: retention.PurgedBodies, Count: removed, UpTo: before,
		})
	}
	return err
}

// sweepTraces lets go of the traces whose period is over.
func (a *App) sweepTraces(ctx context.Context) error {
	sweeper := retention.Sweeper{
		Periods: a.Config.Retention.Periods(), Archive: a.archive, Journal: a.trail, Keys: a.keys, Trace: a.Conversations.Trace,
	}
	gone, err := sweeper.Sweep(ctx, time.Now())
	if n := gone.Functional + gone.Technical; n > 0 && err == nil {
		a.Log.InfoContext(ctx, "old traces purged", "functional", gone.Functional, "technical", gone.Technical, "rounds", gone.Rounds)
	}
	return err
}
