package retention

import (
	"context"
	"fmt"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/rebuild"
)

// Sweeper purges traces. One sweep runs at a time, in the process that seals.
type Sweeper struct {
	Periods Periods
	Archive *archive.Archive
	Journal *journal.Journal
	Keys    conversations.Keys
	// Trace writes the trace of a purge.
	Trace func(context.Context, conversations.Event)
}

// Sweep lets go of the traces whose period is over at now, from the archive first and then from the
// database. A sweep that was cut is finished by the next one. It costs nothing while nothing is due.
func (s Sweeper) Sweep(ctx context.Context, now time.Time) (archive.Purged, error) {
	functional, technical := now.AddDate(-s.Periods.FunctionalYears, 0, 0), now.AddDate(0, 0, -s.Periods.TechnicalDays)
	gone, err := s.Archive.Purge(ctx, archive.PurgeOptions{
		Functional: functional, Technical: technical, Every: time.Duration(s.Periods.PurgeEveryDays) * day,
		Image: func(ctx context.Context, source *archive.Reader, shard string, upTo uint64, add func([]byte) error) error {
			return rebuild.Pack(ctx, source, s.Keys, shard, upTo, now, add)
		},
	})
	if err != nil {
		return gone, err
	}
	if _, err := s.Journal.Purge(gone.Chains); err != nil {
		return gone, fmt.Errorf("purge traces: %w", err)
	}
	for _, p := range []struct {
		code  string
		count int
		upTo  time.Time
	}{{PurgedFunctional, gone.Functional, functional}, {PurgedTechnical, gone.Technical, technical}} {
		if p.count > 0 {
			s.Trace(ctx, conversations.Event{
				Kind: conversations.TracePurge, Actor: conversations.ActorSystem, Code: p.code, Count: p.count, UpTo: p.upTo,
			})
		}
	}
	return gone, nil
}
