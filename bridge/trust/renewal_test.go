package trust_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/alarm"
	"mesbridge/bridge/trust/trusttest"
)

// TestRenewal covers O53: a new pair of ours serves without a restart once it is good and listed; one that
// is not keeps the old one and is told.
func TestRenewal(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	foreign := trusttest.New(t, at)
	name := trusttest.Name("smtps1.patient.exemple.fr", "318003502400041", "CNAM")
	moved := s.Issue(t, trusttest.Name("smtps2.patient.exemple.fr", "318003502400041", "CNAM"))
	c := newClock(at)
	board := alarm.NewBoard(slog.New(slog.DiscardHandler), c.now)
	files, failure := s.own, error(nil)
	listed := []trust.DN{s.options().OwnDNs[0]}
	ours := s.identity(t, s.own, nil, c.now)
	r := trust.Renewal{
		Identity: ours, Alarms: board, Log: slog.New(slog.DiscardHandler),
		Load:   func() (tls.Certificate, error) { return files, failure },
		Listed: func(dn trust.DN) bool { return slices.Contains(listed, dn) },
	}
	server := ours.ServerConfig()
	shown := func() *x509.Certificate {
		var leaf *x509.Certificate
		client := anyone(s.operator)
		client.VerifyConnection = func(state tls.ConnectionState) error { leaf = state.PeerCertificates[0]; return nil }
		if _, err := handshake(t, server, client); err != nil {
			t.Fatal(err)
		}
		return leaf
	}
	check := func(label string, want error, serves tls.Certificate, alarms ...alarm.Name) {
		t.Helper()
		if err := r.Check(); !errors.Is(err, want) && (!errors.Is(want, errAny) || err == nil) {
			t.Errorf("%s: %v, want %v", label, err, want)
		}
		if !shown().Equal(serves.Leaf) || !ours.Certificate().Equal(serves.Leaf) {
			t.Errorf("%s: another certificate serves", label)
		}
		var got []alarm.Name
		for _, a := range board.Active() {
			got = append(got, a.Name)
		}
		if !slices.Equal(got, alarms) {
			t.Errorf("%s: alarms %q, want %q", label, got, alarms)
		}
	}
	check("nothing new", nil, s.own)
	failure = os.ErrNotExist
	check("no file", os.ErrNotExist, s.own, alarm.OwnReplacement)
	failure, files = nil, foreign.Issue(t, name)
	check("another authority", errAny, s.own, alarm.OwnReplacement)
	files = s.Issue(t, name, s.Expired)
	check("expired", errAny, s.own, alarm.OwnReplacement)
	files = s.IssueKey(t, name, trusttest.RSAKey(t, 1024))
	check("weak", trust.ErrWeak, s.own, alarm.OwnReplacement)
	files = s.Issue(t, name, trusttest.Usage(x509.ExtKeyUsageEmailProtection))
	check("not for TLS", errAny, s.own, alarm.OwnReplacement)
	files = moved
	check("not listed yet", trust.ErrNotListed, s.own, alarm.OwnReplacement)
	dn, err := trust.CertificateDN(moved.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	listed = append(listed, dn)
	check("listed now", nil, moved)
	files = s.Issue(t, name)
	check("renewed", nil, files)
	for _, tt := range []struct {
		left  time.Duration
		alarm bool
		level slog.Level
	}{
		{60*24*time.Hour + 1, false, 0},
		{60 * 24 * time.Hour, true, slog.LevelWarn},
		{30 * 24 * time.Hour, true, slog.LevelWarn},
		{7 * 24 * time.Hour, true, slog.LevelError},
		{0, true, slog.LevelError},
	} {
		c.set(ours.Certificate().NotAfter.Add(-tt.left))
		if err := r.Check(); err != nil {
			t.Error(err)
		}
		active := board.Active()
		if (len(active) == 1) != tt.alarm || tt.alarm && (active[0].Name != alarm.OwnExpiry || active[0].Level != tt.level) {
			t.Errorf("%v before the end: %+v", tt.left, active)
		}
	}
}

// errAny stands for any error.
var errAny = errors.New("any")

// watcher is an Observer.
type watcher struct{ seen []string }

func (w *watcher) Judged(d trust.Direction, f trust.Fault) {
	w.seen = append(w.seen, string(d)+" "+string(f))
}

func (w *watcher) HostName(host string, named bool) {
	if !named {
		w.seen = append(w.seen, "not "+host)
	}
}

// TestIdentity_observer covers what O190 counts, and D23: another host in the certificate is told, and
// nothing more.
func TestIdentity_observer(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	w := &watcher{}
	ours, err := trust.NewIdentity(s.own, s.Chain(), nil, newClock(at).now, trust.WithObserver(w))
	if err != nil {
		t.Fatal(err)
	}
	server := &tls.Config{Certificates: []tls.Certificate{s.operator}, MinVersion: tls.VersionTLS12}
	for _, host := range []string{"SMTP.ch-exemple.fr", "mx.autre.fr"} {
		if _, err := handshake(t, server, ours.ClientConfig(host)); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	ours.Peer(tls.ConnectionState{})
	if want := []string{"outbound ", "outbound ", "not mx.autre.fr", "inbound certificate-absent"}; !slices.Equal(w.seen, want) {
		t.Errorf("%q, want %q", w.seen, want)
	}
}
