package trusttest

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// Responder is the OCSP responder of an authority on loopback. It is safe for concurrent use.
type Responder struct {
	URL string

	pki *PKI

	mu      sync.Mutex
	revoked map[string]bool // by serial number
	asked   int
	status  int
	signer  tls.Certificate
	change  func(*ocsp.Response)
}

// NewResponder starts a responder that signs with the authority's own key.
func NewResponder(t testing.TB, p *PKI) *Responder {
	t.Helper()
	r := &Responder{pki: p, revoked: map[string]bool{}, signer: tls.Certificate{Leaf: p.Issuer, PrivateKey: p.issuerKey}}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

// Revoke answers "revoked" for a certificate from now on.
func (r *Responder) Revoke(c *x509.Certificate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.revoked[c.SerialNumber.String()] = true
}

// SignAs signs answers with another certificate, which goes with them.
func (r *Responder) SignAs(cert tls.Certificate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.signer = cert
}

// Change alters answers before they are signed.
func (r *Responder) Change(f func(*ocsp.Response)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.change = f
}

// Break answers every request with a status; 0 mends.
func (r *Responder) Break(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// Asked returns how many questions came.
func (r *Responder) Asked() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

// ServeHTTP implements http.Handler.
func (r *Responder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.status != 0 {
		w.WriteHeader(r.status)
		return
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<16))
	if err != nil {
		return
	}
	question, err := ocsp.ParseRequest(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	answer := ocsp.Response{
		Status: ocsp.Good, SerialNumber: question.SerialNumber,
		ThisUpdate: r.pki.At.Add(-time.Hour), NextUpdate: r.pki.At.Add(time.Hour),
	}
	if r.revoked[question.SerialNumber.String()] {
		answer.Status, answer.RevokedAt = ocsp.Revoked, r.pki.At.Add(-2*time.Hour)
	}
	if !r.signer.Leaf.Equal(r.pki.Issuer) {
		answer.Certificate = r.signer.Leaf
	}
	if r.change != nil {
		r.change(&answer)
	}
	key, ok := r.signer.PrivateKey.(crypto.Signer)
	if !ok {
		return
	}
	der, err := ocsp.CreateResponse(r.pki.Issuer, r.signer.Leaf, answer, key)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	_, _ = w.Write(der)
}
