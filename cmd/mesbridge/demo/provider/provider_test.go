package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"mesbridge/cmd/mesbridge/demo/provider"
)

// The whole flow with the client library that the bridge uses, in both realms.
func TestFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for issuer, c := range map[string]struct{ sub, acr, name, claim, value string }{
		w.provider.PatientsIssuer():      {"p1", "eidas2", marie, "given_name", "Marie"},
		w.provider.ProfessionalsIssuer(): {"d1", "eidas1", "Dr Ada Exemple", "SubjectNameID", "899700218896"},
	} {
		p, client := w.client(issuer)
		verifier := oauth2.GenerateVerifier()
		back := w.pick(ask(client, verifier), c.sub).Query()
		expect(t, "state", back.Get("state"), state)
		expect(t, "iss", back.Get("iss"), issuer)
		token, err := client.Exchange(w.context(), back.Get("code"), oauth2.VerifierOption(verifier))
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := token.Extra("id_token").(string)
		id, err := p.Verifier(&oidc.Config{ClientID: "mesbridge"}).Verify(w.context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		var claims map[string]any
		expect(t, "claims", id.Claims(&claims), nil)
		expect(t, "sub", id.Subject, c.sub)
		expect(t, "nonce", id.Nonce, nonce)
		expect(t, "at_hash", id.VerifyAccessToken(token.AccessToken), nil)
		expect(t, "acr", claims["acr"], c.acr)
		expect(t, "names in the ID token", claims["name"], nil)
		info, err := p.UserInfo(w.context(), oauth2.StaticTokenSource(token))
		if err != nil {
			t.Fatal(err)
		}
		var more map[string]any
		expect(t, "userinfo", info.Claims(&more), nil)
		expect(t, "name", more["name"], c.name)
		expect(t, c.claim, more[c.claim], c.value)
	}
}

// A person may be given another level, to show what the bridge refuses (I22).
func TestFlow_levelOfThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, client := w.client(w.provider.PatientsIssuer())
	token := w.token(client, "p2")
	raw, _ := token.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: "mesbridge"}).Verify(w.context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	expect(t, "claims", id.Claims(&claims), nil)
	expect(t, "acr", claims["acr"], "eidas1")
}

func with(target, name, value string) string {
	u, err := url.Parse(target)
	if err != nil {
		panic(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func TestAuthorize_refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, client := w.client(w.provider.PatientsIssuer())
	good := ask(client, oauth2.GenerateVerifier())
	for name, target := range map[string]string{
		"other client":   with(good, "client_id", "other"),
		"other redirect": with(good, "redirect_uri", "https://evil.example/"),
		"longer":         with(good, "redirect_uri", redirect+"/"),
		"none":           with(good, "redirect_uri", ""),
	} {
		expect(t, name, w.get(target).status, http.StatusBadRequest)
		expect(t, name+" with a choice", w.post(target, url.Values{"sub": {"p1"}}).status, http.StatusBadRequest)
	}
	for _, c := range []struct{ name, value, want string }{
		{"response_type", "token", "unsupported_response_type"},
		{"scope", "profile", "invalid_scope"},
		{"state", "short", "invalid_request"},
		{"nonce", "", "invalid_request"},
		{"code_challenge", "", "invalid_request"},
		{"code_challenge_method", "plain", "invalid_request"},
		{"prompt", "none", "login_required"},
		{"request", "x", "request_not_supported"},
		{"request_uri", "x", "request_uri_not_supported"},
	} {
		target := with(good, c.name, c.value)
		expect(t, c.name, w.get(target).location(t).Query().Get("error"), c.want)
		expect(t, c.name+" with a choice", w.pick(target, "p1").Query().Get("error"), c.want)
	}
	for _, sub := range []string{"", "nobody", "d1"} { // d1 belongs to the other realm
		expect(t, "person "+sub, w.pick(good, sub).Query().Get("error"), "access_denied")
	}
}

func TestToken_refuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, client := w.client(w.provider.PatientsIssuer())
	verifier := oauth2.GenerateVerifier()
	for name, spoil := range map[string]func(*url.Values){
		"nothing spoilt": func(*url.Values) {},
		"wrong verifier": func(v *url.Values) { v.Set("code_verifier", oauth2.GenerateVerifier()) },
		"no verifier":    func(v *url.Values) { v.Del("code_verifier") },
		"wrong redirect": func(v *url.Values) { v.Set("redirect_uri", redirect+"/") },
		"wrong secret":   func(v *url.Values) { v.Set("client_secret", "wrong") },
		"other client":   func(v *url.Values) { v.Set("client_id", "other") },
		"other grant":    func(v *url.Values) { v.Set("grant_type", "password") },
		"made-up code":   func(v *url.Values) { v.Set("code", "made-up") },
		"late":           func(*url.Values) { w.clock.advance(30 * time.Second) },
	} {
		form := url.Values{
			"grant_type": {"authorization_code"}, "code": {w.pick(ask(client, verifier), "p1").Query().Get("code")},
			"redirect_uri": {redirect}, "client_id": {"mesbridge"}, "client_secret": {secret}, "code_verifier": {verifier},
		}
		spoil(&form)
		got := w.post(client.Endpoint.TokenURL, form)
		if (got.status == http.StatusOK) != (name == "nothing spoilt") {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}

func TestToken_codeCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, client := w.client(w.provider.PatientsIssuer())
	verifier := oauth2.GenerateVerifier()
	code := w.pick(ask(client, verifier), "p1").Query().Get("code")
	results := make(chan error)
	for range 16 {
		go func() {
			_, err := client.Exchange(w.context(), code, oauth2.VerifierOption(verifier))
			results <- err
		}()
	}
	won := 0
	for range 16 {
		if <-results == nil {
			won++
		}
	}
	expect(t, "exchanges", won, 1)
}

func TestUserInfo_withoutLivingToken_isRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, client := w.client(w.provider.PatientsIssuer())
	token := w.token(client, "p1")
	expect(t, "no token", w.get(w.provider.PatientsIssuer()+"/userinfo").status, http.StatusUnauthorized)
	w.clock.advance(2 * time.Minute)
	if _, err := p.UserInfo(w.context(), oauth2.StaticTokenSource(token)); err == nil {
		t.Error("the access token still lives after two minutes (I23)")
	}
}

// I27.
func TestEndSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, client := w.client(w.provider.PatientsIssuer())
	token := w.token(client, "p1")
	hint, _ := token.Extra("id_token").(string)
	w.clock.advance(time.Hour) // an expired hint is fine
	end := w.provider.PatientsIssuer() + "/session/end?" + url.Values{"id_token_hint": {hint}, "state": {"s"}}.Encode()
	expect(t, "back", w.get(with(end, "post_logout_redirect_uri", postLogout)).location(t).String(), postLogout+"?state=s")
	expect(t, "nowhere", w.get(end).status, http.StatusOK)
	expect(t, "elsewhere", w.get(with(end, "post_logout_redirect_uri", "https://evil.example/")).status, http.StatusBadRequest)
	expect(t, "forged hint", w.get(with(end, "id_token_hint", hint[:len(hint)-4]+"AAAA")).status, http.StatusBadRequest)
	expect(t, "other realm", w.get(strings.Replace(end, "/patients/", "/professionnels/", 1)).status, http.StatusBadRequest)
}

func TestNew_refuses(t *testing.T) {
	t.Parallel()
	good := provider.Config{
		BaseURL: "http://127.0.0.1:1", Now: time.Now,
		Client: provider.Client{ID: "c", Secret: "s", RedirectURIs: []string{redirect}},
	}
	for name, change := range map[string]func(*provider.Config){
		"no base":     func(c *provider.Config) { c.BaseURL = "" },
		"slash":       func(c *provider.Config) { c.BaseURL += "/" },
		"no client":   func(c *provider.Config) { c.Client.ID = "" },
		"no secret":   func(c *provider.Config) { c.Client.Secret = "" },
		"no redirect": func(c *provider.Config) { c.Client.RedirectURIs = nil },
		"no clock":    func(c *provider.Config) { c.Now = nil },
	} {
		c := good
		change(&c)
		if _, err := provider.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := provider.New(good); err != nil {
		t.Error(err)
	}
}
