package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/alarm"
	"mesbridge/bridge/trust/fetch"
	"mesbridge/bridge/trust/revocation"
)

// certificateEvery is how often the files of our certificate are looked at again (O53).
const certificateEvery = time.Minute

// keptRevoked is the folder of a data directory that keeps revocation lists which were fetched (O52).
const keptRevoked = "revocation"

// KeptList names the copy of the last verified list in a data directory (O15).
func KeptList(dir string) string { return filepath.Join(dir, "white-list.xml") }

// Bounds of one question to a server of the trust space.
const (
	askLimit       = 30 * time.Second
	revocationWait = 20 * time.Second
)

// openTrust loads our certificate, the white list and the directory. The list must name our own
// certificate for the citizen domain (D1, D2).
func (a *App) openTrust(ctx context.Context) error {
	serving, cancel := context.WithCancel(context.Background())
	a.onStop("questions to the trust space", time.Second, func(context.Context) error { cancel(); return nil })
	a.trustMetrics = newTrustMetrics()
	a.alarms = alarm.NewBoard(a.Log.With("part", "trust"), time.Now)
	if err := a.openLists(ctx, serving); err != nil {
		return SettingsError{err}
	}
	if err := a.metrics.Register(trustCollector{a}); err != nil {
		return fmt.Errorf("register metrics of the trust space: %w", err)
	}
	return a.trustMetrics.register(a.metrics)
}

func (a *App) openLists(ctx, serving context.Context) error {
	c := a.Config
	roots, err := trust.LoadAuthorities(string(c.WhiteList.SignerRoots))
	if err != nil {
		return fmt.Errorf("read the chain of the white list: %w", err)
	}
	if err = a.openIdentity(serving, roots); err != nil {
		return fmt.Errorf("read our certificate: %w", err)
	}
	source, err := a.listSource()
	if err != nil {
		return err
	}
	a.lists, err = trust.OpenStore(ctx, trust.StoreOptions{
		Source: source, Keep: KeptList(c.DataDir),
		Chain: roots, SignerNames: c.WhiteList.SignerCN, Revocation: a.revocation,
		OwnDomain: c.CitizenDomain, Own: func() []trust.DN { return []trust.DN{a.identity.DN()} },
		WarnAfter: c.WhiteList.WarnAfter, CriticalAfter: c.WhiteList.CriticalAfter, StopAfter: c.WhiteList.StopAfter,
		Now: time.Now, Log: a.Log.With("part", "white list"), Alarms: a.alarms, Refreshed: a.listRefreshed,
	})
	if err != nil {
		return fmt.Errorf("read the white list, which must name our certificate for %s (D2): %w", c.CitizenDomain, err)
	}
	a.loop("white list", func(ctx context.Context) error { a.lists.Run(ctx, c.WhiteList.Every); return nil })
	a.renewal = trust.Renewal{
		Identity: a.identity, Load: a.ownPair, Alarms: a.alarms, Log: a.Log.With("part", "trust"),
		Listed: func(dn trust.DN) bool { return a.lists.InService().AllowsDN(c.CitizenDomain, dn) },
	}
	renew := func(context.Context) error { a.renew(); return nil }
	_ = renew(ctx) // tells on the board how long our certificate lasts
	a.every("own certificate", certificateEvery, renew)
	return a.openDirectory(ctx)
}

// listSource is the publisher's server, or the file that something else fetches.
func (a *App) listSource() (trust.Source, error) {
	c := a.Config.WhiteList
	if c.URL == "" {
		return trust.FileSource(c.File), nil
	}
	roots, err := trust.LoadAuthorities(string(c.Roots))
	if err != nil {
		return nil, fmt.Errorf("read the roots of the white list's server: %w", err)
	}
	return trust.WebSource{URL: c.URL, Client: a.asking(roots, trust.MaxListBytes, askLimit)}, nil
}

// asking makes a client for servers of the trust space.
func (a *App) asking(believed []*x509.Certificate, maxBytes int64, limit time.Duration) *fetch.Client {
	pool := x509.NewCertPool()
	for _, c := range believed {
		pool.AddCert(c)
	}
	client := fetch.New(fetch.Options{Roots: pool, MaxBytes: maxBytes, Timeout: limit})
	a.onStop("connections to the trust space", time.Second, func(context.Context) error { client.Close(); return nil })
	return client
}

// openIdentity loads our certificate and what we judge others' by, and keeps what was withdrawn fresh
// (O52). signers is the chain of the white list, whose signer may be withdrawn as well.
func (a *App) openIdentity(serving context.Context, signers []*x509.Certificate) error {
	c := a.Config.SMTP
	own, err := a.ownPair()
	if err != nil {
		return err
	}
	chain, err := trust.LoadAuthorities(string(c.CA))
	if err != nil {
		return err
	}
	o := revocation.Options{
		Authorities: append(slices.Clone(chain), signers...), Files: paths(c.CRLs), SoftFail: c.Revocation.SoftFail,
		Alarms: a.alarms, Asked: a.trustMetrics.asked,
	}
	if c.Revocation.Online {
		dir := filepath.Join(a.Config.DataDir, keptRevoked)
		if err = os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make directory of revocation lists: %w", err)
		}
		o.Online = &revocation.Online{
			Base: serving, Client: a.asking(o.Authorities, revocation.MaxListBytes, revocationWait),
			URLs: c.Revocation.URLs, OCSP: c.Revocation.OCSP, Dir: dir, Now: time.Now, Log: a.Log.With("part", "revocation"),
		}
	}
	if a.revocation, err = revocation.Open(o); err != nil {
		return err
	}
	a.loop("revocation lists", func(ctx context.Context) error {
		a.revocation.Run(ctx, a.Config.WhiteList.Every, func(err error) {
			a.Log.WarnContext(ctx, "revocation lists not all refreshed; what is in force stays in service", "error", err)
		})
		return nil
	})
	a.identity, err = trust.NewIdentity(own, chain, a.revocation, time.Now, trust.WithObserver(peerObserver{a}))
	return err
}

// ownPair reads our certificate and key.
func (a *App) ownPair() (tls.Certificate, error) {
	c := a.Config.SMTP
	key, err := c.Key.Read()
	if err != nil {
		return tls.Certificate{}, err
	}
	certificate, err := os.ReadFile(string(c.Certificate))
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(certificate, key)
}

// renew takes a new certificate of ours into service when its files have changed (O53).
func (a *App) renew() {
	outcome := "success"
	if a.renewal.Check() != nil { // the board tells why
		outcome = "refused"
	}
	a.trustMetrics.renewals.WithLabelValues(outcome).Inc()
}

// Refresh asks now for the white list, the revocation lists, the directory and our certificate's files, as SIGHUP does.
func (a *App) Refresh() {
	fetch.Wake(a.directory.wake)
	a.lists.Wake()
	a.revocation.Wake()
	a.renew()
}

// every repeats a task until the bridge stops. A failure is told, and the last good result stays.
func (a *App) every(name string, pause time.Duration, task func(context.Context) error) {
	a.loop(name, func(ctx context.Context) error {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
				if err := task(ctx); err != nil {
					a.Log.ErrorContext(ctx, "task failed; what it made before stays in service", "task", name, "error", err)
				}
			}
		}
	})
}

// paths are files as text.
func paths[T ~string](files []T) []string {
	all := make([]string, len(files))
	for i, f := range files {
		all[i] = string(f)
	}
	return all
}
