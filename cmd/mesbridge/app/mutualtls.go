package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/oauth"
)

// mutualTLS is the listener on which clients show certificates, as oauth judges by it; nil when there is none. What
// counts is a certificate of the chain that operators' come from, not withdrawn (I54, O48-O52).
func (a *App) mutualTLS() (*oauth.MutualTLS, error) {
	if a.Listeners.MutualTLS == nil {
		return nil, nil
	}
	own, err := a.ownPair()
	if err != nil {
		return nil, fmt.Errorf("read our certificate: %w", err)
	}
	// An identity of its own: that of the mail side tells the metrics of operators about every certificate.
	judge, err := trust.NewIdentity(own, a.identity.Authorities(), a.revocation, time.Now)
	if err != nil {
		return nil, fmt.Errorf("judge clients' certificates: %w", err)
	}
	a.clientTLS = judge
	return &oauth.MutualTLS{URL: a.Config.OAuth.MutualTLS.URL, Judge: func(c *x509.Certificate) (string, error) {
		return judgeClient(judge, c)
	}}, nil
}

// judgeClient gives the subject of a client's certificate, or why it counts for nothing.
func judgeClient(judge *trust.Identity, cert *x509.Certificate) (string, error) {
	peer := judge.Peer(tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}})
	switch {
	case peer.Fault.Temporary():
		return "", errors.Join(oauth.ErrUnavailable, peer.Err)
	case peer.Fault != "":
		return "", errors.Join(oauth.ErrUnauthenticated, peer.Err)
	}
	return string(peer.DN), nil
}

// startMutualTLS serves API and token endpoints to programs with certificates. Any certificate is taken by the
// handshake, which proves its key: whom it stands for is judged with each request.
func (a *App) startMutualTLS(context.Context) error {
	if a.Listeners.MutualTLS == nil {
		return nil
	}
	c := a.Config.OAuth.MutualTLS
	key, err := c.Key.Read()
	if err != nil {
		return fmt.Errorf("read the key of the listener: %w", err)
	}
	chain, err := os.ReadFile(string(c.Certificate))
	if err != nil {
		return fmt.Errorf("read the certificate of the listener: %w", err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return SettingsError{fmt.Errorf("oauth.mutualTLS: certificate and key do not fit each other: %w", err)}
	}
	settings := a.clientTLS.ServerConfig()
	settings.GetCertificate, settings.Certificates = nil, []tls.Certificate{pair}
	a.serve("mutual TLS", func() error { return a.web.ListenMutualTLS(tls.NewListener(a.Listeners.MutualTLS, settings)) })
	return nil // it stops with the web, which it is a part of
}
