package oauth

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

// renewed is the browser of a professional who is logged in at a provider that renews its sessions.
func (w *world) renewed() *browser {
	w.t.Helper()
	w.upstream.renew(true)
	b := w.browser()
	w.logIn(b, Professional, "/pro")
	return b
}

// I23, I24 case 1: while the person acts, the provider's session is renewed silently, with each refresh token once.
func TestVisit_renewsTheProvidersSession(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		b := w.renewed()
		cookieValue := w.cookie(b)
		visit := func() error {
			_, err := w.server.Visit(t.Context(), cookieValue)
			return err
		}
		expect(t, "first page", visit(), nil)
		expect(t, "not due", w.upstream.renewals(), 0)
		for n := 1; n <= 3; n++ {
			w.clock.advance(renewEvery)
			expect(t, "page", visit(), nil)
			expect(t, "the next page", visit(), nil)
			expect(t, "renewals", w.upstream.renewals(), n)
		}
		found, err := w.server.sessions.load(t.Context(), cookieValue)
		expect(t, "error", err, nil)
		expect(t, "the token kept is the last", found.Renewal.Token, "refresh-3")
		expect(t, "the hint for the logout is the last", found.IDToken != "", true)
	})
}

// I24 case 2, I25: a provider that refuses ends the session here, and is not asked again.
func TestVisit_providerRefuses_endsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.renewed()
	cookieValue := w.cookie(b)
	w.upstream.renew(false)
	w.clock.advance(renewEvery)
	for range 3 {
		_, err := w.server.Visit(t.Context(), cookieValue)
		expect(t, "visit", errors.Is(err, ErrUnauthenticated), true)
	}
	expect(t, "asked once", w.upstream.renewals(), 1)
	expect(t, "load", errors.Is(w.loadError(cookieValue), ErrUnauthenticated), true)
}

// A provider that is away keeps nobody from working, until its own session would have ended (I23).
func TestVisit_providerAway_waitsForTheRefreshTokensEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.renewed()
	cookieValue := w.cookie(b)
	w.upstream.Close()
	for passed := time.Duration(0); passed < refreshLife-renewEvery; passed += renewEvery {
		w.clock.advance(renewEvery)
		w.redis.Del(t.Context(), renewKey(cookieValue)) // miniredis has a clock of its own
		_, err := w.server.Visit(t.Context(), cookieValue)
		expect(t, passed.String(), err, nil)
	}
	w.clock.advance(renewEvery)
	w.redis.Del(t.Context(), renewKey(cookieValue))
	_, err := w.server.Visit(t.Context(), cookieValue)
	expect(t, "at the end", errors.Is(err, ErrUnauthenticated), true)
}

// A renewed ID token about somebody else ends the session (OpenID Connect Core 12.2).
func TestVisit_renewedForAnother_endsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.renewed()
	w.upstream.lie(func(c map[string]any) { c["sub"] = "somebody-else" })
	w.clock.advance(renewEvery)
	_, err := w.server.Visit(t.Context(), w.cookie(b))
	expect(t, "visit", errors.Is(err, ErrUnauthenticated), true)
}

// I25: the provider's access token is kept nowhere.
func TestSession_keepsNoAccessToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.renewed()
	found, err := w.server.sessions.load(t.Context(), w.cookie(b))
	expect(t, "error", err, nil)
	record, err := json.Marshal(found)
	expect(t, "error", err, nil)
	expect(t, "access token", strings.Contains(string(record), "upstream-access"), false)
	expect(t, "refresh token", strings.Contains(string(record), "refresh-0"), true)
}

// I219, I223: pages know until when the session lasts, and a form of the session's own prolongs it.
func TestVisit_tellsUntilWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	v, err := w.server.Visit(t.Context(), w.cookie(b))
	expect(t, "error", err, nil)
	w.clock.advance(20 * time.Minute)
	form := map[string][]string{FieldCSRF: {v.CSRF}, "return": {"/messages/7"}}
	forged := b.post(w.base+"/oauth/session/renew", map[string][]string{FieldCSRF: {"forged"}})
	expect(t, "forged", forged.status, http.StatusForbidden)
	expect(t, "back", b.post(w.base+"/oauth/session/renew", form).header.Get("Location"), "/messages/7")
	w.clock.advance(time.Until(v.Until)) // past the first deadline, seen from the first visit
	after, err := w.server.Visit(t.Context(), w.cookie(b))
	expect(t, "error", err, nil)
	expect(t, "later", after.Until.After(v.Until), true)
	expect(t, "the absolute end stays", after.End.Equal(v.End), true)
	w.clock.advance(sessionIdle)
	expect(t, "ended", b.post(w.base+"/oauth/session/renew", form).errorCode(t), LoginExpired)
	if v.Until.After(v.End) {
		t.Error("a session lasts beyond its absolute end")
	}
}

// The list of one's live sessions: device and times, and the end of one (D27, I223).
func TestLive(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		here, lost, other := w.browser(), w.browser(), w.browser()
		w.logIn(lost, Patient, "/")
		w.clock.advance(2 * time.Minute)
		w.logIn(here, Patient, "/")
		w.logIn(other, Professional, "/pro")
		list, err := w.server.Live(t.Context(), Identity{Kind: Patient, Subject: patientSubject}, w.cookie(here))
		expect(t, "error", err, nil)
		expect(t, "sessions", len(list), 2)
		expect(t, "newest first, marked", list[0].Here && !list[1].Here && list[0].LoggedIn.After(list[1].LoggedIn), true)

		expect(t, "another person's id", w.server.EndSession(t.Context(), Identity{Kind: Professional, Subject: proSubject}, list[1].ID), nil)
		expect(t, "it still lives", w.loadError(w.cookie(lost)), nil)
		expect(t, "no id", w.server.EndSession(t.Context(), Identity{Kind: Patient, Subject: patientSubject}, ""), nil)
		expect(t, "end", w.server.EndSession(t.Context(), Identity{Kind: Patient, Subject: patientSubject}, list[1].ID), nil)
		expect(t, "the lost one", errors.Is(w.loadError(w.cookie(lost)), ErrUnauthenticated), true)
		expect(t, "this one", w.loadError(w.cookie(here)), nil)
		expect(t, "again", w.server.EndSession(t.Context(), Identity{Kind: Patient, Subject: patientSubject}, list[1].ID), nil)
		list, _ = w.server.Live(t.Context(), Identity{Kind: Patient, Subject: patientSubject}, "")
		expect(t, "left", len(list), 1)
		w.clock.advance(sessionIdle)
		list, _ = w.server.Live(t.Context(), Identity{Kind: Patient, Subject: patientSubject}, "")
		expect(t, "idle ones are not listed", len(list), 0)
	})
}

func TestDeviceOf(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                                       "Firefox sur Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":                "Edge sur Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1":      "Safari sur iPhone",
		"Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36":             "Samsung Internet sur Android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 <script>alert</script>": "Chrome sur Mac",
		"curl/8.14.1": "",
		"":            "",
	} {
		if got := deviceOf(agent); got != want {
			t.Errorf("%s: %q, want %q", agent, got, want)
		}
	}
}
