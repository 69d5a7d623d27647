package revocation

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mesbridge/bridge/trust/alarm"
	"mesbridge/bridge/trust/fetch"
)

// retryAfter is the first pause after sources failed.
const retryAfter = time.Minute

// source is one URL that lists come from.
type source struct {
	url    string
	mark   fetch.Validators // of the list in service
	failed time.Time        // when it last did not answer well; zero: it did
}

// keptName is the file that keeps the list of a URL.
func keptName(url string) string {
	sum := sha256.Sum256([]byte(url))
	return hex.EncodeToString(sum[:16]) + ".crl"
}

// loadKept puts in service what is still good of earlier fetches.
func (c *Checker) loadKept() {
	o := c.o.Online
	if o.Dir == "" {
		return
	}
	names, err := filepath.Glob(filepath.Join(o.Dir, "*.crl"))
	if err != nil {
		return // the pattern is good
	}
	lists := map[string]*List{}
	for _, name := range names {
		data, err := os.ReadFile(name) //nolint:gosec // a file of our own directory
		if err == nil {
			var l *List
			if l, err = Parse(data, c.o.Authorities); err == nil {
				lists[filepath.Base(name)] = l
			}
		}
		if err != nil {
			o.Log.WarnContext(o.Base, "kept revocation list is not used; it is fetched again", "file", name, "error", err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(lists)
}

// follow notes a URL to fetch from now on. Only http is asked: the list is signed, and the others that
// certificates name (ldap) give the same (O50).
func (c *Checker) follow(url string) {
	if c.o.Online == nil || !strings.HasPrefix(strings.ToLower(url), "http://") && !strings.HasPrefix(strings.ToLower(url), "https://") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sources[url] == nil {
		c.sources[url] = &source{url: url}
		fetch.Wake(c.wake)
	}
}

// fetchFor fetches the lists that may tell of a certificate: those it names, and those of the settings.
func (c *Checker) fetchFor(ctx context.Context, cert *x509.Certificate) {
	for _, urls := range [][]string{cert.CRLDistributionPoints, c.o.Online.URLs} {
		for _, url := range urls {
			if c.rested(url) {
				_ = c.fetch(ctx, url) // it is told on the board; the lists say what came of it
			}
		}
	}
}

// rested reports whether a URL is followed and did not fail a moment ago.
func (c *Checker) rested(url string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sources[url]
	return s != nil && c.o.Online.Now().Sub(s.failed) >= restTime
}

// fetch gets the list of one URL and puts it in service and on disk. Many callers share one request.
func (c *Checker) fetch(ctx context.Context, url string) error {
	_, err, _ := c.flights.Do(url, func() (any, error) {
		err := c.get(ctx, url)
		c.asked("crl", err)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil {
			c.sources[url].failed = time.Time{}
			c.o.Alarms.Clear(alarm.RevocationData, url)
			return nil, nil
		}
		c.sources[url].failed = c.o.Online.Now()
		c.o.Alarms.Raise(alarm.RevocationData, url, slog.LevelWarn, err.Error())
		return nil, err
	})
	return err
}

func (c *Checker) get(ctx context.Context, url string) error {
	c.mu.Lock()
	mark := c.sources[url].mark
	c.mu.Unlock()
	d, err := c.o.Online.Client.Get(ctx, url, mark)
	if err != nil || d.Unchanged {
		return err
	}
	l, err := Parse(d.Data, c.o.Authorities)
	if err != nil {
		return fmt.Errorf("refuse revocation list: %w", err)
	}
	name := keptName(url)
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := (*c.lists.Load())[name]; old != nil && l.From.Before(old.From) {
		return errors.New("refuse revocation list: it is older than the one in service")
	}
	c.put(map[string]*List{name: l})
	c.sources[url].mark = d.Validators
	if dir := c.o.Online.Dir; dir != "" {
		return fetch.Keep(filepath.Join(dir, name), d.Data)
	}
	return nil
}

// Refresh reads all files and fetches all lists again (O52). What could not be had is told in the error
// and on the board; what was in service stays.
func (c *Checker) Refresh(ctx context.Context) error {
	errs := []error{c.Reload()}
	c.mu.Lock()
	urls := make([]string, 0, len(c.sources))
	for url := range c.sources {
		urls = append(urls, url)
	}
	c.mu.Unlock()
	for _, url := range urls {
		if err := c.fetch(ctx, url); err != nil {
			errs = append(errs, fmt.Errorf("fetch revocation list %s: %w", url, err))
		}
	}
	return errors.Join(errs...)
}

// Run refreshes at each interval, sooner after a failure, until ctx ends. failed takes what went wrong.
func (c *Checker) Run(ctx context.Context, every time.Duration, failed func(error)) {
	fetch.Repeat(ctx, fetch.Pace{Every: every, Retry: retryAfter}, c.wake, func(ctx context.Context) error {
		err := c.Refresh(ctx)
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
		return err
	})
}

// Wake makes Run refresh now.
func (c *Checker) Wake() { fetch.Wake(c.wake) }

func (c *Checker) asked(kind string, err error) {
	if c.o.Asked != nil {
		c.o.Asked(kind, err)
	}
}
