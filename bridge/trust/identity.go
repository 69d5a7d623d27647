package trust

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Identity is our certificate and key, the authorities that we believe, and what they withdrew. It is
// safe for concurrent use.
type Identity struct {
	own        atomic.Pointer[ownPair]
	anchors    anchors
	chains     chainCache
	revocation *Revocation
	now        func() time.Time
	observer   Observer
}

// ownPair is our certificate with its key.
type ownPair struct {
	tls.Certificate
	dn DN
}

// Observer is told what becomes of peers, for counters. Its methods must not wait.
type Observer interface {
	// Judged is told of each peer. The fault is empty when its certificate counts.
	Judged(d Direction, f Fault)
	// HostName is told whether a server whose certificate counts names the host that was connected to.
	HostName(host string, named bool)
}

// Direction says who began a connection.
type Direction string

// Directions.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// silent is an Observer that nobody listens to.
type silent struct{}

// Judged implements Observer.
func (silent) Judged(Direction, Fault) {}

// HostName implements Observer.
func (silent) HostName(string, bool) {}

// IdentityOption changes how an identity is made.
type IdentityOption func(*Identity)

// WithObserver tells o of every peer.
func WithObserver(o Observer) IdentityOption { return func(i *Identity) { i.observer = o } }

// Files name what LoadIdentity reads, all PEM but the revocation lists, which may be DER.
type Files struct {
	Certificate     string   // our certificate first, then any intermediates to show
	Key             string   // unencrypted, readable by the service alone (O54)
	Authorities     string   // roots and issuing authorities; nothing else is believed (O48, O49)
	RevocationLists []string // empty: revocation is not checked
}

// LoadIdentity reads our identity. now is the clock that certificates are judged by.
func LoadIdentity(f Files, now func() time.Time) (*Identity, error) {
	own, err := tls.LoadX509KeyPair(f.Certificate, f.Key)
	if err != nil {
		return nil, fmt.Errorf("load certificate and key: %w", err)
	}
	chain, err := LoadAuthorities(f.Authorities)
	if err != nil {
		return nil, err
	}
	revocation, err := LoadRevocation(f.RevocationLists, chain)
	if err != nil {
		return nil, err
	}
	return NewIdentity(own, chain, revocation, now)
}

// NewIdentity makes an identity of parts that were read before.
func NewIdentity(own tls.Certificate, chain []*x509.Certificate, r *Revocation, now func() time.Time, options ...IdentityOption) (*Identity, error) {
	i := &Identity{anchors: newAnchors(chain), revocation: r, now: now, observer: silent{}}
	for _, change := range options {
		change(i)
	}
	pair, err := newOwnPair(own)
	if err != nil {
		return nil, err
	}
	i.own.Store(pair)
	return i, nil
}

// newOwnPair checks what every pair of ours must be.
func newOwnPair(own tls.Certificate) (*ownPair, error) {
	if own.Leaf == nil {
		return nil, errors.New("our own certificate is missing")
	}
	if err := strong(own.Leaf); err != nil {
		return nil, fmt.Errorf("judge our own certificate: %w", err)
	}
	dn, err := CertificateDN(own.Leaf)
	if err != nil {
		return nil, fmt.Errorf("read our own subject: %w", err)
	}
	return &ownPair{own, dn}, nil
}

// LoadAuthorities reads a PEM file of roots and issuing authorities. At least one root is needed.
func LoadAuthorities(file string) ([]*x509.Certificate, error) {
	data, err := os.ReadFile(file) //nolint:gosec // the administrator names the file
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	var chain []*x509.Certificate
	root := false
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read authorities: %w", err)
		}
		root = root || selfIssued(c)
		chain = append(chain, c)
	}
	if !root {
		return nil, fmt.Errorf("read authorities: no root certificate in %s", file)
	}
	return chain, nil
}

// DN returns our own subject, which the white list must hold for our domain (O44).
func (i *Identity) DN() DN { return i.own.Load().dn }

// Certificate returns our own certificate.
func (i *Identity) Certificate() *x509.Certificate { return i.own.Load().Leaf }

// Authorities returns the certificates of the authorities that we believe.
func (i *Identity) Authorities() []*x509.Certificate { return i.anchors.all }

// ServerConfig returns the TLS settings for operators that connect to us. A certificate is asked for
// and its key proven, but it is judged by [Identity.Peer] after the handshake: a peer whose
// certificate does not count must be able to read why (O62). Sessions may be resumed, because Peer
// judges resumed ones as well (O63). No authorities are named in the request, so that a peer shows its
// certificate whoever issued it.
func (i *Identity) ServerConfig() *tls.Config {
	c := i.config()
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &i.own.Load().Certificate, nil }
	c.ClientAuth = tls.RequestClientCert
	return c
}

// ClientConfig returns the TLS settings for a connection of ours to host. The handshake fails with a
// *PeerError, on resumed sessions too, unless the certificate counts; that the name in it is another than
// host is told to the observer alone (D23). Whether it is one of the recipient's domain is for the caller
// to ask the list (O83).
func (i *Identity) ClientConfig(host string) *tls.Config {
	c := i.config()
	c.ServerName = host
	c.InsecureSkipVerify = true // VerifyConnection makes the checks, with both usages (O55)
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &i.own.Load().Certificate, nil }
	c.VerifyConnection = func(s tls.ConnectionState) error {
		p := i.judge(s)
		i.observer.Judged(Outbound, p.Fault)
		if p.Fault != "" {
			return &PeerError{p.Fault, p.Err}
		}
		i.observer.HostName(host, NamesHost(p.Certificate, host))
		return nil
	}
	return c
}

// config holds what both directions share: versions, suites and curves of O59 and O60.
func (i *Identity) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
			tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		},
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384},
		Renegotiation:    tls.RenegotiateNever,
		Time:             i.now,
	}
}

// Peer judges the certificate of a peer that connected to us, after the handshake, in the order of O51:
// chain, usage, dates, revocation. Either usage is accepted on either side (O55): a server of the trust
// space has one certificate for both directions.
func (i *Identity) Peer(s tls.ConnectionState) Peer {
	p := i.judge(s)
	i.observer.Judged(Inbound, p.Fault)
	return p
}

// judge is Peer for both directions.
func (i *Identity) judge(s tls.ConnectionState) Peer {
	if len(s.PeerCertificates) == 0 {
		return Peer{Fault: FaultAbsent, Err: errors.New("no certificate was shown")}
	}
	leaf := s.PeerCertificates[0]
	now := i.now()
	chain, err := i.chains.verify(i.anchors, leaf, now)
	if err == nil && i.revocation != nil {
		err = i.revocation.Check(chain, now)
	}
	var dn DN
	if err == nil {
		dn, err = CertificateDN(leaf)
	}
	if err != nil {
		return Peer{Certificate: leaf, Fault: faultOf(err), Err: err}
	}
	return Peer{Certificate: leaf, DN: dn, Name: CommonName(leaf)}
}

// NamesHost reports whether a certificate names a host, by a name for servers or by its common name (O84).
func NamesHost(cert *x509.Certificate, host string) bool {
	return cert.VerifyHostname(host) == nil || strings.EqualFold(CommonName(cert), host)
}
