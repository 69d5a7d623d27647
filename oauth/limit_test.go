package oauth

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"mesbridge/conversations/redisstore/redistest"
)

// counter counts in memory, for one minute that does not end.
type counter struct {
	mu   sync.Mutex
	uses map[string]int
	away bool
}

func (c *counter) count(_ context.Context, key string, period time.Duration) (int, time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return 0, 0, errors.New("away")
	}
	c.uses[key]++
	return c.uses[key], period / 2, nil
}

func limitedWorld(t *testing.T) (*world, *counter) {
	t.Helper()
	c := &counter{uses: map[string]int{}}
	return newWorld(t, redistest.Mini(t), func(config *Config) {
		config.Limits = Limits{LoginsPerMinute: 2, TokensPerMinute: 3, Count: c.count}
	}), c
}

// from has the proxy of this machine name a source.
func from(source string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("X-Forwarded-For", source) }
}

func TestLimit_logins(t *testing.T) {
	t.Parallel()
	w, c := limitedWorld(t)
	begin := func(source string) answer {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.base+"/oauth/login/patient", nil)
		from(source)(r)
		return w.browser().do(r)
	}
	for range 2 {
		expect(t, "within", begin("192.0.2.1").status, http.StatusSeeOther)
	}
	got := begin("203.0.113.9, 192.0.2.1") // what stands before the proxy's own entry is the visitor's invention
	expect(t, "above", got.status, http.StatusTooManyRequests)
	expect(t, "code", got.errorCode(t), TooMany)
	expect(t, "Retry-After", got.header.Get("Retry-After"), "30")
	expect(t, "another source", begin("192.0.2.2").status, http.StatusSeeOther)
	for range 4 {
		expect(t, "a proxy that names nobody", w.browser().get(w.base+"/oauth/login/patient").status, http.StatusSeeOther)
	}
	for key := range c.uses {
		if strings.Contains(key, "192.0.2") || len(key) != 32 {
			t.Errorf("the key %q tells the source", key)
		}
	}
	c.away = true
	expect(t, "not counted (D17)", begin("192.0.2.3").status, http.StatusServiceUnavailable)
}

func TestLimit_tokens(t *testing.T) {
	t.Parallel()
	w, c := limitedWorld(t)
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"episode.close"}}
	ask := func(id, secret, source string) answer {
		return w.browser().post(w.base+tokenPath, form, basic(id, secret), from(source))
	}
	for range 3 { // guesses count for their source alone, so that nobody can shut a client out
		expect(t, "guess", ask("sih", "wrong", "192.0.2.1").status, http.StatusUnauthorized)
	}
	got := ask("sih", sihSecret, "192.0.2.1")
	expect(t, "source above", got.status, http.StatusTooManyRequests)
	expect(t, "error", text(got.json(t), "error"), "temporarily_unavailable")
	expect(t, "Retry-After", got.header.Get("Retry-After"), "30")
	for i := range 3 {
		expect(t, "client within", ask("sih", sihSecret, "192.0.2.1"+string(rune('0'+i))).status, http.StatusOK)
	}
	got = ask("sih", sihSecret, "192.0.2.99")
	expect(t, "client above", got.status, http.StatusTooManyRequests)
	expect(t, "Retry-After of the client", got.header.Get("Retry-After"), "30")
	c.away = true
	expect(t, "not counted (D17)", ask("sih", sihSecret, "192.0.2.50").status, http.StatusServiceUnavailable)
}

func TestSourceOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		remote, forwarded string
		direct            bool
		want              string
	}{
		{"127.0.0.1:1", "", false, ""},
		{"127.0.0.1:1", "192.0.2.1", false, "192.0.2.1"},
		{"127.0.0.1:1", "10.0.0.1, 192.0.2.1", false, "192.0.2.1"},
		{"127.0.0.1:1", "192.0.2.1, junk", false, ""},
		{"[::1]:1", "2001:db8:1:2:3::4", false, "2001:db8:1:2::/64"},
		{"127.0.0.1:1", "::ffff:192.0.2.1", false, "192.0.2.1"},
		{"192.0.2.7:1", "198.51.100.1", false, "192.0.2.7"}, // a stranger's own claim
		{"127.0.0.1:1", "198.51.100.1", true, "127.0.0.1"},  // nobody stands before the listener with TLS
		{"[fe80::1%eth0]:1", "", false, "fe80::/64"},
		{"nonsense", "", false, ""},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if c.direct {
			r.TLS = &tls.ConnectionState{}
		}
		if got := sourceOf(r); got != c.want {
			t.Errorf("sourceOf(%q, %q) = %q, want %q", c.remote, c.forwarded, got, c.want)
		}
	}
}
