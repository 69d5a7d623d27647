package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mesbridge/conversations/redisstore/redistest"
)

// OpenID Connect RP-Initiated Logout 1.0, I27.
func TestEndSession(t *testing.T) {
	t.Parallel()
	const landing = appRedirect + "/fin"
	for name, c := range map[string]struct {
		query  func(hint string) url.Values
		to     string // prefix of where the browser is sent; empty: an error page
		ended  bool
		change func(w *world, b *browser)
	}{
		"with hint and address": {
			query: func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {landing}, "state": {"s&1"}}
			}, to: landing + "?state=s%261", ended: true,
		},
		"with hint alone": {
			query: func(hint string) url.Values { return url.Values{"id_token_hint": {hint}} }, to: "PROVIDER", ended: true,
		},
		"with the client's id too": {
			query: func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "client_id": {"app"}, "post_logout_redirect_uri": {landing}}
			}, to: landing, ended: true,
		},
		"of another client": {
			query: func(hint string) url.Values { return url.Values{"id_token_hint": {hint}, "client_id": {"phone"}} },
		},
		"to an address of nobody": {
			query: func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://evil.example/"}}
			},
		},
		"to the address of a login": {
			query: func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {appRedirect}}
			},
		},
		"to an address without a hint": {
			query: func(string) url.Values {
				return url.Values{"client_id": {"app"}, "post_logout_redirect_uri": {landing}}
			},
		},
		"without anything": {query: func(string) url.Values { return nil }, to: "/"},
		"of somebody else": {
			query: func(hint string) url.Values {
				return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {landing}}
			}, to: "/",
			change: func(w *world, b *browser) { w.server.resolve = resolveSomebodyElse; w.logIn(b, Patient, "/") },
		},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			w := newWorld(t, redistest.Mini(t), nil)
			b := w.browser()
			w.logIn(b, Patient, "/")
			a := askFor("app", appRedirect, "openid")
			code := w.consent(b, a, DecisionAllow).location().Query().Get("code")
			hint := text(w.exchange(a, code, a.verifier).json(t), "id_token")
			if c.change != nil {
				c.change(w, b)
			}
			cookie := w.cookie(b)
			var got answer
			if method == http.MethodGet {
				got = b.get(w.base + endSessionPath + "?" + c.query(hint).Encode())
			} else {
				got = b.post(w.base+endSessionPath, c.query(hint))
			}
			want := strings.Replace(c.to, "PROVIDER", w.upstream.URL+"/logout", 1)
			if c.to == "" {
				expect(t, name+": page", got.errorCode(t), RequestInvalid)
			} else if to := got.header.Get("Location"); got.status != http.StatusSeeOther || !strings.HasPrefix(to, want) || want == "/" && to != "/" {
				t.Errorf("%s: %d to %s", name, got.status, to)
			}
			_, _, err := w.server.Sessions().Load(t.Context(), cookie)
			expect(t, name+": ended", err != nil, c.ended)
		}
	}
}
