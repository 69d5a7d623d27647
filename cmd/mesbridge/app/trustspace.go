package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"path/filepath"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/conversations"
)

// How often files that others keep fresh are read again (O14, O52, O139).
const (
	listEvery       = time.Hour
	revocationEvery = time.Hour
	directoryEvery  = 24 * time.Hour
)

// keptList is the copy of the last verified list in the data directory (O15).
const keptList = "white-list.xml"

// openTrust loads our certificate, the white list and the directory. The list must name our own
// certificate for the citizen domain (D1, D2).
func (a *App) openTrust(ctx context.Context) error {
	if err := a.openLists(ctx); err != nil {
		return SettingsError{err}
	}
	return nil
}

func (a *App) openLists(ctx context.Context) error {
	c := a.Config
	if err := a.openIdentity(); err != nil {
		return fmt.Errorf("read our certificate: %w", err)
	}
	roots, err := trust.LoadAuthorities(string(c.WhiteList.SignerRoots))
	if err != nil {
		return fmt.Errorf("read the chain of the white list: %w", err)
	}
	a.lists, err = trust.OpenStore(trust.StoreOptions{
		File: string(c.WhiteList.File), Keep: filepath.Join(c.DataDir, keptList), Chain: roots, SignerNames: c.WhiteList.SignerCN,
		OwnDomain: c.CitizenDomain, OwnDNs: []trust.DN{a.identity.DN()}, Now: time.Now, Log: a.Log.With("part", "white list"),
	})
	if err != nil {
		return fmt.Errorf("read the white list, which must name our certificate for %s (D2): %w", c.CitizenDomain, err)
	}
	a.loop("white list", func(ctx context.Context) error { a.lists.Run(ctx, listEvery); return nil })
	return a.openDirectory(ctx)
}

// openIdentity loads our certificate and what we judge others' by, and keeps the revocation lists fresh
// (O52).
func (a *App) openIdentity() error {
	c := a.Config.SMTP
	own, err := tls.LoadX509KeyPair(string(c.Certificate), string(c.Key))
	if err != nil {
		return err
	}
	chain, err := trust.LoadAuthorities(string(c.CA))
	if err != nil {
		return err
	}
	revocation, err := trust.LoadRevocation(paths(c.CRLs), chain)
	if err != nil {
		return err
	}
	a.every("revocation lists", revocationEvery, func(context.Context) error { return revocation.Reload() })
	a.identity, err = trust.NewIdentity(own, chain, revocation, time.Now)
	return err
}

// openDirectory loads the table of mailboxes, when there is one, and keeps it fresh.
func (a *App) openDirectory(ctx context.Context) error {
	file := string(a.Config.Directory.File)
	if file == "" {
		return nil
	}
	load := func(ctx context.Context) error {
		sum, err := a.directory.LoadFile(file)
		if err != nil {
			return fmt.Errorf("read the directory: %w", err)
		}
		a.Log.InfoContext(ctx, "directory loaded", "mailboxes", sum.Mailboxes, "skipped", sum.Skipped)
		return nil
	}
	if err := load(ctx); err != nil {
		return err
	}
	a.every("directory", directoryEvery, load)
	return nil
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

// book is the conversations.Directory of a bridge: names from the table, trust from the white list.
type book struct{ a *App }

// Mailbox returns what the table knows of an address.
func (b book) Mailbox(at conversations.Address) conversations.Mailbox {
	return b.a.directory.Mailbox(at)
}

// Trusted reports whether the white list in service holds the domain, whatever its age: this tells
// whether a correspondent is gone (O45), not whether mail is accepted.
func (b book) Trusted(domain string) bool { return b.a.lists.InService().Listed(domain) }

// paths are files as text.
func paths[T ~string](files []T) []string {
	all := make([]string, len(files))
	for i, f := range files {
		all[i] = string(f)
	}
	return all
}
