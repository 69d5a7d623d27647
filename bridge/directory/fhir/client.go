package fhir

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Errors of the server's answers. None quotes what it sent.
var (
	// ErrElsewhere means that the server sent us to another origin.
	ErrElsewhere = errors.New("the server of the directory names another server")
	// ErrKey means that the server does not take our key.
	ErrKey = errors.New("the server of the directory refuses the key; renew directory.fhir.key")
	// ErrTooLarge means that an answer, or the sum of them, is larger than is accepted.
	ErrTooLarge = errors.New("the answer of the server of the directory is too large")
	// ErrGone means that the server does not know the page any more: its token is too old.
	ErrGone = errors.New("the server of the directory does not know this page any more")
	// ErrAnswer means an answer that is no page of a search.
	ErrAnswer = errors.New("the server of the directory did not answer with a page of a search")
)

// keyHeader carries the key (O129).
const keyHeader = "ESANTE-API-KEY"

// Bounds of one call.
const (
	MaxPageBytes = 16 << 20         // of one answer, in octets; a page of 50 has about 200 kB
	callTimeout  = 45 * time.Second // the server itself gives up after 30 (O130)
	maxTries     = 6                // of one call, when the server asks for patience
	firstPause   = time.Second      // before the second try; doubled before each further one
	longestPause = 2 * time.Minute  // a server that asks for more is left alone until the next crawl
)

// ClientOptions say whom to ask, and how often.
type ClientOptions struct {
	Base      string         // URL of the API, such as https://gateway.api.esante.gouv.fr/fhir/v2
	Key       string         // of the API
	Roots     *x509.CertPool // that the server's certificate must come from; nil: the machine's
	PerSecond int            // calls a second at most (O130)
	Now       func() time.Time
	Pause     func(context.Context, time.Duration) error // waits; nil: by the clock
}

// Client asks the API. It is not safe for concurrent use: one call follows the other, which is what keeps its pace.
type Client struct {
	base  *url.URL
	key   string
	http  *http.Client
	every time.Duration
	next  time.Time
	now   func() time.Time
	pause func(context.Context, time.Duration) error
	cache cache
}

// NewClient returns a client.
func NewClient(o ClientOptions) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(o.Base, "/"))
	if err != nil || base.Host == "" {
		return nil, errors.New("the URL of the directory is no URL")
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	return &Client{
		base: base, key: o.Key, every: time.Second / time.Duration(max(o.PerSecond, 1)), now: o.Now, pause: o.Pause, cache: newCache(),
		http: &http.Client{
			Timeout: callTimeout,
			Transport: &http.Transport{
				Proxy:           http.ProxyFromEnvironment,
				TLSClientConfig: &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: callTimeout,
				MaxIdleConns: 1, IdleConnTimeout: time.Minute,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // the key goes nowhere else
		},
	}, nil
}

// Close ends connections that wait for another call.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// pause waits by the clock.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// search is the URL of the first page of a search.
func (c *Client) search(resource string, parameters url.Values) string {
	return c.base.JoinPath(resource).String() + "?" + parameters.Encode()
}

// follow resolves the link to a further page. It fails with ErrElsewhere for any that is not of the API itself: the
// key would go there.
func (c *Client) follow(from, link string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", ErrElsewhere
	}
	u, err := base.Parse(link)
	if err != nil || u.Scheme != c.base.Scheme || u.Host != c.base.Host || u.User != nil {
		return "", ErrElsewhere
	}
	if path := u.EscapedPath(); path != c.base.EscapedPath() && !strings.HasPrefix(path, c.base.EscapedPath()+"/") || strings.Contains(path, "..") {
		return "", ErrElsewhere
	}
	u.Fragment = ""
	return u.String(), nil
}

// asks reports whether a page that was noted is one of this API; an empty one is.
func (c *Client) asks(link string) bool {
	_, err := c.follow(c.base.String(), link)
	return err == nil
}

// get asks for a page, patiently: as often as allowed, and again when the server is busy or fails (O130, I90).
func (c *Client) get(ctx context.Context, from string) ([]byte, error) {
	if body, ok := c.cache.fresh(from, c.now()); ok {
		return body, nil
	}
	wait := firstPause
	for try := 1; ; try++ {
		body, again, err := c.try(ctx, from)
		if err == nil || again < 0 || try == maxTries || ctx.Err() != nil {
			return body, err
		}
		again = max(again, wait)
		if again > longestPause {
			return nil, err
		}
		if err := c.pause(ctx, again); err != nil {
			return nil, err
		}
		wait *= 2
	}
}

// never tells that a call is not worth another try.
const never = time.Duration(-1)

// try makes one call. again is the least time to wait before the next one, or never.
func (c *Client) try(ctx context.Context, from string) (body []byte, again time.Duration, err error) {
	if err := c.turn(ctx); err != nil {
		return nil, never, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, http.NoBody)
	if err != nil {
		return nil, never, fmt.Errorf("make request: %w", ErrElsewhere) // the URL is nothing to quote
	}
	req.Header.Set(keyHeader, c.key)
	req.Header.Set("Accept", "application/fhir+json, application/json")
	known := c.cache.validate(req)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, 0, fmt.Errorf("ask %s: %w", c.base.Host, withoutURL(err))
	}
	defer func() { _ = resp.Body.Close() }() // everything wanted was read
	switch status := resp.StatusCode; {
	case status == http.StatusNotModified && known:
		return c.cache.renew(from, resp, c.now()), 0, nil
	case status == http.StatusOK:
		return c.read(from, resp)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return nil, never, ErrKey
	case status == http.StatusBadRequest, status == http.StatusNotFound, status == http.StatusGone:
		return nil, never, fmt.Errorf("%w (%d)", ErrGone, status)
	case status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return nil, retryAfter(resp.Header.Get("Retry-After"), c.now()), fmt.Errorf("%s answers %d", c.base.Host, status)
	case status >= http.StatusMultipleChoices && status < http.StatusBadRequest:
		return nil, never, ErrElsewhere
	default:
		return nil, never, fmt.Errorf("%s answers %d", c.base.Host, status)
	}
}

// turn waits until another call is allowed.
func (c *Client) turn(ctx context.Context) error {
	now := c.now()
	if wait := c.next.Sub(now); wait > 0 {
		if err := c.pause(ctx, wait); err != nil {
			return err
		}
		now = c.next
	}
	c.next = now.Add(c.every)
	return ctx.Err()
}

// read takes an answer, and keeps it where the server allows that.
func (c *Client) read(from string, resp *http.Response) ([]byte, time.Duration, error) {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || !strings.HasSuffix(kind, "json") {
		return nil, never, ErrAnswer
	}
	if resp.ContentLength > MaxPageBytes {
		return nil, never, ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxPageBytes+1))
	switch {
	case err != nil:
		return nil, 0, fmt.Errorf("read the answer: %w", withoutURL(err))
	case len(body) > MaxPageBytes:
		return nil, never, ErrTooLarge
	}
	c.cache.keep(from, resp, body, c.now())
	return body, 0, nil
}

// withoutURL is an error of the client without the URL, whose parameters are nothing for a log.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// retryAfter reads how long a server asks to be left alone (RFC 9110 section 10.2.3).
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
