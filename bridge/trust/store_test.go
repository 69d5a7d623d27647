package trust_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/alarm"
	"mesbridge/bridge/trust/trusttest"
)

// clock is a clock that a test moves.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock(at time.Time) *clock {
	c := &clock{}
	c.set(at)
	return c
}

func (c *clock) set(at time.Time) { c.at.Store(&at) }
func (c *clock) now() time.Time   { return *c.at.Load() }

// storeFor returns options for a store in a directory of its own, and a function that puts a list
// there, confirmed at a given instant.
func storeFor(t *testing.T, s space, c *clock) (trust.StoreOptions, func(data []byte, confirmed time.Time)) {
	t.Helper()
	dir := t.TempDir()
	own := s.options()
	file := filepath.Join(dir, "list.xml")
	o := trust.StoreOptions{
		Source: trust.FileSource(file), Keep: filepath.Join(dir, "kept.xml"),
		Chain: s.Chain(), OwnDomain: own.OwnDomain, Own: func() []trust.DN { return own.OwnDNs },
		Now: c.now, Log: slog.New(slog.DiscardHandler),
	}
	return o, func(data []byte, confirmed time.Time) {
		t.Helper()
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, confirmed, confirmed); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStore_ages covers the three steps of O16, each delay being the first instant of its step.
func TestStore_ages(t *testing.T) {
	t.Parallel()
	s, c := newSpace(t), newClock(at)
	o, put := storeFor(t, s, c)
	list := trusttest.List(t, s.signer, at, s.entries(t)...)
	put(list, at)
	store, err := trust.OpenStore(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		age  time.Duration
		want trust.Freshness
	}{
		{0, trust.Fresh},
		{24*time.Hour - 1, trust.Fresh},
		{24 * time.Hour, trust.Aging},
		{72 * time.Hour, trust.Critical},
		{7*24*time.Hour - 1, trust.Critical},
		{7 * 24 * time.Hour, trust.Stale},
	} {
		c.set(at.Add(tt.age))
		_, err := store.Current()
		if got := store.Freshness(); got != tt.want || errors.Is(err, trust.ErrStale) != (tt.want == trust.Stale) {
			t.Errorf("after %v: %s, %v; want %s", tt.age, got, err, tt.want)
		}
	}
	if !store.InService().Listed("ch-exemple.mssante.fr") {
		t.Error("a stale list no longer tells who was listed")
	}
	put(list, c.now()) // the same bytes, confirmed again
	if err := store.Reload(t.Context()); err != nil || store.Freshness() != trust.Fresh {
		t.Errorf("a confirmed list is %s, %v", store.Freshness(), err)
	}
}

// TestStore_refusedList_keepsTheOneInService covers O15 and O17, across a restart.
func TestStore_refusedList_keepsTheOneInService(t *testing.T) {
	t.Parallel()
	s, c := newSpace(t), newClock(at)
	o, put := storeFor(t, s, c)
	if _, err := trust.OpenStore(t.Context(), o); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a store without any list opened: %v", err)
	}
	first := trusttest.List(t, s.signer, at.Add(-time.Hour), s.entries(t)...)
	put(first, at)
	store, err := trust.OpenStore(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	second := trusttest.List(t, s.signer, at, s.entries(t, trusttest.Entry(t, "neuf.mssante.fr", s.operator, at))...)
	put(second, at)
	if err := store.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.set(at.Add(2 * time.Hour))
	put(first, c.now())
	refusedAt(t, store.Reload(t.Context()), trust.StepRollback)
	put(second[:len(second)/2], c.now())
	refusedAt(t, store.Reload(t.Context()), trust.StepForm)
	if list, err := store.Current(); err != nil || !list.Listed("neuf.mssante.fr") {
		t.Errorf("the list in service is gone: %v", err)
	}
	c.set(at.Add(25 * time.Hour))
	again, err := trust.OpenStore(t.Context(), o) // the file is still half a list
	if err != nil {
		t.Fatal(err)
	}
	if list, err := again.Current(); err != nil || !list.Listed("neuf.mssante.fr") {
		t.Errorf("the last verified list did not survive a restart: %v", err)
	}
	if got := again.Freshness(); got != trust.Aging {
		t.Errorf("a restart made the list %s", got)
	}
}

// TestStore_Run covers O14: the file is read again at each interval, and a failure is reported without
// an end to the service.
func TestStore_Run(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	synctest.Test(t, func(t *testing.T) {
		c := newClock(at)
		o, put := storeFor(t, s, c)
		var trace bytes.Buffer
		o.Log = slog.New(slog.NewTextHandler(&trace, nil))
		o.Alarms = alarm.NewBoard(o.Log, c.now)
		put(trusttest.List(t, s.signer, at.Add(-time.Hour), s.entries(t)...), at)
		store, err := trust.OpenStore(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			store.Run(ctx, time.Hour)
		}()
		hour := func() {
			<-time.After(time.Hour + 7*time.Minute) // an hour and its spread
			synctest.Wait()
		}
		put(trusttest.List(t, s.signer, at, s.entries(t, trusttest.Entry(t, "neuf.mssante.fr", s.operator, at))...), at)
		hour()
		if !store.InService().Listed("neuf.mssante.fr") {
			t.Error("the new list is not in service")
		}
		put([]byte("nonsense"), at)
		c.set(at.Add(30 * time.Hour))
		hour()
		if !store.InService().Listed("neuf.mssante.fr") || !strings.Contains(trace.String(), "step form") || !strings.Contains(trace.String(), "detail=warning") {
			t.Errorf("after a bad file: %s", trace.String())
		}
		cancel()
		<-ended
	})
}
