package fetch_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mesbridge/bridge/trust/fetch"
	"mesbridge/bridge/trust/trusttest"
)

func client(roots ...*x509.Certificate) *fetch.Client {
	pool := x509.NewCertPool()
	for _, c := range roots {
		pool.AddCert(c)
	}
	return fetch.New(fetch.Options{Roots: pool, MaxBytes: 1000, Timeout: 20 * time.Second})
}

func TestGet_unchangedDocument_isNotSentAgain(t *testing.T) {
	t.Parallel()
	site := trusttest.NewSite(t, tls.Certificate{})
	site.Put("/a", []byte("one"))
	c := client()
	first, err := c.Get(t.Context(), site.URL+"/a", fetch.Validators{})
	if err != nil || string(first.Data) != "one" || first.Unchanged || first.ETag == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := c.Get(t.Context(), site.URL+"/a", first.Validators)
	if err != nil || !again.Unchanged || again.Data != nil {
		t.Errorf("%+v, %v", again, err)
	}
	site.Put("/a", []byte("two"))
	if next, err := c.Get(t.Context(), site.URL+"/a", first.Validators); err != nil || string(next.Data) != "two" {
		t.Errorf("%+v, %v", next, err)
	}
}

// TestGet_lastModified covers servers that know versions by date alone (O14).
func TestGet_lastModified(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	var changed atomic.Pointer[time.Time]
	changed.Store(&at)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", *changed.Load(), strings.NewReader("one"))
	}))
	t.Cleanup(server.Close)
	c := client()
	first, err := c.Get(t.Context(), server.URL, fetch.Validators{})
	if err != nil || first.ETag != "" || first.LastModified == "" {
		t.Fatalf("%+v, %v", first, err)
	}
	if again, err := c.Get(t.Context(), server.URL, first.Validators); err != nil || !again.Unchanged {
		t.Errorf("%+v, %v", again, err)
	}
	later := at.Add(time.Second)
	changed.Store(&later)
	if next, err := c.Get(t.Context(), server.URL, first.Validators); err != nil || next.Unchanged || string(next.Data) != "one" {
		t.Errorf("%+v, %v", next, err)
	}
}

// TestGet_hostileServers covers O11 and O13: bounds in size and time, and nobody else's answer.
func TestGet_hostileServers(t *testing.T) {
	t.Parallel()
	elsewhere := trusttest.NewSite(t, tls.Certificate{})
	elsewhere.Put("/a", []byte("of another"))
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	mux := http.NewServeMux()
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.Repeat("x", 1001))) })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte(strings.Repeat("x", 100))); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
		}
	})
	mux.HandleFunc("/whole", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(strings.Repeat("x", 1000))) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/304", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	mux.HandleFunc("/500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+"/a", http.StatusFound)
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/whole", http.StatusFound) })
	mux.HandleFunc("/circle", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/circle", http.StatusFound) })
	mux.HandleFunc("/packed", func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.Header.Get("Accept-Encoding"))) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for path, want := range map[string]error{
		"/large": fetch.ErrTooLarge, "/endless": fetch.ErrTooLarge, "/away": fetch.ErrElsewhere, "/circle": fetch.ErrElsewhere,
		"/304": nil, "/500": nil, "/none": nil,
	} {
		d, err := client().Get(t.Context(), server.URL+path, fetch.Validators{})
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %d octets, %v", path, len(d.Data), err)
		}
	}
	for path, octets := range map[string]int{"/whole": 1000, "/moved": 1000, "/packed": 0} {
		if d, err := client().Get(t.Context(), server.URL+path, fetch.Validators{}); err != nil || len(d.Data) != octets {
			t.Errorf("%s: %d octets, %v", path, len(d.Data), err)
		}
	}
	if full, _ := elsewhere.Asked("/a"); full != 0 {
		t.Error("the other host was asked")
	}
	short := fetch.New(fetch.Options{MaxBytes: 1000, Timeout: 50 * time.Millisecond})
	if _, err := short.Get(t.Context(), server.URL+"/slow", fetch.Validators{}); err == nil {
		t.Error("a server that never answers was waited for")
	}
	cut, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client().Get(cut, server.URL+"/whole", fetch.Validators{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
}

// TestGet_roots covers O11: https is believed by the roots of the settings alone.
func TestGet_roots(t *testing.T) {
	t.Parallel()
	p, foreign := trusttest.New(t, time.Now()), trusttest.New(t, time.Now())
	site := trusttest.NewSite(t, p.Issue(t, trusttest.Name("127.0.0.1", "1", "X"), trusttest.Loopback))
	site.Put("/a", []byte("one"))
	if _, err := client(p.Chain()...).Get(t.Context(), site.URL+"/a", fetch.Validators{}); err != nil {
		t.Errorf("with its roots: %v", err)
	}
	for name, c := range map[string]*fetch.Client{
		"another authority": client(foreign.Chain()...), "no roots": fetch.New(fetch.Options{MaxBytes: 1000, Timeout: time.Minute}),
	} {
		var unknown x509.UnknownAuthorityError
		if _, err := c.Get(t.Context(), site.URL+"/a", fetch.Validators{}); !errors.As(err, &unknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := trusttest.NewSite(t, p.Issue(t, trusttest.Name("autre.test", "1", "X")))
	if _, err := client(p.Chain()...).Get(t.Context(), wrong.URL+"/a", fetch.Validators{}); err == nil {
		t.Error("a certificate of another host was believed")
	}
}
