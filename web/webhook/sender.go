package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"mesbridge/conversations"
)

// Times and sizes of a call.
const (
	callTimeout = 15 * time.Second // the whole of it, as Standard Webhooks proposes
	dialTimeout = 5 * time.Second
	idleTimeout = 30 * time.Second
	maxHeader   = 16 << 10 // octets of an answer's header
	maxAnswer   = 4 << 10  // octets of an answer that are read, and dropped
	// postponed is how long a call waits that finds its receiver, or all places, taken.
	postponed = 2 * time.Second
)

// Core is what the sender asks of the core; *conversations.Service satisfies it.
type Core interface {
	// Calling loads what an effect tells, KindNotFound when there is nothing to tell.
	Calling(ctx context.Context, e conversations.Effect) (conversations.Calling, error)
	// Called notes what became of it, and returns when it is told again; zero: never.
	Called(ctx context.Context, e conversations.Effect, o conversations.CallOutcome) (time.Time, error)
}

// Settings are the choices of a sender.
type Settings struct {
	Core    Core
	Allowed []netip.Prefix // networks that are called beside the internet
	Roots   *x509.CertPool // that the certificates of receivers must come from; nil: those of this machine
	// Plain lets URLs be http. It is for the demonstration, whose receivers are on this machine.
	Plain bool
	Log   *slog.Logger
	Now   func() time.Time
}

// Sender calls receivers. It is safe for concurrent use.
type Sender struct {
	Settings
	serving context.Context // ends what is under way, when the bridge stops
	client  *http.Client
	places  *places
}

// NewSender returns a sender whose calls end with serving.
func NewSender(serving context.Context, s Settings) *Sender {
	dialer := &net.Dialer{Timeout: dialTimeout, Control: guard{s.Allowed}.control}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: callTimeout, IdleConnTimeout: idleTimeout,
		MaxResponseHeaderBytes: maxHeader, DisableCompression: true, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots},
	} // no Proxy: it would make the connection in our place
	return &Sender{
		Settings: s, serving: serving, places: newPlaces(),
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// Close ends the connections that no call uses.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// Call does the effect of one call. A receiver that is slow, or many that are, hold up nobody else: a call that finds
// no place comes back.
func (s *Sender) Call(ctx context.Context, e conversations.Effect) (again time.Time, err error) {
	leave, taken := s.places.take(string(e.Thread))
	if !taken {
		return s.Now().Add(postponed), nil
	}
	defer leave()
	c, err := s.Core.Calling(ctx, e)
	switch {
	case err != nil && conversations.KindOf(err) == conversations.KindNotFound:
		return time.Time{}, nil
	case err != nil:
		return time.Time{}, err
	}
	o, err := s.post(c)
	if err != nil { // the bridge stops: nobody knows whether it arrived, so that it comes again under the same id
		return time.Time{}, err
	}
	if o.Fault != "" {
		s.Log.InfoContext(ctx, "webhook not taken", "effect", e.ID, "fault", string(o.Fault), "status", o.Status, "attempt", e.Attempts+1)
	}
	return s.Core.Called(ctx, e, o)
}

// post makes one call. It fails only when the bridge stops.
func (s *Sender) post(c conversations.Calling) (conversations.CallOutcome, error) {
	ctx, cancel := context.WithTimeout(s.serving, callTimeout)
	defer cancel()
	content, err := encode(c)
	if err != nil {
		return conversations.CallOutcome{}, err
	}
	if Fault(c.URL, s.Plain) != "" { // the settings were changed since it was registered
		return conversations.CallOutcome{Fault: conversations.FaultAddress}, nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(content))
	if err != nil {
		return conversations.CallOutcome{Fault: conversations.FaultAddress}, nil
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "mesbridge")
	sign(r.Header, string(c.Event.ID), s.Now(), content, c.Secrets)
	answer, err := s.client.Do(r)
	if err != nil {
		if s.serving.Err() != nil {
			return conversations.CallOutcome{}, fmt.Errorf("call a receiver: %w", s.serving.Err())
		}
		return conversations.CallOutcome{Fault: faultOf(err)}, nil
	}
	_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer) // so that the connection can be used again
	_ = answer.Body.Close()
	return conversations.CallOutcome{Status: answer.StatusCode, Fault: faultOfStatus(answer.StatusCode)}, nil
}

// faultOfStatus names what an answer means: 2xx alone is a yes.
func faultOfStatus(status int) conversations.CallFault {
	switch {
	case status >= 200 && status < 300:
		return ""
	case status == http.StatusGone:
		return conversations.FaultGone
	case status >= 300 && status < 400:
		return conversations.FaultRedirect
	}
	return conversations.FaultStatus
}

// faultOf names why no answer came.
func faultOf(err error) conversations.CallFault {
	var name *net.DNSError
	var timeout net.Error
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.Is(err, errAddress):
		return conversations.FaultAddress
	case errors.As(err, &name):
		return conversations.FaultName
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert):
		return conversations.FaultTLS
	case errors.As(err, &timeout) && timeout.Timeout():
		return conversations.FaultTimeout
	}
	return conversations.FaultConnect
}

// maxURL is the longest URL of a receiver, in octets.
const maxURL = 2048

// Fault says in a plain sentence why a URL cannot be that of a receiver; empty: it can. plain lets it be http.
func Fault(text string, plain bool) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || len(text) > maxURL:
		return "Write an https URL of at most 2048 octets."
	case u.Scheme != "https" && (!plain || u.Scheme != "http"):
		return "Write an https URL."
	case u.User != nil || u.Fragment != "":
		return "A URL without a user and without a fragment: the signature tells who calls."
	}
	return ""
}
