package objectstest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"
)

// Fault stands in for what a server or a network does wrong: it answers a request itself, or lets next answer.
type Fault func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Between is a proxy in front of a server, for faults.
type Between struct {
	Endpoint string // URL
	fault    atomic.Pointer[Fault]
}

// Between starts a proxy in front of the server, without a fault.
func (s *Server) Between(t testing.TB) *Between {
	t.Helper()
	to, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	next := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // it is signed
	}}
	b := &Between{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := b.fault.Load(); f != nil {
			(*f)(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b.Endpoint = server.URL
	return b
}

// Set puts a fault in place; nil takes it away.
func (b *Between) Set(f Fault) {
	if f == nil {
		b.fault.Store(nil)
		return
	}
	b.fault.Store(&f)
}

// Down answers everything with 503.
func Down(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	w.WriteHeader(http.StatusServiceUnavailable)
}

// Silent takes a request and says nothing until the client leaves.
func Silent(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body) // until then nobody sees the client leave
	<-r.Context().Done()
}

// Deaf lets a request be carried out once and loses the answer.
func Deaf(method string) Fault {
	var done atomic.Bool
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != method || done.Swap(true) {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
}

// Cut breaks the connection off after some bytes of an answer to a GET.
func Cut(after int) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != http.MethodGet || r.URL.RawQuery != "" {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(&cutting{ResponseWriter: w, left: after}, r)
	}
}

// cutting ends the connection when what is left was written.
type cutting struct {
	http.ResponseWriter
	left int
}

// Write writes what is left.
func (c *cutting) Write(p []byte) (int, error) {
	if len(p) <= c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}
