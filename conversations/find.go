package conversations

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"mesbridge/rules"
)

// Bounds of a look through a mailbox's exchanges.
const (
	// MaxLookedThrough is how many exchanges one call looks through at most, since it opens each patient's record.
	MaxLookedThrough = 2000
	// MaxFound is how many a search shows.
	MaxFound = DefaultPage
	// ledgerReaders is how many patients are read at once: a single one waits for the store and not for the processor.
	ledgerReaders = 16
)

// Sought is whom an exchange of a mailbox is looked for by.
type Sought struct {
	INS  rules.INS // when it is not empty, it alone
	Name rules.SoughtName
}

// FoundExchanges are the exchanges of a mailbox that a search found, those with the newest messages first.
type FoundExchanges struct {
	Items []ExchangeLine // MaxFound at most
	Count int            // how many fit
	Cut   bool           // the mailbox has more exchanges than MaxLookedThrough, and older ones were not looked at
	Some  bool           // only some could be looked at: records of a patient cannot be opened now
	AsOf  time.Time
}

// FindExchanges looks for patients among the exchanges of a mailbox: by a matricule, as [Service.ExchangeWith] does
// (D29, D36), or by a name among the MaxLookedThrough with the newest messages. Whose records cannot be opened is not
// found. It reads the mailbox's own register alone.
func (s *Service) FindExchanges(ctx context.Context, m Address, by Sought) (FoundExchanges, error) {
	found := FoundExchanges{AsOf: s.Now().UTC()}
	team, err := s.teamBox(ctx, m)
	if err != nil {
		return FoundExchanges{}, err
	}
	if by.INS != "" {
		line, err := s.ExchangeWith(ctx, m, by.INS)
		if hidden(err) {
			found.Some = errors.Is(err, errLocked)
			return found, nil
		}
		if err != nil {
			return FoundExchanges{}, err
		}
		found.Items, found.Count = []ExchangeLine{line}, 1
		return found, s.addTeam(ctx, m, team, found.Items, []LedgerEntry{{Patient: line.Patient.ID}})
	}
	entries, err := s.Store.Ledger(ctx, s.MailboxID(m), LedgerQuery{Pairs: true, Limit: MaxLookedThrough + 1})
	if err != nil {
		return FoundExchanges{}, unavailable("list the ledger", err)
	}
	if found.Cut = len(entries) > MaxLookedThrough; found.Cut {
		entries = entries[:MaxLookedThrough]
	}
	lines, err := readEach(ctx, entries, func(ctx context.Context, p PatientID) (ExchangeLine, error) {
		line, err := s.exchange(ctx, p, m)
		line.Unreadable = errors.Is(err, errLocked)
		return line, err
	})
	if err != nil {
		return FoundExchanges{}, err
	}
	var shown []LedgerEntry
	for _, line := range lines {
		found.Some = found.Some || line.Unreadable
		if !by.Name.Fits(line.Patient.Name) {
			continue
		}
		if found.Count++; found.Count <= MaxFound {
			found.Items, shown = append(found.Items, line), append(shown, LedgerEntry{Patient: line.Patient.ID})
		}
	}
	return found, s.addTeam(ctx, m, team, found.Items, shown)
}

// addTeam adds to exchanges of a list what stands beside the patient's own record: who takes care of their
// conversations, and the lists that these bring them into.
func (s *Service) addTeam(ctx context.Context, m Address, team *teamBox, lines []ExchangeLine, entries []LedgerEntry) error {
	if team != nil {
		cares, err := readEach(ctx, entries, team.caresOf)
		if err != nil {
			return err
		}
		for i := range lines {
			lines[i].Cares = cares[i]
		}
	}
	return s.addStandings(ctx, m, lines, entries)
}

// readEach reads something of the patient of each entry, several at once, in their order. That somebody is hidden from
// the mailbox is no error.
func readEach[T any](ctx context.Context, entries []LedgerEntry, read func(context.Context, PatientID) (T, error)) ([]T, error) {
	all := make([]T, len(entries))
	readers, ctx := errgroup.WithContext(ctx)
	readers.SetLimit(ledgerReaders)
	for i, e := range entries {
		readers.Go(func() error {
			one, err := read(ctx, e.Patient)
			if err != nil && !hidden(err) {
				return err
			}
			all[i] = one
			return nil
		})
	}
	return all, readers.Wait()
}

// hidden reports whether an error means that a patient is not there for the mailbox, or that his records alone cannot
// be opened: one patient's trouble is not the whole list's.
func hidden(err error) bool {
	return err != nil && (KindOf(err) == KindNotFound || KindOf(err) == KindMailboxUnknown || errors.Is(err, errLocked))
}
