package conversations

import (
	"context"
	"errors"

	"mesbridge/rules"
)

// Threads lists the conversations of a mailbox, newest first unless the filter says otherwise. The order is projected and may be a moment
// old; what stands in each line is read from the patient's shard.
func (s *Service) Threads(ctx context.Context, m Address, f Filter) (ThreadPage, error) {
	page, kept := ThreadPage{AsOf: s.Now().UTC()}, []LedgerEntry(nil)
	team, err := s.teamBox(ctx, m)
	if err != nil {
		return ThreadPage{}, err
	}
	next, err := s.ledger(ctx, m, f, ledgerWalk{}, func(e LedgerEntry) (bool, error) {
		l, err := s.loadThread(ctx, e.Patient, e.Thread)
		switch {
		case err != nil && (KindOf(err) == KindNotFound || KindOf(err) == KindMailboxUnknown):
			return false, nil
		case errors.Is(err, errLocked): // one patient's trouble is not the whole list's
			if f.State == "" {
				kept = append(kept, e)
				page.Items = append(page.Items, ThreadLine{ID: e.Thread, State: string(rules.ThreadUnreachable), LastAt: e.At, Unreadable: true})
			}
			return f.State == "", nil
		case err != nil:
			return false, err
		}
		line, err := l.lineFor(ctx, e.Thread, []rules.MailboxID{s.MailboxID(m)})
		if err != nil || f.State != "" && line.State != string(f.State) {
			return false, err
		}
		if f.List != 0 { // what changed since it was noted does not stand there
			st, err := l.threadStanding(ctx, e.Thread, s.MailboxID(m))
			if err != nil || !st.ThreadLists.Has(f.List) {
				return false, err
			}
		}
		if line.Care, err = team.careOf(ctx, e.Patient, e.Thread); err != nil {
			return false, err
		}
		page.Items, kept = append(page.Items, line), append(kept, e)
		return true, nil
	})
	if err != nil {
		return ThreadPage{}, err
	}
	page.Next = next
	return page, s.markThreads(ctx, m, page.Items, kept)
}

// markThreads adds to conversations of a mailbox what is noted of them in its lists: who waits, and what did not
// arrive.
func (s *Service) markThreads(ctx context.Context, m Address, lines []ThreadLine, entries []LedgerEntry) error {
	lists, err := s.Store.Standings(ctx, s.MailboxID(m), entries)
	if err != nil {
		return unavailable("read standings", err)
	}
	for i := range lines {
		lines[i].Waiting, lines[i].Failed = lists[i].Has(rules.ListWaiting), lists[i].Has(rules.ListUndelivered)
	}
	return nil
}

// ledgerWalk says what of a mailbox's index is walked through.
type ledgerWalk struct {
	pairs bool      // exchanges; else conversations
	sift  *careSift // keeps those that it wants, and ends the page after MaxLookedThrough; nil keeps all
}

// ledger walks a mailbox's index from the filter's cursor until a page is full, and returns the cursor of
// the next one. add reports whether it kept the entry.
func (s *Service) ledger(ctx context.Context, m Address, f Filter, walk ledgerWalk, add func(LedgerEntry) (bool, error)) (string, error) {
	at, parts, err := parseCursor(f.Cursor, 2)
	if err != nil {
		return "", err
	}
	only, err := s.onlyPatient(ctx, m, f.Patient)
	if err != nil {
		return "", err
	}
	size, kept := pageSize(f.Limit), 0
	batch := size + 1
	switch {
	case only != "":
		batch = max(batch, sought)
	case walk.sift != nil: // keeps few, and reads several at once
		batch = max(batch, MaxPage)
	}
	list := f.List
	if walk.pairs && list == 0 {
		list = rules.ListOf(f.State)
	}
	q := LedgerQuery{Pairs: walk.pairs, List: list, Oldest: f.Oldest, After: LedgerEntry{Patient: PatientID(parts[0]), Thread: ID(parts[1]), At: at}, Limit: batch}
	for looked := 0; ; looked += batch {
		if walk.sift != nil && looked >= MaxLookedThrough {
			return cursor(q.After.At, string(q.After.Patient), string(q.After.Thread)), nil
		}
		entries, err := s.Store.Ledger(ctx, s.MailboxID(m), q)
		if err != nil {
			return "", unavailable("list the ledger", err)
		}
		if err := walk.sift.read(ctx, entries); err != nil {
			return "", err
		}
		for i, e := range entries {
			if kept == size {
				return cursor(q.After.At, string(q.After.Patient), string(q.After.Thread)), nil
			}
			q.After = entries[i]
			if only != "" && e.Patient != only || !walk.sift.keeps(e.Patient) {
				continue
			}
			ok, err := add(e)
			if err != nil {
				return "", err
			}
			if ok {
				kept++
			}
		}
		if len(entries) < batch {
			return "", nil
		}
	}
}

// sought is how many entries are read at once where those of one patient are looked for.
const sought = 1000

// onlyPatient returns the patient of an exchange of the mailbox, by which a list is narrowed; "" for all.
func (s *Service) onlyPatient(ctx context.Context, m Address, exchange ID) (PatientID, error) {
	if exchange == "" {
		return "", nil
	}
	p, err := s.owner(ctx, exchange)
	if err != nil {
		return "", err
	}
	if s.exchangeID(p, s.MailboxID(m)) != exchange {
		return "", &Error{Kind: KindNotFound, Rule: "I246"}
	}
	return p, nil
}

// owner returns the patient of an outside id.
func (s *Service) owner(ctx context.Context, id ID) (PatientID, error) {
	if id.Shard() == "" {
		return "", &Error{Kind: KindNotFound, Rule: "I246"}
	}
	p, err := s.Store.Owner(ctx, id)
	switch {
	case isNotFound(err):
		return "", &Error{Kind: KindNotFound, Rule: "I246"}
	case err != nil:
		return "", unavailable("find the owner of an id", err)
	}
	return p, nil
}

// Exchanges lists the pairs of a mailbox by their last messages, newest first unless the filter says otherwise.
func (s *Service) Exchanges(ctx context.Context, m Address, f Filter) (ExchangePage, error) {
	page, patients := ExchangePage{AsOf: s.Now().UTC()}, []LedgerEntry(nil)
	team, err := s.teamBox(ctx, m)
	if err != nil {
		return ExchangePage{}, err
	}
	page.Shared = team != nil
	if f.Care != AnyCare && !page.Shared { // nobody agrees with anybody there (I119)
		return page, nil
	}
	sift, err := team.sift(ctx, &f)
	if err != nil {
		return ExchangePage{}, err
	}
	next, err := s.ledger(ctx, m, f, ledgerWalk{pairs: true, sift: sift}, func(e LedgerEntry) (bool, error) {
		line, err := s.exchange(ctx, e.Patient, m)
		switch {
		case err != nil && (KindOf(err) == KindNotFound || KindOf(err) == KindMailboxUnknown):
			return false, nil
		case errors.Is(err, errLocked):
			line = ExchangeLine{ID: s.exchangeID(e.Patient, s.MailboxID(m)), Mailbox: m, State: rules.ThreadUnreachable, LastAt: e.At, Unreadable: true}
		case err != nil:
			return false, err
		}
		if line.Unreadable && (f.State != "" || f.List != 0) || !line.standsIn(f) {
			return false, nil
		}
		page.Items, patients = append(page.Items, line), append(patients, LedgerEntry{Patient: e.Patient})
		return true, nil
	})
	if err != nil {
		return ExchangePage{}, err
	}
	page.Next = next
	return page, s.addTeam(ctx, m, team, page.Items, patients)
}

// standsIn reports whether an exchange is what a filter asks for, as far as it tells: where its conversations brought
// it into a list, that is noted alone.
func (e ExchangeLine) standsIn(f Filter) bool {
	if f.State != "" && e.State != f.State {
		return false
	}
	stands := rules.ListOf(e.State) | rules.Inherited
	if e.Waiting {
		stands |= rules.ListWaiting
	}
	if !e.Planned.At.IsZero() {
		stands |= rules.ListPlanned
	}
	return stands.Has(f.List)
}

// Tally counts the exchanges of a mailbox by list. It is projected, and may be a moment old.
func (s *Service) Tally(ctx context.Context, m Address) (Tally, error) {
	counts, all, err := s.Store.Tally(ctx, s.MailboxID(m), true)
	if err != nil {
		return Tally{}, unavailable("count the exchanges of a mailbox", err)
	}
	t := Tally{All: all, Lists: map[rules.Lists]int{}, AsOf: s.Now().UTC()}
	for i, l := range rules.AllLists() {
		t.Lists[l] = counts[i]
	}
	return t, nil
}

// Exchange returns one pair of one of the caller's mailboxes, KindNotFound otherwise.
func (s *Service) Exchange(ctx context.Context, mailboxes []Address, id ID) (ExchangeLine, error) {
	p, m, err := s.pair(ctx, mailboxes, id)
	if err != nil {
		return ExchangeLine{}, err
	}
	lines := make([]ExchangeLine, 1)
	if lines[0], err = s.exchange(ctx, p, m); err != nil {
		return ExchangeLine{}, err
	}
	return lines[0], s.addStandings(ctx, m, lines, []LedgerEntry{{Patient: p}})
}

// ExchangeWith returns the pair of a mailbox and whoever a matricule names, KindNotFound when the mailbox has none. It
// looks into the mailbox's own register alone: where that knows of no pair, the steps are the same for everybody, with a
// mailbox of his own or without (D29, D36).
func (s *Service) ExchangeWith(ctx context.Context, m Address, ins rules.INS) (ExchangeLine, error) {
	p, err := s.LeadsTo(ctx, ins)
	if err != nil {
		return ExchangeLine{}, err
	}
	return s.Exchange(ctx, []Address{m}, s.exchangeID(p, s.MailboxID(m)))
}

// addStandings adds to exchanges of a mailbox the lists that their conversations bring them into, as they are
// noted.
func (s *Service) addStandings(ctx context.Context, m Address, lines []ExchangeLine, entries []LedgerEntry) error {
	lists, err := s.Store.Standings(ctx, s.MailboxID(m), entries)
	if err != nil {
		return unavailable("read standings", err)
	}
	for i := range lines {
		lines[i].Unread, lines[i].Failed, lines[i].Noted = lists[i].Has(rules.ListUnread), lists[i].Has(rules.ListUndelivered), lists[i]
	}
	return nil
}

// pair resolves an exchange id to the patient and to the one of mailboxes that it joins.
func (s *Service) pair(ctx context.Context, mailboxes []Address, id ID) (PatientID, Address, error) {
	p, err := s.owner(ctx, id)
	if err != nil {
		return "", Address{}, err
	}
	for _, a := range mailboxes {
		if s.exchangeID(p, s.MailboxID(a)) == id {
			return p, a, nil
		}
	}
	return "", Address{}, &Error{Kind: KindNotFound, Rule: "I246"}
}

// exchange reads one pair as the mailbox sees it.
func (s *Service) exchange(ctx context.Context, p PatientID, a Address) (ExchangeLine, error) {
	m := s.MailboxID(a)
	l, err := s.load(ctx, p, FactsQuery{Exchanges: []rules.MailboxID{m}})
	if err != nil {
		return ExchangeLine{}, err
	}
	e, ok := l.state.Exchanges[m]
	if !ok || e.Since.IsZero() {
		return ExchangeLine{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	person, err := l.person()
	if err != nil {
		return ExchangeLine{}, err
	}
	person.State = "" // the account's is one of the causes that a professional must not tell apart (D4)
	line := ExchangeLine{
		ID: s.exchangeID(p, m), Mailbox: a, Patient: person, LastAt: e.LastAt,
		State:      rules.ExchangeSeenBy(l.know(a), l.state.Patient, e, s.Now()),
		Opposition: l.opposition(l.know(a)), Objected: l.objectedBy([]rules.MailboxID{m}), Waiting: e.Awaiting,
	}
	if line.State != rules.ThreadUnreachable {
		line.Since = e.Since
	}
	if line.Planned, err = l.plannedOf(m); err != nil {
		return ExchangeLine{}, err
	}
	if line.State == rules.ThreadOpen {
		line.Awaiting = e.Awaiting && !e.Until.IsZero()
		if !e.Awaiting {
			line.Until = e.Until
		}
	}
	if line.State == rules.ThreadEnded {
		line.EndedBy, line.EndedHow, line.EndedAt = s.shownName(s.label(NamedAddress{Address: a})), e.EndedHow, e.EndedAt
	}
	return line, nil
}
