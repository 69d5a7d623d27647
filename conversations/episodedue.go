package conversations

import (
	"cmp"
	"context"
	"slices"
	"time"

	"mesbridge/rules"
)

// longestGrace is for how long after its event an announced end can still be to come, with a day to spare: the
// longest grace that anybody may ask for is 365 days.
const longestGrace = 366 * 24 * time.Hour

// dueEntry is an entry of a facility's index with the announced end that it tells.
type dueEntry struct {
	VisitEntry
	at time.Time
}

// order puts the next end first.
func (d dueEntry) order(o dueEntry) int {
	return cmp.Or(d.at.Compare(o.at), cmp.Compare(d.Visit, o.Visit))
}

// Closings lists the episodes of a facility whose announced end is still to come, the next end first (D24).
// The order is projected, as that of [Service.Episodes].
func (s *Service) Closings(ctx context.Context, mailboxes []Address, finess, after string, limit int) (EpisodePage, error) {
	at, parts, err := parseCursor(after, 1)
	if err != nil {
		return EpisodePage{}, err
	}
	page, size := EpisodePage{AsOf: s.Now().UTC()}, pageSize(limit)
	due, err := s.dueEntries(ctx, finess, page.AsOf)
	if err != nil {
		return EpisodePage{}, err
	}
	last := dueEntry{VisitEntry: VisitEntry{Visit: rules.VisitID(parts[0])}, at: at}
	for _, e := range due {
		if e.order(last) <= 0 {
			continue
		}
		if len(page.Items) == size {
			page.Next = cursor(last.at, string(last.Visit))
			return page, nil
		}
		line, err := s.episodeOfEntry(ctx, mailboxes, finess, e.VisitEntry)
		if err != nil && KindOf(err) != KindEpisodeUnknown {
			return EpisodePage{}, err
		}
		last = e
		if err == nil && line.Closing(page.AsOf) {
			page.Items = append(page.Items, line)
		}
	}
	return page, nil
}

// dueEntries reads from a facility's index alone which announced ends are still to come, the next first.
func (s *Service) dueEntries(ctx context.Context, finess string, now time.Time) (due []dueEntry, err error) {
	seal, err := s.facilityVault(finess)
	if err != nil {
		return nil, unavailable("open the vault", err)
	}
	var from VisitEntry
	for {
		entries, err := s.Store.Visits(ctx, s.facilityID(finess), rules.EpisodeClosed, from, MaxPage)
		if err != nil {
			return nil, unavailable("list visits", err)
		}
		for _, e := range entries {
			var kept visitLine
			if err := seal.open(tableVisits, string(e.Visit), e.Sealed, &kept); err != nil {
				return nil, unavailable("open a visit", err)
			}
			if at := kept.ClosesAt.time(); now.Before(at) {
				due = append(due, dueEntry{e, at})
			}
		}
		if len(entries) < MaxPage || entries[len(entries)-1].At.Before(now.Add(-longestGrace)) {
			slices.SortFunc(due, dueEntry.order)
			return due, nil
		}
		from = entries[len(entries)-1]
	}
}
