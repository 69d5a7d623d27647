package oauth

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// I14, I18: each endpoint of the document and the scopes can be set apart from it.
func TestUpstream_everyEndpointIsASetting(t *testing.T) {
	t.Parallel()
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		base := "http://" + r.Host
		writeJSON(w, map[string]any{
			"issuer": base, "authorization_endpoint": base + "/a", "token_endpoint": base + "/t", "userinfo_endpoint": base + "/u",
			"jwks_uri": base + "/k", "end_session_endpoint": base + "/e",
			"mtls_endpoint_aliases": map[string]string{"token_endpoint": base + "/mtls/t", "userinfo_endpoint": base + "/mtls/u"},
		})
	}))
	t.Cleanup(provider.Close)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	base := Upstream{Issuer: provider.URL, DiscoveryURL: provider.URL + "/odd", ClientID: "c", ClientSecret: "s", HTTPClient: client}
	set := base
	set.AuthorizeURL, set.TokenURL, set.UserInfoURL, set.KeysURL, set.EndSessionURL = "http://w/a", "http://w/t", "http://w/u", "http://w/k", "http://w/e"
	set.Scopes = []string{"openid", "profile"}
	certificate := base
	certificate.CertificateOnly, certificate.ClientSecret = true, ""
	for name, c := range map[string]struct {
		up                           Upstream
		auth, token, info, end, asks string
	}{
		"document":    {base, provider.URL + "/a", provider.URL + "/t", provider.URL + "/u", provider.URL + "/e", "openid scope_all"},
		"settings":    {set, "http://w/a", "http://w/t", "http://w/u", "http://w/e", "openid profile"},
		"certificate": {certificate, provider.URL + "/a", provider.URL + "/mtls/t", provider.URL + "/mtls/u", provider.URL + "/e", "openid scope_all"},
	} {
		r, err := newUpstream(&c.up, "http://bridge", Professional, time.Now).remote(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		expect(t, name+": authorize", r.oauth.Endpoint.AuthURL, c.auth)
		expect(t, name+": token", r.oauth.Endpoint.TokenURL, c.token)
		expect(t, name+": userinfo", r.userInfo, c.info)
		expect(t, name+": end of the session", r.endSession, c.end)
		asked, _ := url.Parse(r.oauth.AuthCodeURL("state"))
		expect(t, name+": scopes", asked.Query().Get("scope"), c.asks)
	}
}

// I20: the client proves itself by Basic, in the form, or by its certificate alone, which sends no secret.
func TestUpstream_clientAuthentication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change        func(*Upstream)
		basic, inBody bool
	}{
		"basic":       {func(*Upstream) {}, true, false},
		"post":        {func(u *Upstream) { u.SecretInBody = true }, false, true},
		"certificate": {func(u *Upstream) { u.CertificateOnly, u.ClientSecret = true, "" }, false, false},
	} {
		asked := make(chan *http.Request, 1)
		var provider *httptest.Server
		provider = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				_ = r.ParseForm()
				asked <- r
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			writeJSON(w, map[string]any{"issuer": provider.URL, "authorization_endpoint": provider.URL, "token_endpoint": provider.URL + "/token", "jwks_uri": provider.URL})
		}))
		t.Cleanup(provider.Close)
		setting := Upstream{Issuer: provider.URL, ClientID: "c", ClientSecret: "s3cret", HTTPClient: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
		c.change(&setting)
		up := newUpstream(&setting, "http://bridge", Professional, time.Now)
		r, err := up.remote(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = r.oauth.Exchange(up.context(t.Context()), "code") // the provider refuses: only the request counts
		got := <-asked
		_, _, basic := got.BasicAuth()
		expect(t, name+": header", basic, c.basic)
		expect(t, name+": secret in the form", got.PostForm.Get("client_secret") == "s3cret", c.inBody)
		expect(t, name+": id in the form", got.PostForm.Get("client_id") == "c", !c.basic)
	}
}
