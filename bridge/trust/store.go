package trust

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
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
	File string // the list, as an administrator or a later fetcher puts it there
	Keep string // copy of the last verified list, which survives a restart (O15); empty: none

	Chain       []*x509.Certificate // see Options
	SignerNames []string
	Revocation  *Revocation
	OwnDomain   string
	OwnDNs      []DN //nolint:staticcheck // several of DN, not a name service

	WarnAfter, CriticalAfter, StopAfter time.Duration

	Now func() time.Time
	Log *slog.Logger
}

// Store holds the list in service. A list that fails a check never replaces it (O15). It is safe for
// concurrent use.
type Store struct {
	o       StoreOptions
	current atomic.Pointer[served]
	loading sync.Mutex // one load at a time
}

// served is a list, what it was read from, and when somebody last confirmed that it is the current one.
type served struct {
	list      *List
	sum       [sha256.Size]byte
	confirmed time.Time
}

// OpenStore loads the kept copy, then the file. It fails when neither gives a list.
func OpenStore(o StoreOptions) (*Store, error) {
	if o.WarnAfter == 0 {
		o.WarnAfter = DefaultWarnAfter
	}
	if o.CriticalAfter == 0 {
		o.CriticalAfter = DefaultCriticalAfter
	}
	if o.StopAfter == 0 {
		o.StopAfter = DefaultStopAfter
	}
	s := &Store{o: o}
	var kept error
	if o.Keep != "" {
		if kept = s.load(o.Keep, false); errors.Is(kept, fs.ErrNotExist) {
			kept = nil
		}
	}
	err := s.Reload()
	if s.current.Load() == nil {
		return nil, errors.Join(err, kept)
	}
	if err != nil || kept != nil {
		o.Log.Error("white list", "event", "list.load", "outcome", "refused", "err", errors.Join(err, kept))
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

// Freshness tells how old the confirmation of the list is. Each delay is the first instant of its step.
func (s *Store) Freshness() Freshness {
	switch age := s.o.Now().Sub(s.current.Load().confirmed); {
	case age >= s.o.StopAfter:
		return Stale
	case age >= s.o.CriticalAfter:
		return Critical
	case age >= s.o.WarnAfter:
		return Aging
	}
	return Fresh
}

// Reload reads the file again. A *VerifyError, or an error of the file system, means that the list in
// service stays. The file's modification time is when its bytes were last confirmed: whoever fetches
// the list touches it even when nothing changed.
func (s *Store) Reload() error { return s.load(s.o.File, true) }

// load reads one file.
func (s *Store) load(name string, keep bool) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("read white list: %w", err)
	}
	if info.Size() > MaxListBytes {
		return &VerifyError{StepForm, fmt.Errorf("%d octets are more than %d", info.Size(), MaxListBytes)}
	}
	data, err := os.ReadFile(name) //nolint:gosec // the administrator names the file
	if err != nil {
		return fmt.Errorf("read white list: %w", err)
	}
	return s.refresh(data, info.ModTime(), keep)
}

// Refresh takes the bytes of a list that was confirmed at a given instant, verifies them if they are
// new, and puts them in service and on disk. When only the copy on disk fails, the list serves and the
// error says so.
func (s *Store) Refresh(data []byte, confirmed time.Time) error {
	return s.refresh(data, confirmed, true)
}

func (s *Store) refresh(data []byte, confirmed time.Time, keep bool) error {
	s.loading.Lock()
	defer s.loading.Unlock()
	now := s.o.Now()
	if confirmed.After(now) {
		confirmed = now
	}
	next := &served{sum: sha256.Sum256(data), confirmed: confirmed}
	var previous *List
	if old := s.current.Load(); old != nil {
		previous = old.list
		if old.sum == next.sum {
			if !confirmed.After(old.confirmed) {
				return nil
			}
			next.list = old.list
		}
	}
	if next.list == nil {
		var err error
		if next.list, err = s.verify(data, previous, now); err != nil {
			return err
		}
	}
	s.current.Store(next)
	if !keep || s.o.Keep == "" {
		return nil
	}
	return keepFile(s.o.Keep, data, next.confirmed)
}

// verify judges bytes that are not in service yet.
func (s *Store) verify(data []byte, previous *List, now time.Time) (*List, error) {
	list, err := Verify(data, Options{
		Chain: s.o.Chain, SignerNames: s.o.SignerNames, Revocation: s.o.Revocation, Now: now,
		Previous: previous, OwnDomain: s.o.OwnDomain, OwnDNs: s.o.OwnDNs,
	})
	if err != nil {
		return nil, err
	}
	s.o.Log.Info("white list", "event", "list.refresh", "outcome", "success", "generated", list.Generated(),
		"entries", list.Entries(), "skipped", list.Skipped())
	return list, nil
}

// Run reloads at each interval until ctx ends, and reports failures and ageing (O14, O16).
func (s *Store) Run(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.Reload(); err != nil {
			s.o.Log.Error("white list", "event", "list.refresh", "outcome", "refused", "err", err)
		}
		if f := s.Freshness(); f != Fresh {
			s.o.Log.Warn("white list", "event", "list.age", "outcome", string(f))
		}
	}
}
