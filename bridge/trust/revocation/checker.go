package revocation

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"mesbridge/bridge/trust/alarm"
	"mesbridge/bridge/trust/fetch"
)

// Answers of a Checker.
var (
	// ErrRevoked means that the certificate's issuer withdrew it.
	ErrRevoked = errors.New("certificate revoked")
	// ErrUnknown means that nothing in force tells: refuse for now (O52).
	ErrUnknown = errors.New("no valid revocation information")
)

// Options say where a checker has its knowledge from. Without files and without Online nothing is ever
// revoked and nothing is unknown: the check is then not made, which the caller must have chosen.
type Options struct {
	Authorities []*x509.Certificate // who may sign lists
	Files       []string            // lists that somebody else keeps fresh, DER or PEM
	Online      *Online             // nil: nothing is asked of the network
	SoftFail    bool                // pass what is unknown, with an alarm: an emergency switch (O52)
	Alarms      *alarm.Board
	Asked       func(kind string, err error) // told of each question to the network, "crl" or "ocsp"; may be nil
}

// Online says how the network is asked.
type Online struct {
	Base   context.Context // its end ends what is under way
	Client *fetch.Client
	URLs   []string // lists to fetch beside those that certificates name (O50)
	OCSP   string   // responder for certificates that name none; empty: none
	Dir    string   // where fetched lists are kept; empty: nowhere
	Now    func() time.Time
	Log    *slog.Logger
}

// Times of questions that a certificate waits for.
const (
	maxWait  = 10 * time.Second // of one certificate for all its sources
	restTime = time.Minute      // that a source is left alone after it failed
)

// Checker knows what authorities withdrew. It is safe for concurrent use.
type Checker struct {
	o       Options
	flights singleflight.Group
	answers answers
	wake    chan struct{}

	lists atomic.Pointer[map[string]*List] // by file, or by name of the kept file

	mu      sync.Mutex // of sources, and of changes to lists
	sources map[string]*source
}

// Open reads the files, which must be good, and what was kept of earlier fetches. It asks the network for
// nothing yet.
func Open(o Options) (*Checker, error) {
	c := &Checker{o: o, wake: make(chan struct{}, 1), sources: map[string]*source{}}
	c.lists.Store(&map[string]*List{})
	if err := c.Reload(); err != nil {
		return nil, err
	}
	if o.Online == nil {
		return c, nil
	}
	c.loadKept()
	for _, url := range o.Online.URLs {
		c.follow(url)
	}
	return c, nil
}

// Reload reads the files again. When one of them is not good, what was read before stays in service
// (O52).
func (c *Checker) Reload() error {
	read := make(map[string]*List, len(c.o.Files))
	for _, name := range c.o.Files {
		data, err := os.ReadFile(name) //nolint:gosec // the administrator names the file
		if err != nil {
			return fmt.Errorf("read revocation list: %w", err)
		}
		if read[name], err = Parse(data, c.o.Authorities); err != nil {
			return fmt.Errorf("read revocation list %s: %w", name, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(read)
	return nil
}

// put adds lists, or replaces those of the same source. The caller holds mu.
func (c *Checker) put(more map[string]*List) {
	next := maps.Clone(*c.lists.Load())
	maps.Copy(next, more)
	c.lists.Store(&next)
}

// Lists returns the lists in service, by authority.
func (c *Checker) Lists() []*List {
	return slices.SortedFunc(maps.Values(*c.lists.Load()), func(x, y *List) int { return strings.Compare(x.Authority, y.Authority) })
}

// Check judges a chain, leaf first, at a given time: ErrRevoked, ErrUnknown or nil. The leaf needs
// something in force that tells; an authority, which the administrator named, is judged where something
// tells of it. A certificate of which nothing in service tells waits for the network, ten seconds at most.
func (c *Checker) Check(chain []*x509.Certificate, at time.Time) error {
	if len(c.o.Files) == 0 && c.o.Online == nil {
		return nil
	}
	for i, cert := range chain {
		if bytes.Equal(cert.RawSubject, cert.RawIssuer) {
			continue
		}
		var issuer *x509.Certificate
		if i+1 < len(chain) {
			issuer = chain[i+1]
		}
		err := c.judge(cert, issuer, at)
		if errors.Is(err, ErrRevoked) {
			return err
		}
		if i > 0 {
			continue
		}
		if err = c.tell(cert.Issuer.CommonName, err); err != nil {
			return err
		}
	}
	return nil
}

// judge is Check for one certificate.
func (c *Checker) judge(cert, issuer *x509.Certificate, at time.Time) error {
	for _, url := range cert.CRLDistributionPoints {
		c.follow(url)
	}
	if known, err := c.byLists(cert, at); known {
		return err
	}
	if c.o.Online == nil {
		return ErrUnknown
	}
	ctx, cancel := context.WithTimeout(c.o.Online.Base, maxWait)
	defer cancel()
	c.fetchFor(ctx, cert)
	if known, err := c.byLists(cert, at); known {
		return err
	}
	return c.byResponder(ctx, cert, issuer, at)
}

// byLists asks the lists in service. One of them withdrawing the certificate is enough.
func (c *Checker) byLists(cert *x509.Certificate, at time.Time) (known bool, err error) {
	for _, l := range *c.lists.Load() {
		tells, revoked := l.tells(cert, at)
		if revoked {
			return true, ErrRevoked
		}
		known = known || tells
	}
	return known, nil
}

// tell raises or ends the alarm about an authority whose certificates cannot be judged, and lets them
// pass if that is chosen.
func (c *Checker) tell(authority string, err error) error {
	if err == nil {
		c.o.Alarms.Clear(alarm.RevocationGone, authority)
		return nil
	}
	detail := "certificates are refused for the time being"
	if c.o.SoftFail {
		detail = "certificates pass unchecked: softFail is on"
	}
	c.o.Alarms.Raise(alarm.RevocationGone, authority, slog.LevelError, detail)
	if c.o.SoftFail {
		return nil
	}
	return err
}
