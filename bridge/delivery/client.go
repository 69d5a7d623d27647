package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"mesbridge/rules"
)

// Trust is the white list in service. It is implemented by trust.List.
type Trust interface {
	// Listed reports whether the list holds the domain (O24).
	Listed(domain string) bool
	// Allows reports whether the subject of cert is one that the list names for the domain (O30, D23).
	Allows(domain string, cert *x509.Certificate) bool
}

// Timeouts bound one attempt. A zero field stands for its default.
type Timeouts struct {
	Place    time.Duration // 30 s: for a place among the connections to a domain
	Dial     time.Duration // 30 s
	Greeting time.Duration // 5 min: the first 220 up to the end of the TLS handshake
	Command  time.Duration // 5 min: each reply but the last
	Block    time.Duration // 3 min: each piece of the message
	Final    time.Duration // 10 min: the reply to the whole message
	Attempt  time.Duration // 15 min: everything together
}

// orDefaults fills the zero fields with the times of RFC 5321 section 4.5.3.2. Attempt is ours: it
// bounds how long an effect can be held.
func (t Timeouts) orDefaults() Timeouts {
	set := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	set(&t.Place, 30*time.Second)
	set(&t.Dial, 30*time.Second)
	set(&t.Greeting, 5*time.Minute)
	set(&t.Command, 5*time.Minute)
	set(&t.Block, 3*time.Minute)
	set(&t.Final, 10*time.Minute)
	set(&t.Attempt, 15*time.Minute)
	return t
}

// Settings of a client. Name, TLS, Trust, Resolver, Log and Now are required.
type Settings struct {
	Name string // our name in EHLO
	// TLS gives the settings for a connection to a host: our certificate, and a check of the server's
	// chain that does not ask for the host's name. It is trust.Identity.ClientConfig.
	TLS func(host string) *tls.Config
	// Trust gives the list to decide by, or an error while there is none that is recent enough (O16).
	Trust        func() (Trust, error)
	Resolver     Resolver
	GiveUp       time.Duration                                                        // how long a message is tried (O87); 0: rules.GiveUpAfter
	AskDelivered bool                                                                 // ask operators to tell when a message reached its mailbox (RFC 3461); failures and delays always
	Strict       bool                                                                 // refuse a certificate that does not name the MX host, instead of warning (D23, O84)
	Dial         func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer
	Timeouts     Timeouts
	PerDomain    int           // connections at once to one domain; 0: 10
	Idle         time.Duration // how long a connection waits for another message; 0: 30 s
	Log          *slog.Logger
	Now          func() time.Time
}

// Client hands messages to the servers of the trust space. It is safe for concurrent use.
type Client struct {
	Settings
	links    *pool
	resting  *resting
	stopping context.Context
}

// NewClient returns a client. The end of ctx stops what is under way: a message whose last octet was
// sent is still given ten seconds for its reply. Close the client to say goodbye to the servers.
func NewClient(ctx context.Context, s Settings) *Client {
	s.Timeouts = s.Timeouts.orDefaults()
	if s.Dial == nil {
		s.Dial = new(net.Dialer).DialContext
	}
	if s.GiveUp == 0 {
		s.GiveUp = rules.GiveUpAfter
	}
	if s.PerDomain == 0 {
		s.PerDomain = 10
	}
	if s.Idle == 0 {
		s.Idle = 30 * time.Second
	}
	return &Client{Settings: s, links: newPool(s.PerDomain, s.Idle), resting: newResting(), stopping: ctx}
}

// Close ends the connections that wait for another message; those at work end after their message.
func (c *Client) Close() { c.links.close() }

// envelope is one message on its way to one mailbox (O88).
type envelope struct {
	from  rules.Address // zero: the null reverse-path of a report (R47)
	to    rules.Address
	turn  string                        // the attempt, of which the order of equal servers is a function
	envID string                        // names the message to us in reports; empty: none is asked for
	bytes int64                         // declared by SIZE (RFC 1870); 0: not declared
	open  func() (io.ReadCloser, error) // the same bytes each time, CRLF at line ends

	// begin, when it is there, is asked before the last octet: what fails with errElsewhere or any other
	// error is never ended.
	begin func() error
}

// errElsewhere means that another attempt sends the message.
var errElsewhere = errors.New("another attempt sends it")

// send hands m to a server of its domain and returns nil once that server answered 250. It fails with
// a *fault, or with errStopped.
func (c *Client) send(ctx context.Context, m envelope) error {
	return bounded(ctx, c.stopping, c.Timeouts.Attempt, func(ctx context.Context) error { return c.attempt(ctx, m) })
}

// errStopped means that we stopped inside an attempt; the server is not to blame.
var errStopped = errors.New("stopped during an attempt")

// bounded makes an attempt that ends after d, and when ctx or stopping does: with errStopped then,
// unless it had succeeded.
func bounded(ctx, stopping context.Context, d time.Duration, attempt func(context.Context) error) error {
	bound, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	defer context.AfterFunc(stopping, cancel)()
	err := attempt(bound)
	if err != nil && (ctx.Err() != nil || stopping.Err() != nil) {
		return errStopped
	}
	return err
}

func (c *Client) attempt(ctx context.Context, m envelope) error {
	list, err := c.Trust()
	if err != nil {
		return &fault{kind: faultOurs, code: codeStale, err: err}
	}
	if !list.Listed(m.to.Domain) {
		return &fault{kind: faultUnlisted, code: codeUnlisted}
	}
	if f := c.resting.fault(m.to.Domain, c.Now()); f != nil {
		return f
	}
	leave, err := c.links.enter(ctx, m.to.Domain, c.Timeouts.Place)
	if err != nil {
		return &fault{kind: faultLink, code: codeBusy, err: err}
	}
	defer leave()
	for l := c.links.take(m.to.Domain); l != nil; l = c.links.take(m.to.Domain) {
		if !list.Allows(m.to.Domain, l.peer) { // the list changed since we connected (O63)
			l.quit()
			continue
		}
		if err := c.transact(ctx, l, m); !errors.Is(err, errStale) {
			return err
		}
	}
	l, err := c.connect(ctx, list, m.to.Domain, m.turn)
	if err != nil {
		return err
	}
	return c.transact(ctx, l, m)
}

// transact sends m over l, and keeps l for the next message when the server took it.
func (c *Client) transact(ctx context.Context, l *link, m envelope) error {
	err := l.send(ctx, m, c.AskDelivered)
	var f *fault
	switch {
	case err == nil:
		c.links.put(l)
	case errors.As(err, &f) && (f.kind == faultRefused || f.kind == faultDeferred):
		l.quit() // the server still answers
	default:
		l.abort()
	}
	return err
}

// connect makes a connection to the best server of the domain that can be reached and is the right
// one. When none is, the domain is left alone for a while, and connect fails with the fault that has
// most patience left: a server that did not answer may be the good one.
func (c *Client) connect(ctx context.Context, list Trust, domain, turn string) (*link, error) {
	hosts, err := c.Resolver.Hosts(ctx, domain)
	switch {
	case errors.Is(err, ErrNoMail):
		return nil, &fault{kind: faultNoMail, code: codeNoMail, err: err}
	case err != nil || len(hosts) == 0:
		return nil, &fault{kind: faultLink, code: codeRouting, err: err}
	}
	var mildest *fault
	for _, h := range inOrder(hosts, turn) {
		l, f := c.connectHost(ctx, list, domain, h)
		if f == nil {
			return l, nil
		}
		c.Log.LogAttrs(ctx, slog.LevelWarn, "mail server not usable",
			slog.String("domain", domain), slog.String("code", f.code))
		if mildest == nil || mildest.kind == faultCertificate {
			mildest = f
		}
	}
	if ctx.Err() == nil {
		c.resting.begin(domain, mildest, c.Now())
	}
	return nil, mildest
}
