package conversations

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"mesbridge/rules"
)

// maxBoard is how many episodes one board counts; of an establishment with more, the newest.
const maxBoard = 5000

// boardReaders is how many episodes are read at once for one board.
const boardReaders = 8

// Board is what an establishment has under way: every open episode, and those closed since an instant, newest
// first. It is read from the patients' shards, so that it tells what holds now, and names no patient: the lines
// hold what is told to every mailbox of the establishment.
type Board struct {
	Items []EpisodeLine
	AsOf  time.Time
	Cut   bool // there are more than a board counts
}

// Board reads the board of an establishment.
func (s *Service) Board(ctx context.Context, finess string, closedSince time.Time) (Board, error) {
	b := Board{AsOf: s.Now().UTC()}
	open, err := s.boardPart(ctx, finess, rules.EpisodeOpen, time.Time{})
	if err != nil {
		return Board{}, err
	}
	closed, err := s.boardPart(ctx, finess, rules.EpisodeClosed, closedSince)
	if err != nil {
		return Board{}, err
	}
	b.Cut = len(open) >= maxBoard || len(closed) >= maxBoard
	entries := append(open, closed...)
	slices.SortStableFunc(entries, func(x, y VisitEntry) int { return y.At.Compare(x.At) })
	if len(entries) > maxBoard {
		entries, b.Cut = entries[:maxBoard], true
	}
	b.Items, err = s.boardLines(ctx, finess, entries)
	return b, err
}

// boardPart lists the entries of a state that changed at an instant or later, newest first.
func (s *Service) boardPart(ctx context.Context, finess string, state rules.EpisodeState, since time.Time) (all []VisitEntry, err error) {
	var from VisitEntry
	for len(all) < maxBoard {
		entries, err := s.Store.Visits(ctx, s.facilityID(finess), state, from, MaxPage)
		if err != nil {
			return nil, unavailable("list visits", err)
		}
		for _, e := range entries {
			if e.At.Before(since) {
				return all, nil
			}
			all = append(all, e)
		}
		if len(entries) < MaxPage {
			return all, nil
		}
		from = entries[len(entries)-1]
	}
	return all, nil
}

// boardLines reads the episodes that entries point to, in their order. A visit that was declared a moment ago and
// did not arrive yet is left out.
func (s *Service) boardLines(ctx context.Context, finess string, entries []VisitEntry) ([]EpisodeLine, error) {
	lines := make([]EpisodeLine, len(entries))
	readers, ctx := errgroup.WithContext(ctx)
	readers.SetLimit(boardReaders)
	for i, e := range entries {
		readers.Go(func() error {
			line, err := s.episodeOfEntry(ctx, nil, finess, e)
			if err != nil && KindOf(err) != KindEpisodeUnknown {
				return err
			}
			lines[i] = line
			return nil
		})
	}
	if err := readers.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(lines, func(e EpisodeLine) bool { return e.State == "" }), nil
}

// undelivered reports whether a message that the patient wrote since a professional last did could not be
// delivered to one of the mailboxes that it may have gone to.
func (l *loaded) undelivered(ctx context.Context, id ID) (bool, error) {
	c := l.state.Conversations[id.Conversation()]
	if !c.LastPatient {
		return false, nil
	}
	heard := 0
	for _, v := range l.thread[id].Voices {
		heard = max(heard, v.Message)
	}
	var fields []ID
	for n := heard + 1; n <= l.thread[id].Count; n++ {
		for _, m := range slices.Compact(slices.Sorted(slices.Values(mailboxesOf(c)))) {
			fields = append(fields, outcomeField(messageID(id, n), m))
		}
	}
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: fields})
	if err != nil {
		return false, unavailable("read outcomes", err)
	}
	for _, b := range f.Messages {
		var o outcomeRecord
		if err := unpack(b, &o); err != nil {
			return false, unavailable("open an outcome", err)
		}
		if o.State == DeliveryFailed {
			return true, nil
		}
	}
	return false, nil
}
