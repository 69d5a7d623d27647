package trusttest

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Site is a web server of documents on loopback: of a white list, of revocation lists. It answers
// conditional requests by ETag. It is safe for concurrent use.
type Site struct {
	URL string // without a path

	mu        sync.Mutex
	documents map[string][]byte
	status    int
	full      map[string]int
	unchanged map[string]int
}

// NewSite starts a server, over https when it is given a certificate.
func NewSite(t testing.TB, cert tls.Certificate) *Site {
	t.Helper()
	s := &Site{documents: map[string][]byte{}, full: map[string]int{}, unchanged: map[string]int{}}
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // of clients that refuse the certificate
	if cert.Leaf != nil {
		server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Put serves a document at a path.
func (s *Site) Put(path string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.documents[path] = data
}

// Break answers every request with a status; 0 mends.
func (s *Site) Break(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// Asked returns how often a document was given whole, and how often it had not changed.
func (s *Site) Asked(path string) (full, unchanged int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.full[path], s.unchanged[path]
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, found := s.documents[r.URL.Path]
	switch {
	case s.status != 0:
		w.WriteHeader(s.status)
		return
	case !found:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:]) + `"`
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		s.unchanged[r.URL.Path]++
	} else {
		s.full[r.URL.Path]++
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
