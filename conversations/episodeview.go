package conversations

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// EpisodeLine is one episode as its establishment sees it. It tells nothing of the patient but by the
// conversations in which a mailbox of the caller's takes part: the establishment knows whom it declared.
type EpisodeLine struct {
	ID       rules.VisitID // opaque; stands for the visit in URLs of pages
	Visit    Visit
	State    rules.EpisodeState
	Since    time.Time
	At       time.Time // of the last event
	ClosesAt time.Time // when the conversations end or ended; zero while open
	Source   rules.EpisodeSource
	Unit     string // care unit, as the establishment names it; empty: not told
	Threads  []EpisodeThread
	Plan     ClosingPlan
}

// Closing reports whether an announced end is still to come.
func (e EpisodeLine) Closing(now time.Time) bool {
	return e.State == rules.EpisodeClosed && now.Before(e.ClosesAt)
}

// Waiting reports whether a conversation is to be treated before it ends (à traiter avant clôture, D24).
func (e EpisodeLine) Waiting() bool {
	return slices.ContainsFunc(e.Threads, func(t EpisodeThread) bool { return t.Waiting })
}

// EpisodeThread is one conversation of an episode. Subject and With are told of those alone that the caller
// may read.
type EpisodeThread struct {
	ThreadLine
	ClosesAt time.Time // announced end that did not come yet; zero: none
	Waiting  bool      // the patient wrote last and nobody answered: it does not end by itself
	Ends     bool      // a mailbox of the establishment speaks in it, so that a close by hand ends it now
	Asked    bool      // the patient wrote last: an automatic close would wait
	Failed   bool      // what he wrote last could not be delivered
	Told     bool      // the patient was told of an end that did not come yet, or was to be
}

// EpisodeFilter narrows the list of a facility.
type EpisodeFilter struct {
	State   rules.EpisodeState // empty: all
	Closing bool               // only those whose end is still to come
	Waiting bool               // only those with a conversation to be treated
	Ended   bool               // only those closed whose end came in every conversation
	Cursor  string
	Limit   int
}

// EpisodePage is one page of a facility's episodes, newest first.
type EpisodePage struct {
	Items []EpisodeLine
	Next  string
	AsOf  time.Time
}

// Episode returns one episode with all its conversations; KindEpisodeUnknown when nobody declared it. It is
// also the preview of its end: Ends says which conversations a close by hand would end now.
func (s *Service) Episode(ctx context.Context, mailboxes []Address, v Visit) (EpisodeLine, error) {
	return s.EpisodeByID(ctx, mailboxes, v.FINESS, s.visitID(v))
}

// EpisodeByID is Episode by the id of a line.
func (s *Service) EpisodeByID(ctx context.Context, mailboxes []Address, finess string, id rules.VisitID) (EpisodeLine, error) {
	e, err := s.Store.Visit(ctx, s.facilityID(finess), id)
	if isNotFound(err) {
		return EpisodeLine{}, &Error{Kind: KindEpisodeUnknown, Rule: "I248"}
	}
	if err != nil {
		return EpisodeLine{}, unavailable("find a visit", err)
	}
	return s.episodeOfEntry(ctx, mailboxes, finess, e)
}

// Episodes lists the episodes of a facility, newest first. The order is projected; what stands in each line
// is read from the patient's shard.
func (s *Service) Episodes(ctx context.Context, mailboxes []Address, finess string, f EpisodeFilter) (EpisodePage, error) {
	at, parts, err := parseCursor(f.Cursor, 1)
	if err != nil {
		return EpisodePage{}, err
	}
	page, size := EpisodePage{AsOf: s.Now().UTC()}, pageSize(f.Limit)
	from := VisitEntry{Visit: rules.VisitID(parts[0]), At: at}
	for {
		entries, err := s.Store.Visits(ctx, s.facilityID(finess), f.State, from, size+1)
		if err != nil {
			return EpisodePage{}, unavailable("list visits", err)
		}
		for _, e := range entries {
			if len(page.Items) == size {
				page.Next = cursor(from.At, string(from.Visit))
				return page, nil
			}
			from = VisitEntry{Visit: e.Visit, At: e.At}
			line, err := s.episodeOfEntry(ctx, mailboxes, finess, e)
			if KindOf(err) == KindEpisodeUnknown && err != nil {
				continue
			}
			if err != nil {
				return EpisodePage{}, err
			}
			if f.holds(line, page.AsOf) {
				page.Items = append(page.Items, line)
			}
		}
		if len(entries) <= size {
			return page, nil
		}
	}
}

// holds reports whether a line is one of those asked for.
func (f EpisodeFilter) holds(e EpisodeLine, now time.Time) bool {
	return (f.State == "" || e.State == f.State) && (!f.Closing || e.Closing(now)) && (!f.Waiting || e.Waiting()) &&
		(!f.Ended || e.State == rules.EpisodeClosed && !e.Closing(now) && !e.Waiting())
}

// episodeOfEntry reads the episode that an index entry points to.
func (s *Service) episodeOfEntry(ctx context.Context, mailboxes []Address, finess string, e VisitEntry) (EpisodeLine, error) {
	if e.State == "" && e.Version == 0 {
		return EpisodeLine{}, &Error{Kind: KindEpisodeUnknown, Rule: "I248"}
	}
	seal, err := s.facilityVault(finess)
	if err != nil {
		return EpisodeLine{}, unavailable("open the vault", err)
	}
	var kept visitLine
	if err := seal.open(tableVisits, string(e.Visit), e.Sealed, &kept); err != nil {
		return EpisodeLine{}, unavailable("open a visit", err)
	}
	if e.Patient, err = s.leadsTo(ctx, e.Patient); err != nil {
		return EpisodeLine{}, err
	}
	enrolled, err := s.enrolled(ctx, e.Patient)
	if err != nil {
		return EpisodeLine{}, err
	}
	if e.Version == 0 || !enrolled {
		return EpisodeLine{
			ID: e.Visit, Visit: kept.Visit, State: e.State, Since: kept.Since.time(), At: e.At, ClosesAt: kept.ClosesAt.time(), Source: kept.Source,
			Unit: kept.Unit,
		}, nil
	}
	return s.episodeLine(ctx, e.Patient, kept.Visit, mailboxes, nil)
}

// episodeLine reads an episode with its conversations, or with those of only when that is not nil.
func (s *Service) episodeLine(ctx context.Context, p PatientID, v Visit, mailboxes []Address, only []ID) (EpisodeLine, error) {
	l, rec, label, err := s.loadEpisode(ctx, p, v)
	if err != nil {
		return EpisodeLine{}, err
	}
	e := EpisodeLine{
		ID: s.visitID(v), Visit: v, State: rec.State, Since: rec.Since.time(), At: rec.At.time(), ClosesAt: rec.ClosesAt.time(), Source: rec.Source,
		Unit: label.Unit,
	}
	mine := s.mailboxIDsOf(mailboxes)
	for _, id := range rec.Threads {
		if _, ok := l.thread[id]; !ok || only != nil && !slices.Contains(only, id) {
			continue
		}
		t, err := l.episodeThread(ctx, id, v, mine)
		if err != nil {
			return EpisodeLine{}, err
		}
		e.Threads = append(e.Threads, t)
		e.Plan.add(label, l.state.Conversations[id.Conversation()].Closing, len(t.With) > 0)
	}
	return e, nil
}

// Facility returns the FINESS of the establishment that a mailbox belongs to, as the directory knows it;
// empty for a mailbox of nobody's but a person's.
func (s *Service) Facility(m Address) string {
	known := s.Directory.Mailbox(m)
	if finess, ok := strings.CutPrefix(known.Structure, "1"); ok && (known.Kind == rules.Organisational || known.Kind == rules.Application) {
		return finess
	}
	return ""
}

// loadEpisode reads an episode with its conversations at one version; KindEpisodeUnknown when the patient has
// none of that visit.
func (s *Service) loadEpisode(ctx context.Context, p PatientID, v Visit) (*loaded, episodeRecord, episodeLabel, error) {
	id := s.visitID(v)
	for range maxConflicts {
		l, err := s.load(ctx, p, FactsQuery{Episodes: []rules.VisitID{id}})
		if err != nil {
			return nil, episodeRecord{}, episodeLabel{}, err
		}
		rec, label, known, err := l.episodeOf(id)
		switch {
		case err != nil:
			return nil, rec, label, err
		case !known:
			return nil, rec, label, &Error{Kind: KindEpisodeUnknown, Rule: "I248"}
		}
		if err = l.alsoThreads(ctx, rec.Threads); !errors.Is(err, ErrConflict) {
			return l, rec, label, err
		}
	}
	return nil, episodeRecord{}, episodeLabel{}, &Error{Kind: KindStaleState, Rule: "D17"}
}

// episodeThread shows a loaded conversation of an episode, as the caller's mailboxes in it see it; without
// one, as those of the establishment, by its state alone.
func (l *loaded) episodeThread(ctx context.Context, id ID, v Visit, mailboxes []rules.MailboxID) (t EpisodeThread, err error) {
	c := l.state.Conversations[id.Conversation()]
	mine := lo.Filter(mailboxes, func(m rules.MailboxID, _ int) bool { return slices.Contains(labelIDs(l.label[id]), hexID(m)) })
	if len(mine) > 0 {
		if t.ThreadLine, err = l.lineFor(ctx, id, mine); err != nil {
			return t, err
		}
	}
	t.ID, t.State = id, string(l.stateFor(id, c.Boxes))
	t.Waiting, t.Asked, t.LastAt, t.Told = c.Awaited(), c.LastPatient, c.LastAt, c.Closing.Announced
	if c.Closing.Event > 0 && !t.Waiting {
		t.ClosesAt = c.Closing.At
	}
	t.Ends = rules.WouldEnd(c, v.structure(), l.state.Exchanges, l.who)
	t.Failed, err = l.undelivered(ctx, id)
	return t, err
}
