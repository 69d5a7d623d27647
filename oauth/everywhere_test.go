package oauth

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

// TestLogout_everywhere: a person who lost a device ends what it holds, with one form, from another.
func TestLogout_everywhere(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		here, lost, other := w.browser(), w.browser(), w.browser()
		w.logIn(here, Patient, "/")
		w.logIn(lost, Patient, "/")
		w.logIn(other, Professional, "/pro")
		a := askFor("app", appRedirect, "openid offline_access patient.read")
		tokens := w.exchange(a, w.consent(lost, a, DecisionAllow).location().Query().Get("code"), a.verifier).json(t)
		unused := w.consent(lost, a, DecisionAllow).location().Query().Get("code")
		lostCookie, otherCookie, hereCookie := w.cookie(lost), w.cookie(other), w.cookie(here)

		_, csrf, err := w.server.Sessions().Load(t.Context(), hereCookie)
		expect(t, "load", err, nil)
		got := here.post(w.base+logoutPath, url.Values{FieldCSRF: {csrf}, FieldScope: {ScopeEverywhere}})
		expect(t, "status", got.status, http.StatusSeeOther)

		for name, cookieValue := range map[string]string{"this browser": hereCookie, "the lost one": lostCookie} {
			expect(t, name, errors.Is(w.loadError(cookieValue), ErrUnauthenticated), true)
		}
		expect(t, "another person", w.loadError(otherCookie), nil)
		_, err = w.server.Introspect(t.Context(), text(tokens, "access_token"))
		expect(t, "access token", errors.Is(err, ErrUnauthenticated), true)
		expect(t, "refresh token", w.refresh(text(tokens, "refresh_token")).json(t)["error"], "invalid_grant")
		expect(t, "code", w.exchange(a, unused, a.verifier).json(t)["error"], "invalid_grant")

		w.logIn(here, Patient, "/")
		expect(t, "a new login", w.loadError(w.cookie(here)), nil)
	})
}

// An ordinary logout leaves the other browsers alone.
func TestLogout_here_leavesTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	here, other := w.browser(), w.browser()
	w.logIn(here, Patient, "/")
	w.logIn(other, Patient, "/")
	_, csrf, _ := w.server.Sessions().Load(t.Context(), w.cookie(here))
	here.post(w.base+logoutPath, url.Values{FieldCSRF: {csrf}})
	expect(t, "the other browser", w.loadError(w.cookie(other)), nil)
}
