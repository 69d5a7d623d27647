package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"

	"github.com/ory/fosite"
)

// MutualTLS is the listener on which clients show a certificate (RFC 8705). It terminates TLS itself and
// asks for a certificate of any authority; what the certificate is worth is judged here.
type MutualTLS struct {
	// URL is its public base URL, scheme and host without a path or slash at the end.
	URL string
	// Judge gives the subject of a certificate whose chain, usage, dates and revocation count, in the form
	// of Client.TLSSubject. It fails with ErrUnauthenticated when the certificate counts for nothing, and
	// with ErrUnavailable when that cannot be told now.
	Judge func(cert *x509.Certificate) (string, error)
}

// check accepts nil: there is no such listener.
func (m *MutualTLS) check(production bool) error {
	if m == nil {
		return nil
	}
	u, err := checkURL(m.URL, production)
	switch {
	case err != nil || u.Scheme != "https" || u.Path != "" || u.RawQuery != "":
		return errors.New("mutual TLS: the URL must be https, without a path or a slash at the end")
	case m.Judge == nil:
		return errors.New("mutual TLS: the judge of certificates is missing")
	}
	return nil
}

// peerOf is the certificate of whoever sent a request on the listener with mutual TLS, nil without one. Its
// key was proven by the handshake; nothing else is known of it.
func peerOf(r *http.Request) *x509.Certificate {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return nil
	}
	return r.TLS.PeerCertificates[0]
}

// thumbprint is the x5t#S256 of a certificate (RFC 8705 section 3.1).
func thumbprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// usesTLS reports whether the client authenticates by its certificate.
func (c Client) usesTLS() bool { return c.TLSSubject != "" || len(c.TLSCertificates) > 0 }

// errCertificate is what a client with a wrong certificate learns: which of the checks failed is for the
// log of nobody, and the same for all of them.
var errCertificate = fosite.ErrInvalidClient.WithHint("The client must show the certificate that is registered for it, at an address of 'mtls_endpoint_aliases'.")

// proveByCertificate checks the certificate of a client that authenticates by one (RFC 8705 section 2). A
// secret or an assertion beside it is refused: one request proves the client in one way (RFC 6749 section 2.3).
func (s *Server) proveByCertificate(r *http.Request, form url.Values, client Client) error {
	peer := peerOf(r)
	_, _, basic := r.BasicAuth()
	if s.mutual == nil || peer == nil || basic || form.Has("client_secret") || form.Has("client_assertion") {
		return errCertificate
	}
	if client.TLSSubject != "" {
		subject, err := s.mutual.Judge(peer)
		switch {
		case errors.Is(err, ErrUnavailable):
			return unavailable("judge a certificate", err)
		case err != nil || subject != client.TLSSubject:
			return errCertificate
		}
		return nil
	}
	now := s.now()
	sum := sha256.Sum256(peer.Raw)
	for _, known := range client.TLSCertificates {
		if subtle.ConstantTimeCompare(known, sum[:]) == 1 && !now.Before(peer.NotBefore) && !now.After(peer.NotAfter) {
			return nil
		}
	}
	return errCertificate
}

// bind ties the tokens of a grant to the certificate of the client that fetches them (RFC 8705 section 3),
// always for a client that authenticates by one. The refresh token of a public client stays with the
// certificate that it was given to (section 4); others prove themselves anew and may have a new certificate.
func bind(r *http.Request, session *grantSession, client Client) error {
	if !client.usesTLS() && !client.BoundTokens {
		return nil
	}
	peer := peerOf(r)
	if peer == nil {
		return fosite.ErrInvalidRequest.WithHint("The tokens of this client are bound to a certificate; use an address of 'mtls_endpoint_aliases' and show one.")
	}
	now := thumbprint(peer)
	if client.isPublic() && session.Thumbprint != "" && !same(session.Thumbprint, now) {
		return fosite.ErrInvalidGrant.WithHint("The refresh token is bound to another certificate.")
	}
	session.Thumbprint = now
	return nil
}

// boundTo reports whether the holder of a grant's token may use it over a connection with this certificate;
// nil is a connection without one.
func boundTo(request fosite.Requester, peer *x509.Certificate) bool {
	session, ok := request.GetSession().(*grantSession)
	switch {
	case !ok:
		return false
	case session.Thumbprint == "":
		return true
	}
	return peer != nil && same(session.Thumbprint, thumbprint(peer))
}
