package web

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"testing"
	"time"
)

// boundAuthenticator knows one token, which is bound to one certificate.
type boundAuthenticator struct {
	fakeAuthenticator
	cert *x509.Certificate
}

func (b boundAuthenticator) Token(_ context.Context, bearer string, peer *x509.Certificate) (Principal, error) {
	if bearer != "bound" || peer == nil || !peer.Equal(b.cert) {
		return Principal{}, ErrUnauthenticated
	}
	return Principal{Kind: Patient, ID: "p", Patient: patientPID, Scopes: []string{"patient.read"}}, nil
}

func newPair(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// RFC 8705 section 3: the listener with mutual TLS hands the certificate on, and serves programs alone. Both listeners serve
// at once, and stop together.
func TestListenMutualTLS(t *testing.T) {
	t.Parallel()
	ours, own, other := newPair(t), newPair(t), newPair(t)
	w := newWorld(t, func(c *Config) { c.MutualTLSPaths = []string{"/oauth/token"} })
	w.app.deps.Authenticator = boundAuthenticator{cert: own.Leaf}
	listen := func() net.Listener {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	plain, secured := listen(), listen()
	ended := make(chan error, 2)
	go func() { ended <- w.app.Listen(plain) }()
	go func() {
		ended <- w.app.ListenMutualTLS(tls.NewListener(secured, &tls.Config{Certificates: []tls.Certificate{ours}, ClientAuth: tls.RequestClientCert}))
	}()
	get := func(base, path string, cert *tls.Certificate) int {
		settings := &tls.Config{InsecureSkipVerify: true}
		if cert != nil {
			settings.Certificates = []tls.Certificate{*cert}
		}
		transport := &http.Transport{TLSClientConfig: settings}
		defer transport.CloseIdleConnections()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer bound")
		res, err := transport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	http1, https := "http://"+plain.Addr().String(), "https://"+secured.Addr().String()
	for name, c := range map[string]struct {
		base, path string
		cert       *tls.Certificate
		want       int
	}{
		"its certificate":      {https, "/api/v1/profiles", &own, http.StatusOK},
		"another":              {https, "/api/v1/profiles", &other, http.StatusUnauthorized},
		"none":                 {https, "/api/v1/profiles", nil, http.StatusUnauthorized},
		"plain":                {http1, "/api/v1/profiles", nil, http.StatusUnauthorized},
		"tokens":               {https, "/oauth/token", &own, http.StatusAccepted},
		"a login":              {https, "/oauth/login/patient", &own, http.StatusNotFound},
		"a page":               {https, "/", &own, http.StatusNotFound},
		"the page, over plain": {http1, "/", nil, http.StatusOK},
	} {
		if got := get(c.base, c.path, c.cert); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := w.app.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
