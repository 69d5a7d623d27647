package oauth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

func (w *world) openSession() string {
	w.t.Helper()
	cookieValue, err := w.server.sessions.open(w.t.Context(), session{Identity: Identity{Kind: Patient, Subject: patientSubject, Name: patientName}}, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return cookieValue
}

func (w *world) loadError(cookieValue string) error {
	_, _, err := w.server.Sessions().Load(w.t.Context(), cookieValue)
	return err
}

// I23: the deadline is the first refused instant.
func TestSession_idle(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		cookieValue := w.openSession()
		w.clock.advance(sessionIdle - time.Second)
		expect(t, "before the deadline", w.loadError(cookieValue), nil)
		w.clock.advance(time.Second)
		expect(t, "at the deadline", errors.Is(w.loadError(cookieValue), ErrUnauthenticated), true)
		expect(t, "touch does not revive", errors.Is(w.server.Sessions().Touch(t.Context(), cookieValue), ErrUnauthenticated), true)
	})
}

func TestSession_touched_endsAfterFourHours(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		cookieValue := w.openSession()
		const pause = 20 * time.Minute
		for passed := pause; passed < sessionAbsolute; passed += pause {
			w.clock.advance(pause)
			if err := w.server.Sessions().Touch(t.Context(), cookieValue); err != nil {
				t.Fatalf("after %v: %v", passed, err)
			}
			expect(t, passed.String(), w.loadError(cookieValue), nil)
		}
		w.clock.advance(pause)
		expect(t, "after four hours", errors.Is(w.loadError(cookieValue), ErrUnauthenticated), true)
	})
}

// A second touch within a minute is no write.
func TestSession_touchedOften_isWrittenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	cookieValue := w.openSession()
	idle := func() string { return w.redis.HGet(t.Context(), sessionKey(cookieValue), "i").Val() }
	first := idle()
	w.clock.advance(touchStep / 2)
	expect(t, "touch", w.server.Sessions().Touch(t.Context(), cookieValue), nil)
	expect(t, "deadline", idle(), first)
	w.clock.advance(touchStep)
	expect(t, "touch", w.server.Sessions().Touch(t.Context(), cookieValue), nil)
	if idle() == first {
		t.Error("the deadline did not move")
	}
}

func TestSession_unknownOrTampered_isRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	one, two := w.openSession(), w.openSession()
	for _, cookieValue := range []string{"", "x", strings.Repeat("A", 43), sessionKey(one), strings.Repeat("A", 10000)} {
		expect(t, "made-up cookie", errors.Is(w.loadError(cookieValue), ErrUnauthenticated), true)
	}
	// The record of another session cannot be put under this one's key.
	sealed := w.redis.HGet(t.Context(), sessionKey(two), "d").Val()
	w.redis.HSet(t.Context(), sessionKey(one), "d", sealed)
	expect(t, "moved record", errors.Is(w.loadError(one), ErrUnauthenticated), true)
	w.redis.HSet(t.Context(), sessionKey(two), "d", sealed[:len(sealed)-1]+"x")
	expect(t, "changed record", errors.Is(w.loadError(two), ErrUnauthenticated), true)
}

func TestSession_otherSealKey_isRefused(t *testing.T) {
	t.Parallel()
	r := redistest.Mini(t)
	cookieValue := newWorld(t, r, nil).openSession()
	other := newWorld(t, r, func(c *Config) { c.SealKey = []byte(strings.Repeat("x", 32)) })
	expect(t, "load", errors.Is(other.loadError(cookieValue), ErrUnauthenticated), true)
}

func TestEverything_redisAway_isUnavailable(t *testing.T) {
	t.Parallel()
	r := redistest.Mini(t)
	w := newWorld(t, r, nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	cookieValue, token := w.cookie(b), text(w.appTokens("patient.read"), "access_token")
	callback := w.atProvider(b, Patient, "/")
	_ = r.(*redis.Client).Close()
	_, err := w.server.Introspect(t.Context(), token)
	expect(t, "introspect", errors.Is(err, ErrUnavailable), true)
	expect(t, "load", errors.Is(w.loadError(cookieValue), ErrUnavailable), true)
	expect(t, "touch", errors.Is(w.server.Sessions().Touch(t.Context(), cookieValue), ErrUnavailable), true)
	app := basic("app", appSecret)
	for name, got := range map[string]answer{
		"callback":   b.get(callback),
		"login":      b.get(w.base + "/oauth/login/patient"),
		"authorize":  b.get(w.authorizeURL(askFor("app", appRedirect, "openid"))),
		"logout":     b.post(w.base+"/oauth/logout", nil),
		"token":      w.credentials(basic("sih", sihSecret)),
		"refresh":    w.refresh("a.b"),
		"assertion":  w.browser().post(w.base+tokenPath, w.assertion(nil)),
		"introspect": w.introspection(token, nil, app),
		"revoke":     w.browser().post(w.base+revokePath, map[string][]string{"token": {token}}, app),
	} {
		expect(t, name, got.status, 503)
	}
	expect(t, "cookie is kept", w.cookie(b), cookieValue)
}
