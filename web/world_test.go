package web

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// world is the border on fakes, with its log.
type world struct {
	t       testing.TB
	app     *App
	core    *fakeConversations
	answers *fakeIdempotency
	log     *bytes.Buffer
	metrics *prometheus.Registry
	ready   error
}

// newWorld sets the border up; change, when given, edits its configuration.
func newWorld(t testing.TB, change ...func(*Config)) *world {
	t.Helper()
	w := &world{t: t, core: newFake(), answers: &fakeIdempotency{}, log: &bytes.Buffer{}, metrics: prometheus.NewRegistry()}
	c := Config{SessionCookie: "mes", LinkCookie: "mes-link", CheckINSKey: true, MaxReplyBytes: 1 << 20, Key: bytes.Repeat([]byte{7}, 32), SessionIdle: 30 * time.Minute}
	for _, f := range change {
		f(&c)
	}
	app, err := New(c, Deps{
		Conversations: w.core, Directory: fakeDirectory{}, Authenticator: fakeAuthenticator{}, Idempotency: w.answers, OAuth: echoHandler(),
		Linking: fakeLinking{}, Ready: func(context.Context) error { return w.ready }, Metrics: w.metrics,
		Log: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.app = app
	return w
}

// echoHandler stands for the OAuth handlers: it tells what reached it.
func echoHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"path": r.URL.Path, "query": r.URL.RawQuery, "form": r.PostForm.Encode(), "forwarded": r.Header.Values("X-Forwarded-For"),
		})
	})
}

// reply is an answer with its body read.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// do sends a request.
func (w *world) do(r *http.Request) reply {
	w.t.Helper()
	res, err := w.app.fiber.Test(r, -1)
	if err != nil {
		w.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatalf("%s %s: read: %v", r.Method, r.URL.Path, err)
	}
	checkAgainstOpenAPI(w.t, r, res, body)
	return reply{t: w.t, status: res.StatusCode, header: res.Header, body: body}
}

// call makes an API request; header are pairs of name and value.
func (w *world) call(token, method, path, body string, header ...string) reply {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.do(r)
}

// visit asks for a page with a session cookie.
func (w *world) visit(session, path string) reply {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	if session != "" {
		r.AddCookie(&http.Cookie{Name: "mes", Value: session})
	}
	return w.do(r)
}

// post sends an urlencoded form.
func (w *world) post(session, path, form string) reply {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if session != "" {
		r.AddCookie(&http.Cookie{Name: "mes", Value: session})
	}
	return w.do(r)
}

// json decodes the body.
func (r reply) json() map[string]any {
	r.t.Helper()
	var m map[string]any
	if err := json.Unmarshal(r.body, &m); err != nil {
		r.t.Fatalf("status %d, not JSON: %.200s", r.status, r.body)
	}
	return m
}

// wants checks status and, for a problem, its code.
func (r reply) wants(status int, code string) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %.300s", r.status, status, r.body)
	}
	if code == "" {
		return r
	}
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		r.t.Errorf("content type %q", got)
	}
	if got := r.json()["code"]; got != code {
		r.t.Errorf("code %v, want %s", got, code)
	}
	return r
}

// has checks that the body contains each text; no-break spaces count as spaces.
func (r reply) has(texts ...string) reply {
	r.t.Helper()
	body := strings.ReplaceAll(string(r.body), "\u00a0", " ")
	for _, text := range texts {
		if !strings.Contains(body, strings.ReplaceAll(text, "\u00a0", " ")) {
			r.t.Errorf("body lacks %q", text)
		}
	}
	return r
}

// lacks checks that the body contains none of the texts.
func (r reply) lacks(texts ...string) reply {
	r.t.Helper()
	for _, text := range texts {
		if strings.Contains(string(r.body), text) {
			r.t.Errorf("body has %q", text)
		}
	}
	return r
}
