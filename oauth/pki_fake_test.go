package oauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// certificates are those of the tests' clients.
type certificates struct {
	root       *x509.Certificate
	editor     tls.Certificate // of the authority, with the registered subject
	renewed    tls.Certificate // the same subject, another key
	neighbour  tls.Certificate // of the authority, another subject
	impostor   tls.Certificate // the registered subject, of another authority
	expired    tls.Certificate
	selfSigned tls.Certificate
}

const editorSubject = "lps.editeur.example"

// pki is one set of certificates for all tests.
var pki = sync.OnceValue(func() *certificates {
	rootKey, foreignKey := newKey(), newKey()
	now := time.Now()
	root := certificate("Autorité", nil, rootKey, rootKey, now)
	foreign := certificate("Autorité étrangère", nil, foreignKey, foreignKey, now)
	leaf := func(name string, parent *x509.Certificate, signer *ecdsa.PrivateKey, now time.Time) tls.Certificate {
		key := newKey()
		cert := certificate(name, parent, key, signer, now)
		return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
	}
	alone := newKey()
	self := certificate("clinique.example", nil, alone, alone, now)
	return &certificates{
		root:   root,
		editor: leaf(editorSubject, root, rootKey, now), renewed: leaf(editorSubject, root, rootKey, now),
		neighbour: leaf("lps.autre.example", root, rootKey, now), impostor: leaf(editorSubject, foreign, foreignKey, now),
		expired:    leaf(editorSubject, root, rootKey, now.Add(-48*time.Hour)),
		selfSigned: tls.Certificate{Certificate: [][]byte{self.Raw}, PrivateKey: alone, Leaf: self},
	}
})

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// certificate is valid for a day around now; without a parent it signs itself.
func certificate(name string, parent *x509.Certificate, key, signer *ecdsa.PrivateKey, now time.Time) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		panic(err)
	}
	t := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: parent == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if parent == nil {
		parent = t
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key.Public(), signer)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}

// judge stands for the trust of the bridge.
func (c *certificates) judge(now func() time.Time) func(*x509.Certificate) (string, error) {
	pool := x509.NewCertPool()
	pool.AddCert(c.root)
	return func(cert *x509.Certificate) (string, error) {
		if cert.Equal(c.neighbour.Leaf) && now().After(time.Now().Add(time.Minute)) {
			return "", ErrUnavailable // its revocation cannot be told any more
		}
		_, err := cert.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		if err != nil {
			return "", errors.Join(ErrUnauthenticated, err)
		}
		return cert.Subject.String(), nil
	}
}

func sum256(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// showing is a program that shows a certificate; nil: none.
func (w *world) showing(cert *tls.Certificate) *browser {
	w.t.Helper()
	return showing(w.t, cert)
}

func showing(t *testing.T, cert *tls.Certificate) *browser {
	t.Helper()
	b := newBrowser(t)
	settings := &tls.Config{InsecureSkipVerify: true}
	if cert != nil {
		settings.Certificates = []tls.Certificate{*cert}
	}
	transport := &http.Transport{TLSClientConfig: settings}
	t.Cleanup(transport.CloseIdleConnections)
	b.client.Transport = transport
	return b
}

// complaint is the error and its description in an answer of the token endpoint.
func (a answer) complaint(t *testing.T) string {
	t.Helper()
	v := a.json(t)
	return strings.TrimSpace(text(v, "error") + " " + text(v, "error_description"))
}

// changed is a copy of a form with one value changed; empty removes it.
func changed(form url.Values, name, value string) url.Values {
	c := url.Values{}
	for k, v := range form {
		c[k] = v
	}
	if c.Set(name, value); value == "" {
		c.Del(name)
	}
	return c
}
