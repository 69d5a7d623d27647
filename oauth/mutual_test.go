package oauth

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

func ownRights(client string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {client}, "scope": {"episode.close"}}
}

// RFC 8705, I54: the token of a client with a certificate is worth nothing without that certificate.
func TestMutualTLS_bindsTokens(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		got := w.showing(&pki().selfSigned).post(w.mtls+tokenPath, ownRights("sih-tls"))
		expect(t, "status", got.status, http.StatusOK)
		token := text(got.json(t), "access_token")
		ctx := t.Context()
		who, err := w.server.IntrospectOver(ctx, token, pki().selfSigned.Leaf)
		expect(t, "error", err, nil)
		expect(t, "FINESS (I247)", who.FINESS, "750000003")
		if _, err = w.server.Introspect(ctx, token); err == nil {
			t.Error("the token counts without a certificate")
		}
		if _, err = w.server.IntrospectOver(ctx, token, pki().editor.Leaf); err == nil {
			t.Error("the token counts with another certificate")
		}
		about := w.browser().post(w.base+introspectPath, url.Values{"token": {token}}, basic("rs", rsSecret)).json(t)
		expect(t, "cnf (RFC 8705 section 3.2)", about["cnf"], map[string]any{"x5t#S256": thumbprint(pki().selfSigned.Leaf)})
		expect(t, "finess", about["finess"], "750000003")
		expect(t, "scope", about["scope"], "episode.close")
	})
}

func TestMutualTLS_refusesOtherCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	for name, c := range map[string]struct {
		base, client string
		cert         *tls.Certificate
		change       func(*http.Request)
		form         url.Values
	}{
		"none":                  {w.mtls, "sih-tls", nil, nil, nil},
		"not over TLS":          {w.base, "sih-tls", nil, nil, nil},
		"another's":             {w.mtls, "sih-tls", &pki().editor, nil, nil},
		"another authority's":   {w.mtls, "editor", &pki().impostor, nil, nil},
		"another subject":       {w.mtls, "editor", &pki().neighbour, nil, nil},
		"expired":               {w.mtls, "editor", &pki().expired, nil, nil},
		"a secret beside it":    {w.mtls, "sih-tls", &pki().selfSigned, nil, url.Values{"client_secret": {"x"}}},
		"basic beside it":       {w.mtls, "sih-tls", &pki().selfSigned, basic("sih-tls", "x"), nil},
		"basic instead":         {w.base, "sih-tls", nil, basic("sih-tls", ""), nil},
		"a client of a secret":  {w.mtls, "sih", &pki().selfSigned, nil, nil},
		"a header of the proxy": {w.base, "sih-tls", nil, func(r *http.Request) { r.Header.Set("X-Client-Cert", "x") }, nil},
	} {
		form := ownRights(c.client)
		for k, v := range c.form {
			form[k] = v
		}
		var change []func(*http.Request)
		if c.change != nil {
			change = append(change, c.change)
		}
		got := w.showing(c.cert).post(c.base+tokenPath, form, change...)
		if got.status != http.StatusUnauthorized || !strings.HasPrefix(got.complaint(t), "invalid_client") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	w.clock.advance(2 * time.Minute) // the revocation of the neighbour is unknown now: not knowing is not no (D17)
	got := w.showing(&pki().neighbour).post(w.mtls+tokenPath, ownRights("editor"))
	expect(t, "unknown revocation", got.status, http.StatusServiceUnavailable)
}

// RFC 8705 section 4: the refresh token of a public client stays with its certificate.
func TestMutualTLS_publicClient_keepsItsCertificate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	a := askFor("phone-bound", appRedirect, offline)
	form := func(code string) url.Values {
		return url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {appRedirect}, "code_verifier": {a.verifier}, "client_id": {"phone-bound"},
		}
	}
	bare := w.showing(nil).post(w.mtls+tokenPath, form(w.code(a)))
	expect(t, "without a certificate", strings.HasPrefix(bare.complaint(t), "invalid_request"), true)
	tokens := w.showing(&pki().selfSigned).post(w.mtls+tokenPath, form(w.code(a))).json(t)
	again := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {text(tokens, "refresh_token")}, "client_id": {"phone-bound"}}
	stolen := w.showing(&pki().editor).post(w.mtls+tokenPath, again)
	expect(t, "with another", strings.HasPrefix(stolen.complaint(t), "invalid_grant"), true)
	renewed := w.showing(&pki().selfSigned).post(w.mtls+tokenPath, again)
	expect(t, "with its own", renewed.status, http.StatusOK)
	_, err := w.server.IntrospectOver(t.Context(), text(renewed.json(t), "access_token"), pki().selfSigned.Leaf)
	expect(t, "token", err, nil)
}

func TestDiscovery_tellsMutualTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	doc := w.browser().get(w.base + discoveryPath).json(t)
	aliases, _ := doc["mtls_endpoint_aliases"].(map[string]any)
	for _, path := range MutualTLSPaths() {
		found := false
		for _, url := range aliases {
			found = found || url == w.mtls+path
		}
		if !found {
			t.Errorf("%s has no alias", path)
		}
	}
	expect(t, "bound tokens", doc["tls_client_certificate_bound_access_tokens"], true)
	without := newWorld(t, redistest.Mini(t), func(c *Config) { c.MutualTLS = nil })
	doc = without.browser().get(without.base + discoveryPath).json(t)
	if doc["mtls_endpoint_aliases"] != nil || strings.Contains(without.browser().get(without.base+discoveryPath).body, "tls_client_auth") {
		t.Error("what is not there is told")
	}
	got := without.showing(&pki().selfSigned).post(without.mtls+tokenPath, ownRights("sih-tls"))
	expect(t, "without a listener", got.status, http.StatusUnauthorized)
}

func TestClient_check_mutualTLS(t *testing.T) {
	t.Parallel()
	sum := sum256([]byte("x"))
	for name, c := range map[string]Client{
		"two ways":                   {ID: "a", Kind: Application, TLSSubject: "CN=a", TLSCertificates: [][]byte{sum}},
		"a secret too":               {ID: "a", Kind: Application, TLSSubject: "CN=a", SecretHash: sum},
		"half a hash":                {ID: "a", Kind: Application, TLSCertificates: [][]byte{sum[:16]}},
		"exchange by a secret (I54)": {ID: "a", Kind: Professional, SecretHash: sum, ExchangesFor: []string{"b"}},
		"exchange by an application": {ID: "a", Kind: Application, TLSSubject: "CN=a", ExchangesFor: []string{"b"}},
		"exchange for a patient":     {ID: "a", Kind: Patient, TLSSubject: "CN=a", ExchangesFor: []string{"b"}},
		"exchange for nobody":        {ID: "a", Kind: Professional, TLSSubject: "CN=a", ExchangesFor: []string{""}},
		"logout to anywhere":         {ID: "a", Kind: Application, TLSSubject: "CN=a", PostLogoutURIs: []string{"http://x.example/"}},
	} {
		if _, err := NewStaticClients(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
