package trust

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"mesbridge/bridge/trust/alarm"
	"mesbridge/bridge/trust/fetch"
)

// ErrStale means that the list was not confirmed for too long: neither accept nor send (O16).
var ErrStale = errors.New("white list too old")

// Freshness says how long ago the list in service was confirmed (O16); the text stands in traces.
type Freshness string

// Steps of freshness, in time order. Only the last one stops mail.
const (
	Fresh    Freshness = "fresh"
	Aging    Freshness = "warning"
	Critical Freshness = "critical"
	Stale    Freshness = "stale"
)

// Delays of O16, used where StoreOptions leaves them zero.
const (
	DefaultWarnAfter     = 24 * time.Hour
	DefaultCriticalAfter = 72 * time.Hour
	DefaultStopAfter     = 7 * 24 * time.Hour
)

// StoreOptions say where lists come from and how they are judged.
type StoreOptions struct {
	Source Source
	Keep   string // copy of the last verified list, which survives a restart (O15); empty: none

	Chain       []*x509.Certificate // see Options
	SignerNames []string
	Revocation  *Revocation
	OwnDomain   string
	Own         func() []DN // our subjects now: our certificate may be replaced; nil: none

	WarnAfter, CriticalAfter, StopAfter time.Duration

	Now       func() time.Time
	Log       *slog.Logger
	Alarms    *alarm.Board
	Refreshed func(Outcome) // told of each attempt; may be nil
}

// Outcome is what came of one attempt to have a newer list. The text stands in metrics.
type Outcome string

// Outcomes.
const (
	OutcomeNew       Outcome = "new"
	OutcomeUnchanged Outcome = "unchanged"
	OutcomeRefused   Outcome = "refused" // at a step of O39
	OutcomeFailed    Outcome = "failed"  // nothing came, or it could not be kept
)

// Store holds the list in service. A list that fails a check never replaces it (O15). It is safe for
// concurrent use.
type Store struct {
	o       StoreOptions
	current atomic.Pointer[served]
	wake    chan struct{}
	loading sync.Mutex // one load at a time
	floor   time.Time  // date of the newest list that ever served (O17); under loading
}

// served is a list, what it was read from, and when somebody last confirmed that it is the current one.
type served struct {
	list      *List
	sum       [sha256.Size]byte
	mark      fetch.Validators
	confirmed time.Time
}

// OpenStore puts the kept copy in service, then asks the source. It fails when neither gives a list. With
// a kept copy it does not wait for a server: Run asks it at once.
func OpenStore(ctx context.Context, o StoreOptions) (*Store, error) {
	for _, d := range []struct {
		delay    *time.Duration
		standard time.Duration
	}{{&o.WarnAfter, DefaultWarnAfter}, {&o.CriticalAfter, DefaultCriticalAfter}, {&o.StopAfter, DefaultStopAfter}} {
		if *d.delay == 0 {
			*d.delay = d.standard
		}
	}
	s := &Store{o: o, wake: make(chan struct{}, 1)}
	kept := s.loadKept()
	if kept != nil {
		o.Log.Error("white list", "event", "list.load", "outcome", "refused", "err", kept)
	}
	if s.current.Load() != nil && o.Source.remote() {
		s.Wake()
		return s, nil
	}
	if err := s.Reload(ctx); err != nil && s.current.Load() == nil {
		return nil, errors.Join(err, kept)
	}
	return s, nil
}

// Current returns the list to decide by, or ErrStale.
func (s *Store) Current() (*List, error) {
	if s.Freshness() == Stale {
		return nil, ErrStale
	}
	return s.InService(), nil
}

// InService returns the list whatever its age. It is for showing what was already received, never for
// accepting or sending.
func (s *Store) InService() *List { return s.current.Load().list }

// Confirmed returns when somebody last confirmed that the list in service is the current one.
func (s *Store) Confirmed() time.Time { return s.current.Load().confirmed }

// Freshness tells how old the confirmation of the list is. Each delay is the first instant of its step.
func (s *Store) Freshness() Freshness {
	switch age := s.o.Now().Sub(s.Confirmed()); {
	case age >= s.o.StopAfter:
		return Stale
	case age >= s.o.CriticalAfter:
		return Critical
	case age >= s.o.WarnAfter:
		return Aging
	}
	return Fresh
}

// Reload asks the source now. A *VerifyError, or an error of the source, means that the list in service
// stays; when only the copy on disk fails, the new list serves and the error says so.
func (s *Store) Reload(ctx context.Context) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	outcome, err := s.ask(ctx)
	if ctx.Err() != nil {
		return err
	}
	s.tell(outcome, err)
	if s.o.Refreshed != nil { // whoever sees it counted finds its alarm
		s.o.Refreshed(outcome)
	}
	return err
}

// ask takes what the source has.
func (s *Store) ask(ctx context.Context) (Outcome, error) {
	var mark fetch.Validators
	if now := s.current.Load(); now != nil {
		mark = now.mark
	}
	d, confirmed, err := s.o.Source.get(ctx, mark, s.o.Now)
	if err != nil {
		return OutcomeFailed, fmt.Errorf("read white list: %w", err)
	}
	if now := s.o.Now(); confirmed.After(now) {
		confirmed = now
	}
	sum, old := sha256.Sum256(d.Data), s.current.Load()
	if d.Unchanged {
		sum, d.Validators = old.sum, old.mark
	}
	next := &served{sum: sum, mark: d.Validators, confirmed: confirmed}
	if old != nil && old.sum == sum {
		if next.list = old.list; old.confirmed.After(confirmed) {
			next.confirmed = old.confirmed
		}
		s.current.Store(next)
		return OutcomeUnchanged, s.keepState(next)
	}
	if next.list, err = s.verify(d.Data, sum, s.o.Revocation); err != nil {
		return OutcomeRefused, err
	}
	s.current.Store(next)
	s.floor = next.list.generated
	return OutcomeNew, s.keep(d.Data, next)
}

// verify judges bytes that are not in service yet.
func (s *Store) verify(data []byte, sum [sha256.Size]byte, r *Revocation) (*List, error) {
	o := Options{
		Chain: s.o.Chain, SignerNames: s.o.SignerNames, Revocation: r, Now: s.o.Now(),
		Floor: s.floor, OwnDomain: s.o.OwnDomain,
	}
	if s.o.Own != nil {
		o.OwnDNs = s.o.Own()
	}
	if old := s.current.Load(); old != nil {
		o.Previous = old.list
	}
	o.Force = s.accepted(sum)
	list, err := Verify(data, o)
	if err != nil {
		return nil, err
	}
	s.o.Log.Info("white list", "event", "list.refresh", "outcome", "success", "generated", list.Generated(),
		"entries", list.Entries(), "skipped", list.Skipped(), "forced", o.Force)
	return list, nil
}

// tell raises or ends the alarms about an attempt (O15, O17, O44) and about the age of the list (O16).
func (s *Store) tell(outcome Outcome, err error) {
	switch {
	case err == nil:
		s.o.Alarms.Clear(alarm.ListRefresh, "")
	case outcome == OutcomeRefused:
		s.o.Alarms.Raise(alarm.ListRefresh, "", slog.LevelError, err.Error())
	default:
		s.o.Alarms.Raise(alarm.ListRefresh, "", slog.LevelWarn, err.Error())
	}
	switch {
	case errors.Is(err, ErrOwnEntry):
		s.o.Alarms.Raise(alarm.OwnEntry, "", slog.LevelError, "the newest list does not name our certificate for our domain")
	case outcome != OutcomeFailed:
		s.o.Alarms.Clear(alarm.OwnEntry, "")
	}
	if s.current.Load() == nil {
		return
	}
	switch f := s.Freshness(); f {
	case Fresh:
		s.o.Alarms.Clear(alarm.ListAge, "")
	case Aging:
		s.o.Alarms.Raise(alarm.ListAge, "", slog.LevelWarn, string(f))
	case Critical, Stale:
		s.o.Alarms.Raise(alarm.ListAge, "", slog.LevelError, string(f))
	}
}

// retryAfter is the first pause after an attempt that failed.
const retryAfter = time.Minute

// Run asks the source at each interval, sooner after a failure, until ctx ends (O14).
func (s *Store) Run(ctx context.Context, every time.Duration) {
	fetch.Repeat(ctx, fetch.Pace{Every: every, Retry: retryAfter}, s.wake, s.Reload)
}

// Wake makes Run ask now.
func (s *Store) Wake() { fetch.Wake(s.wake) }
