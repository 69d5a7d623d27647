package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// fakeCalls counts in memory; its period never ends.
type fakeCalls struct {
	counts map[string]int
	fail   error
}

func (f *fakeCalls) Count(_ context.Context, caller string, _ time.Duration) (int, time.Duration, error) {
	f.counts[caller]++
	return f.counts[caller], 12500 * time.Millisecond, f.fail
}

// newLimited is a world in which a caller may make two calls.
func newLimited(t *testing.T) (*world, *fakeCalls) {
	t.Helper()
	w, calls := newWorld(t), &fakeCalls{counts: map[string]int{}}
	w.app.cfg.APIPerMinute, w.app.deps.Calls = 2, calls
	return w, calls
}

// One call too many is refused before the core is asked; another caller is not concerned, nor are the pages.
func TestRateLimit_perCaller(t *testing.T) {
	t.Parallel()
	w, calls := newLimited(t)
	for i, want := range []string{`"api";r=1;t=13`, `"api";r=0;t=13`} {
		path := []string{"/api/v1/inbox", "/api/v1/nothing"}[i] // what there is not counts too
		got := w.call(patientToken, http.MethodGet, path, "")
		if got.header.Get("RateLimit") != want || got.header.Get("RateLimit-Policy") != `"api";q=2;w=60` || got.header.Get("Retry-After") != "" {
			t.Errorf("%d %v", got.status, got.header)
		}
	}
	got := w.call(patientToken, http.MethodGet, "/api/v1/inbox", "").wants(http.StatusTooManyRequests, "rate-limited")
	if got.header.Get("Retry-After") != "13" || got.header.Get("RateLimit") != `"api";r=0;t=13` {
		t.Errorf("%v", got.header)
	}
	w.call(readOnly, http.MethodGet, "/api/v1/inbox", "").wants(http.StatusTooManyRequests, "rate-limited") // the same person
	w.call(proToken, http.MethodGet, "/api/v1/exchanges", "").wants(http.StatusOK, "")
	w.visit(patientKey, "/messages").wants(http.StatusOK, "")
	if w.core.asked("Inbox") != 4 { // one call, the page, and its cards of the two for whom he acts
		t.Errorf("the core was asked %v", w.core.calls)
	}
	for range 5 {
		w.call("unknown", http.MethodGet, "/api/v1/inbox", "").wants(http.StatusUnauthorized, "unauthenticated")
	}
	if len(calls.counts) != 2 {
		t.Errorf("counted %v", calls.counts)
	}
	for caller := range calls.counts {
		if len(caller) != 32 || strings.Trim(caller, "0123456789abcdef") != "" {
			t.Errorf("a caller is named %s", caller)
		}
	}
}

// D17: what cannot be counted is not answered.
func TestRateLimit_counterAway(t *testing.T) {
	t.Parallel()
	w, calls := newLimited(t)
	calls.fail = errors.New("redis is away")
	w.call(patientToken, http.MethodGet, "/api/v1/inbox", "").wants(http.StatusServiceUnavailable, "temporarily-unavailable").lacks("redis")
}

// Without a limit nothing is counted and nothing is told.
func TestRateLimit_off(t *testing.T) {
	t.Parallel()
	got := newWorld(t).call(patientToken, http.MethodGet, "/api/v1/inbox", "").wants(http.StatusOK, "")
	if got.header.Get("RateLimit") != "" || got.header.Get("RateLimit-Policy") != "" {
		t.Errorf("%v", got.header)
	}
	c := Config{SessionCookie: "mes", MaxReplyBytes: 1, Key: make([]byte, 32), APIPerMinute: 1}
	if _, err := New(c, Deps{}); err == nil || !strings.Contains(err.Error(), "the counter of calls is missing") {
		t.Errorf("%v", err)
	}
}
