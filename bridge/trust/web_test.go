package trust_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/alarm"
	"mesbridge/bridge/trust/fetch"
	"mesbridge/bridge/trust/trusttest"
)

// web is a store whose list comes from a server.
type web struct {
	space
	site     *trusttest.Site
	clock    *clock
	board    *alarm.Board
	outcomes []trust.Outcome
	options  trust.StoreOptions
}

const listPath = "/listeblanchemssante.xml"

func newWeb(t *testing.T) *web {
	t.Helper()
	p := trusttest.New(t, time.Now()) // of the server: TLS goes by the real clock
	w := &web{space: newSpace(t), site: trusttest.NewSite(t, p.Issue(t, trusttest.Name("127.0.0.1", "1", "X"), trusttest.Loopback)), clock: newClock(at)}
	log := slog.New(slog.DiscardHandler)
	w.board = alarm.NewBoard(log, w.clock.now)
	roots := x509.NewCertPool()
	roots.AddCert(p.Root)
	own := w.space.options()
	w.options = trust.StoreOptions{
		Source: trust.WebSource{URL: w.site.URL + listPath, Client: fetch.New(fetch.Options{Roots: roots, MaxBytes: trust.MaxListBytes, Timeout: time.Minute})},
		Keep:   filepath.Join(t.TempDir(), "kept.xml"), Chain: w.Chain(), OwnDomain: own.OwnDomain, Own: func() []trust.DN { return own.OwnDNs },
		Now: w.clock.now, Log: log, Alarms: w.board, Refreshed: func(o trust.Outcome) { w.outcomes = append(w.outcomes, o) },
	}
	return w
}

// put serves a list of our two entries and more, of a given date.
func (w *web) put(t *testing.T, generated time.Time, more ...string) []byte {
	t.Helper()
	entries := w.entries(t)
	for _, name := range more {
		entries = append(entries, trusttest.Entry(t, name, w.operator, at))
	}
	data := trusttest.List(t, w.signer, generated, entries...)
	w.site.Put(listPath, data)
	return data
}

func (w *web) open(t *testing.T) *trust.Store {
	t.Helper()
	s, err := trust.OpenStore(t.Context(), w.options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *web) alarms() (names []alarm.Name) {
	for _, a := range w.board.Active() {
		names = append(names, a.Name)
	}
	return names
}

func (w *web) wantAlarms(t *testing.T, want ...alarm.Name) {
	t.Helper()
	if got := w.alarms(); !slices.Equal(got, want) {
		t.Errorf("alarms %q, want %q", got, want)
	}
}

// TestWeb_refresh covers O10, O14 and O15: whole once, then by condition; a server that is down or gives
// nonsense changes nothing.
func TestWeb_refresh(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	w.put(t, at.Add(-time.Hour))
	s := w.open(t)
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if full, unchanged := w.site.Asked(listPath); full != 1 || unchanged != 1 {
		t.Errorf("given whole %d times, unchanged %d times", full, unchanged)
	}
	w.clock.set(at.Add(30 * time.Hour))
	w.site.Break(http.StatusBadGateway)
	if err := s.Reload(t.Context()); err == nil || s.Freshness() != trust.Aging {
		t.Errorf("%v, %s", err, s.Freshness())
	}
	w.wantAlarms(t, alarm.ListAge, alarm.ListRefresh)
	w.site.Break(0)
	if err := s.Reload(t.Context()); err != nil || s.Freshness() != trust.Fresh {
		t.Errorf("%v, %s", err, s.Freshness())
	}
	w.wantAlarms(t)
	w.site.Put(listPath, []byte("<html>proxy</html>"))
	refusedAt(t, s.Reload(t.Context()), trust.StepAlgorithms)
	w.put(t, at, "neuf.mssante.fr")
	if err := s.Reload(t.Context()); err != nil || !s.InService().Listed("neuf.mssante.fr") {
		t.Error(err)
	}
	want := []trust.Outcome{trust.OutcomeNew, trust.OutcomeUnchanged, trust.OutcomeFailed, trust.OutcomeUnchanged, trust.OutcomeRefused, trust.OutcomeNew}
	if !slices.Equal(w.outcomes, want) {
		t.Errorf("outcomes %q, want %q", w.outcomes, want)
	}
}

// TestWeb_restart covers O15, O16 and O17 across a restart: the kept list serves while the server is down,
// as old as it is; its validators count; nothing older gets in, even when the kept bytes are lost.
func TestWeb_restart(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	if _, err := trust.OpenStore(t.Context(), w.options); err == nil {
		t.Fatal("a store without any list opened")
	}
	w.put(t, at.Add(-time.Minute))
	w.open(t)
	w.clock.set(at.Add(80 * time.Hour))
	w.site.Break(http.StatusServiceUnavailable)
	again := w.open(t)
	if again.Freshness() != trust.Critical || !again.InService().Listed("ch-exemple.mssante.fr") {
		t.Errorf("after the restart: %s", again.Freshness())
	}
	w.site.Break(0)
	full, _ := w.site.Asked(listPath)
	if err := again.Reload(t.Context()); err != nil || again.Freshness() != trust.Fresh {
		t.Errorf("%v, %s", err, again.Freshness())
	}
	if now, _ := w.site.Asked(listPath); now != full {
		t.Error("the kept list was fetched again although the server has the same")
	}
	if err := os.WriteFile(w.options.Keep, []byte("lost"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.put(t, at.Add(-time.Hour))
	_, err := trust.OpenStore(t.Context(), w.options)
	refusedAt(t, err, trust.StepRollback)
	w.put(t, at.Add(-time.Minute))
	if s := w.open(t); s.InService().Entries() != 2 {
		t.Error("the list of the same date is not in service")
	}
}

// TestWeb_heldList covers O17 and O39: an older or a shrunken list waits for an administrator, who accepts
// exactly one, once.
func TestWeb_heldList(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	w.put(t, at, "a.mssante.fr", "b.mssante.fr", "c.mssante.fr")
	s := w.open(t)
	held := w.put(t, at.Add(-time.Hour), "a.mssante.fr")
	refusedAt(t, s.Reload(t.Context()), trust.StepRollback)
	w.wantAlarms(t, alarm.ListRefresh)
	if err := trust.Accept(w.options.Keep, held); err != nil {
		t.Fatal(err)
	}
	w.put(t, at.Add(-30*time.Minute), "a.mssante.fr")
	refusedAt(t, s.Reload(t.Context()), trust.StepRollback) // not the one that was accepted
	w.site.Put(listPath, held)
	if err := s.Reload(t.Context()); err != nil || s.InService().Entries() != 3 {
		t.Errorf("the accepted list: %v", err)
	}
	w.wantAlarms(t)
	if _, err := os.Stat(w.options.Keep + ".accept"); !os.IsNotExist(err) {
		t.Errorf("the acceptance is still there: %v", err)
	}
	sum := sha256.Sum256(held)
	state, err := os.ReadFile(w.options.Keep + ".json")
	if err != nil || !strings.Contains(string(state), hex.EncodeToString(sum[:])) {
		t.Errorf("%s, %v", state, err)
	}
	w.put(t, at.Add(-30*time.Minute), "a.mssante.fr")
	if err := s.Reload(t.Context()); err != nil {
		t.Errorf("a newer list than the accepted one: %v", err)
	}
}

// TestWeb_ownEntryMissing covers O44.
func TestWeb_ownEntryMissing(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	w.put(t, at.Add(-time.Hour))
	s := w.open(t)
	w.site.Put(listPath, trusttest.List(t, w.signer, at, w.entries(t)[1:]...))
	if err := s.Reload(t.Context()); !errors.Is(err, trust.ErrOwnEntry) || !s.InService().Listed("patient.mssante.fr") {
		t.Errorf("%v", err)
	}
	w.wantAlarms(t, alarm.OwnEntry, alarm.ListRefresh)
	w.put(t, at)
	if err := s.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	w.wantAlarms(t)
}

// TestWeb_signerRevocation covers O39: the signer must be known not to be withdrawn, except for the kept
// copy, whose signer was judged when it came.
func TestWeb_signerRevocation(t *testing.T) {
	t.Parallel()
	w := newWeb(t)
	w.options.Revocation = loadRevocation(t, w.PKI, w.CRL(t))
	w.put(t, at)
	w.open(t)
	w.clock.set(at.Add(13 * time.Hour)) // the revocation list has ended
	s := w.open(t)
	if s.InService().Entries() != 2 {
		t.Error("the kept list does not serve")
	}
	w.put(t, at.Add(time.Hour), "neuf.mssante.fr")
	err := s.Reload(t.Context())
	refusedAt(t, err, trust.StepRevoked)
	w.options.Revocation = loadRevocation(t, w.PKI, w.CRLOf(t, &x509.RevocationList{ThisUpdate: at, NextUpdate: at.Add(48 * time.Hour)}, w.signer.Leaf))
	w.site.Break(http.StatusServiceUnavailable)
	if _, err := trust.OpenStore(t.Context(), w.options); err == nil {
		t.Error("a kept list of a withdrawn signer serves")
	}
}
