package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Errors of a client.
var (
	// ErrTooLarge means that a document has more octets than are accepted.
	ErrTooLarge = errors.New("the document is too large")
	// ErrElsewhere means that the server sent us to another host, or around in circles.
	ErrElsewhere = errors.New("the server redirects to another host, or too often")
)

// maxRedirects is how often one host may point to another path of its own.
const maxRedirects = 3

// Options bound what a client does.
type Options struct {
	Roots    *x509.CertPool // that https is believed by; nil: no https
	MaxBytes int64          // of one document
	Timeout  time.Duration  // of one request, from the first packet to the last
}

// Client asks servers for documents. It is safe for concurrent use.
type Client struct {
	http     *http.Client
	maxBytes int64
}

// New returns a client.
func New(o Options) *Client {
	if o.Roots == nil {
		o.Roots = x509.NewCertPool() // nil would stand for the system's
	}
	return &Client{
		maxBytes: o.MaxBytes,
		http: &http.Client{
			Timeout: o.Timeout,
			Transport: &http.Transport{
				DialContext:         (&net.Dialer{Timeout: o.Timeout}).DialContext,
				TLSClientConfig:     &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout: o.Timeout,
				DisableCompression:  true, // a validator then stands for the bytes that we keep
				MaxIdleConns:        4,
				IdleConnTimeout:     time.Minute,
			},
			CheckRedirect: sameHost,
		},
	}
}

// sameHost lets a server name another path of its own, and nothing else.
func sameHost(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	if next.URL.Scheme != first.Scheme || next.URL.Host != first.Host || len(via) > maxRedirects {
		return ErrElsewhere
	}
	return nil
}

// Close ends connections that wait for another request.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Validators are what a server knows a version of a document by (RFC 9110 section 8.8).
type Validators struct {
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"lastModified,omitempty"`
}

// Document is an answer.
type Document struct {
	Validators
	Data      []byte
	Unchanged bool // the version named in the request is the newest one; Data is nil
}

// Get asks for a document, unless v is its version already.
func (c *Client) Get(ctx context.Context, url string, v Validators) (Document, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return Document{}, fmt.Errorf("make request: %w", err)
	}
	if v.ETag != "" {
		req.Header.Set("If-None-Match", v.ETag)
	}
	if v.LastModified != "" {
		req.Header.Set("If-Modified-Since", v.LastModified)
	}
	return c.do(req, v != Validators{})
}

// Post asks a question and returns the answer.
func (c *Client) Post(ctx context.Context, url, contentType string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", contentType)
	d, err := c.do(req, false)
	return d.Data, err
}

func (c *Client) do(req *http.Request, conditional bool) (Document, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return Document{}, err
	}
	defer func() { _ = resp.Body.Close() }() // everything wanted was read
	switch {
	case resp.StatusCode == http.StatusNotModified && conditional:
		return Document{Unchanged: true}, nil
	case resp.StatusCode != http.StatusOK:
		return Document{}, fmt.Errorf("%s answers %d", req.URL.Host, resp.StatusCode)
	case resp.ContentLength > c.maxBytes:
		return Document{}, ErrTooLarge
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, c.maxBytes+1))
	switch {
	case err != nil:
		return Document{}, fmt.Errorf("read document: %w", err)
	case int64(len(data)) > c.maxBytes:
		return Document{}, ErrTooLarge
	}
	return Document{
		Validators: Validators{ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified")},
		Data:       data,
	}, nil
}
