package oauth

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mesbridge/conversations/redisstore/redistest"
)

func resolveSomebodyElse(context.Context, string, map[string]any) (Identity, error) {
	return Identity{Subject: "p-somebody-else", Name: "Autre Personne", Scopes: []string{"patient.read"}}, nil
}

// OpenID Connect Core section 5.3, RFC 6750 sections 2 and 3.
func TestUserInfo_refusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	token := text(w.appTokens("openid patient.read"), "access_token")
	without := text(w.appTokens("patient.read"), "access_token")
	bound := text(w.showing(&pki().selfSigned).post(w.mtls+tokenPath, ownRights("sih-tls")).json(t), "access_token")
	bearer := func(tokens ...string) func(*http.Request) {
		return func(r *http.Request) {
			for _, text := range tokens {
				r.Header.Add("Authorization", "Bearer "+text)
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		form   url.Values
		status int
		error  string
	}{
		"nothing":             {func(*http.Request) {}, nil, http.StatusUnauthorized, ""},
		"basic":               {basic("app", appSecret), nil, http.StatusUnauthorized, ""},
		"invented":            {bearer("invented"), nil, http.StatusUnauthorized, "invalid_token"},
		"without openid":      {bearer(without), nil, http.StatusForbidden, "insufficient_scope"},
		"in both ways":        {bearer(token), url.Values{"access_token": {token}}, http.StatusBadRequest, "invalid_request"},
		"twice in the header": {bearer(token, token), nil, http.StatusBadRequest, "invalid_request"},
		"twice in the form":   {func(*http.Request) {}, url.Values{"access_token": {token, token}}, http.StatusBadRequest, "invalid_request"},
		"bound, bare":         {bearer(bound), nil, http.StatusUnauthorized, "invalid_token"},
		"in the URL":          {func(r *http.Request) { r.URL.RawQuery = "access_token=" + token }, nil, http.StatusUnauthorized, ""},
	} {
		got := w.browser().post(w.base+userInfoPath, c.form, c.change)
		challenge := got.header.Get("WWW-Authenticate")
		if got.status != c.status || !strings.HasPrefix(challenge, "Bearer ") || strings.Contains(challenge, "error=") != (c.error != "") || !strings.Contains(challenge, c.error) {
			t.Errorf("%s: %d %s", name, got.status, challenge)
		}
	}
	_ = w.server.EndEverywhere(t.Context(), Identity{Kind: Patient, Subject: patientSubject})
	got := w.browser().post(w.base+userInfoPath, nil, bearer(token))
	expect(t, "after the end", got.status, http.StatusUnauthorized)
}
