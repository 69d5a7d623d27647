package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// ErrDown is what a test may let a [FaultyStore] fail with.
var ErrDown = errors.New("store is down")

// Method names a method of [conversations.Store].
type Method string

// Methods that can fail.
const (
	Facts      Method = "Facts"
	Commit     Method = "Commit"
	Touch      Method = "Touch"
	Inbox      Method = "Inbox"
	Owner      Method = "Owner"
	Claim      Method = "Claim"
	Finish     Method = "Finish"
	Extend     Method = "Extend"
	Index      Method = "Index"
	Ledger     Method = "Ledger"
	Stand      Method = "Stand"
	Standings  Method = "Standings"
	Tally      Method = "Tally"
	Remember   Method = "Remember"
	Visit      Method = "Visit"
	IndexVisit Method = "IndexVisit"
	Visits     Method = "Visits"
	Count      Method = "Count"
	Attend     Method = "Attend"
	Journal    Method = "Journal"
	Trim       Method = "Trim"
	Head       Method = "Head"
	Heads      Method = "Heads"
	Ping       Method = "Ping"
)

// FaultyStore is a store whose next calls a test can make fail, or accompany. It is safe for
// concurrent use. Wake is the inner store's.
type FaultyStore struct {
	conversations.Store

	mu     sync.Mutex
	before map[Method][]func() error
	after  map[Method][]func() error
}

// Faulty returns a store that does what s does until told otherwise.
func Faulty(s conversations.Store) *FaultyStore {
	return &FaultyStore{Store: s, before: map[Method][]func() error{}, after: map[Method][]func() error{}}
}

// Before runs do before the next call of the method that no earlier Before waits for. When do fails,
// the call is not made and gives that error; a do that writes itself is another process that wins a
// race.
func (f *FaultyStore) Before(m Method, do func() error) { f.add(f.before, m, do) }

// After runs do after the next call of the method that no earlier After waits for. When do fails, its
// error stands in the place of the answer, though the call was made: what a lost connection does.
func (f *FaultyStore) After(m Method, do func() error) { f.add(f.after, m, do) }

// FailBefore lets the next times calls of the method fail with err, not made.
func (f *FaultyStore) FailBefore(m Method, err error, times int) {
	for range times {
		f.Before(m, func() error { return err })
	}
}

// FailAfter lets the next times calls of the method fail with err, made all the same.
func (f *FaultyStore) FailAfter(m Method, err error, times int) {
	for range times {
		f.After(m, func() error { return err })
	}
}

// Pending returns how many functions wait for a call: a test that expects its faults to be met checks
// that none is left.
func (f *FaultyStore) Pending() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, waiting := range []map[Method][]func() error{f.before, f.after} {
		for _, list := range waiting {
			n += len(list)
		}
	}
	return n
}

func (f *FaultyStore) add(to map[Method][]func() error, m Method, do func() error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	to[m] = append(to[m], do)
}

// run runs the first function that waits, outside the lock: it may use the store.
func (f *FaultyStore) run(from map[Method][]func() error, m Method) error {
	f.mu.Lock()
	var do func() error
	if list := from[m]; len(list) > 0 {
		do, from[m] = list[0], list[1:]
	}
	f.mu.Unlock()
	if do == nil {
		return nil
	}
	return do()
}

// around makes one call between the functions that wait for it.
func around[T any](f *FaultyStore, m Method, call func() (T, error)) (T, error) {
	var none T
	if err := f.run(f.before, m); err != nil {
		return none, err
	}
	answer, err := call()
	if fault := f.run(f.after, m); fault != nil {
		return none, fault
	}
	return answer, err
}

// aroundError is around for a method that only fails.
func aroundError(f *FaultyStore, m Method, call func() error) error {
	_, err := around(f, m, func() (struct{}, error) { return struct{}{}, call() })
	return err
}

// Facts is [conversations.Store.Facts].
func (f *FaultyStore) Facts(ctx context.Context, p conversations.PatientID, q conversations.FactsQuery) (conversations.Facts, error) {
	return around(f, Facts, func() (conversations.Facts, error) { return f.Store.Facts(ctx, p, q) })
}

// Commit is [conversations.Store.Commit].
func (f *FaultyStore) Commit(ctx context.Context, p conversations.PatientID, c conversations.Commit) (conversations.Committed, error) {
	return around(f, Commit, func() (conversations.Committed, error) { return f.Store.Commit(ctx, p, c) })
}

// Touch is [conversations.Store.Touch].
func (f *FaultyStore) Touch(ctx context.Context, p conversations.PatientID, records []conversations.Record, n conversations.Note) (uint64, error) {
	return around(f, Touch, func() (uint64, error) { return f.Store.Touch(ctx, p, records, n) })
}

// Inbox is [conversations.Store.Inbox].
func (f *FaultyStore) Inbox(ctx context.Context, p conversations.PatientID, before conversations.InboxEntry, limit int) ([]conversations.InboxEntry, error) {
	return around(f, Inbox, func() ([]conversations.InboxEntry, error) { return f.Store.Inbox(ctx, p, before, limit) })
}

// Owner is [conversations.Store.Owner].
func (f *FaultyStore) Owner(ctx context.Context, id conversations.ID) (conversations.PatientID, error) {
	return around(f, Owner, func() (conversations.PatientID, error) { return f.Store.Owner(ctx, id) })
}

// Claim is [conversations.Store.Claim].
func (f *FaultyStore) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]conversations.Claim, error) {
	return around(f, Claim, func() ([]conversations.Claim, error) { return f.Store.Claim(ctx, now, lease, limit) })
}

// Extend is [conversations.Store.Extend].
func (f *FaultyStore) Extend(ctx context.Context, c conversations.Claim, until time.Time) error {
	return aroundError(f, Extend, func() error { return f.Store.Extend(ctx, c, until) })
}

// Finish is [conversations.Store.Finish].
func (f *FaultyStore) Finish(ctx context.Context, c conversations.Claim, again time.Time, n conversations.Note) (uint64, error) {
	return around(f, Finish, func() (uint64, error) { return f.Store.Finish(ctx, c, again, n) })
}

// Index is [conversations.Store.Index].
func (f *FaultyStore) Index(ctx context.Context, m rules.MailboxID, entries []conversations.LedgerEntry) error {
	return aroundError(f, Index, func() error { return f.Store.Index(ctx, m, entries) })
}

// Ledger is [conversations.Store.Ledger].
func (f *FaultyStore) Ledger(ctx context.Context, m rules.MailboxID, q conversations.LedgerQuery) ([]conversations.LedgerEntry, error) {
	return around(f, Ledger, func() ([]conversations.LedgerEntry, error) { return f.Store.Ledger(ctx, m, q) })
}

// Stand is [conversations.Store.Stand].
func (f *FaultyStore) Stand(ctx context.Context, m rules.MailboxID, s conversations.Standing) error {
	return aroundError(f, Stand, func() error { return f.Store.Stand(ctx, m, s) })
}

// Standings is [conversations.Store.Standings].
func (f *FaultyStore) Standings(ctx context.Context, m rules.MailboxID, entries []conversations.LedgerEntry) ([]rules.Lists, error) {
	return around(f, Standings, func() ([]rules.Lists, error) { return f.Store.Standings(ctx, m, entries) })
}

// Tally is [conversations.Store.Tally].
func (f *FaultyStore) Tally(ctx context.Context, m rules.MailboxID, pairs bool) (counts []int, all int, err error) {
	_, err = around(f, Tally, func() (int, error) {
		var err error
		counts, all, err = f.Store.Tally(ctx, m, pairs)
		return all, err
	})
	return counts, all, err
}

// Remember is [conversations.Store.Remember].
func (f *FaultyStore) Remember(ctx context.Context, m rules.MailboxID, key string, answer []byte, ttl time.Duration) ([]byte, error) {
	return around(f, Remember, func() ([]byte, error) { return f.Store.Remember(ctx, m, key, answer, ttl) })
}

// Journal is [conversations.Store.Journal].
func (f *FaultyStore) Journal(ctx context.Context, shard string, after uint64, limit int) ([]conversations.JournalEntry, error) {
	return around(f, Journal, func() ([]conversations.JournalEntry, error) { return f.Store.Journal(ctx, shard, after, limit) })
}

// Trim is [conversations.Store.Trim].
func (f *FaultyStore) Trim(ctx context.Context, shard string, upTo uint64) error {
	return aroundError(f, Trim, func() error { return f.Store.Trim(ctx, shard, upTo) })
}

// Head is [conversations.Store.Head].
func (f *FaultyStore) Head(ctx context.Context, shard string) (uint64, error) {
	return around(f, Head, func() (uint64, error) { return f.Store.Head(ctx, shard) })
}

// Heads is [conversations.Store.Heads].
func (f *FaultyStore) Heads(ctx context.Context) ([256]uint64, error) {
	return around(f, Heads, func() ([256]uint64, error) { return f.Store.Heads(ctx) })
}

// Ping is [conversations.Store.Ping].
func (f *FaultyStore) Ping(ctx context.Context) error {
	return aroundError(f, Ping, func() error { return f.Store.Ping(ctx) })
}

// Visit is [conversations.Store.Visit].
func (f *FaultyStore) Visit(ctx context.Context, id conversations.FacilityID, v rules.VisitID) (conversations.VisitEntry, error) {
	return around(f, Visit, func() (conversations.VisitEntry, error) { return f.Store.Visit(ctx, id, v) })
}

// IndexVisit is [conversations.Store.IndexVisit].
func (f *FaultyStore) IndexVisit(ctx context.Context, id conversations.FacilityID, e conversations.VisitEntry) (conversations.VisitEntry, error) {
	return around(f, IndexVisit, func() (conversations.VisitEntry, error) { return f.Store.IndexVisit(ctx, id, e) })
}

// Visits is [conversations.Store.Visits].
func (f *FaultyStore) Visits(ctx context.Context, id conversations.FacilityID, state rules.EpisodeState, before conversations.VisitEntry, limit int) ([]conversations.VisitEntry, error) {
	return around(f, Visits, func() ([]conversations.VisitEntry, error) { return f.Store.Visits(ctx, id, state, before, limit) })
}

// Attend is [conversations.Store.Attend].
func (f *FaultyStore) Attend(ctx context.Context, m rules.MailboxID, place string, who rules.PersonID, now time.Time, lasting time.Duration) ([]conversations.Attendance, error) {
	return around(f, Attend, func() ([]conversations.Attendance, error) { return f.Store.Attend(ctx, m, place, who, now, lasting) })
}

// Count is [conversations.Store.Count].
func (f *FaultyStore) Count(ctx context.Context, caller string, period time.Duration) (int, time.Duration, error) {
	if err := f.run(f.before, Count); err != nil {
		return 0, 0, err
	}
	calls, left, err := f.Store.Count(ctx, caller, period)
	if fault := f.run(f.after, Count); fault != nil {
		return 0, 0, fault
	}
	return calls, left, err
}
