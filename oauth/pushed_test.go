package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
)

// push sends a request beforehand as the client "app".
func (w *world) push(a ask, change ...func(*http.Request)) answer {
	w.t.Helper()
	return w.browser().post(w.base+pushPath, a.values, append([]func(*http.Request){basic("app", appSecret)}, change...)...)
}

// reference is what the browser brings of a pushed request.
func (w *world) reference(client string, a ask) ask {
	w.t.Helper()
	got := w.push(a)
	if got.status != http.StatusCreated {
		w.t.Fatalf("push: %d %s", got.status, got.body)
	}
	return ask{verifier: a.verifier, values: url.Values{"client_id": {client}, "request_uri": {text(got.json(w.t), "request_uri")}}}
}

func TestPushed_wholeFlow(t *testing.T) {
	t.Parallel()
	redistest.OnEach(t, func(t *testing.T, r redis.UniversalClient) {
		w := newWorld(t, r, nil)
		b := w.browser()
		a := askFor("app", appRedirect, "openid patient.read")
		pushed := w.reference("app", a)
		toLogin := b.get(w.authorizeURL(pushed)).location()
		expect(t, "login first", toLogin.Path, "/oauth/login/patient")
		w.logIn(b, Patient, toLogin.Query().Get("return"))
		// What stands beside the reference in the URL does not count.
		decided := w.consent(b, pushed.with("scope", "patient.reply").with("redirect_uri", "https://evil.example"), DecisionAllow).location()
		expect(t, "redirect", decided.Scheme+"://"+decided.Host+decided.Path, appRedirect)
		expect(t, "state", decided.Query().Get("state"), "state-of-the-client")
		got := w.exchange(a, decided.Query().Get("code"), a.verifier)
		expect(t, "scope", got.json(t)["scope"], "openid patient.read")
		expect(t, "a second use", b.get(w.authorizeURL(pushed)).errorCode(t), RequestInvalid)
	})
}

func TestPushed_referenceIsTheClientsAndShortLived(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	pushed := w.reference("app", askFor("app", appRedirect, "openid"))
	expect(t, "another client", b.get(w.authorizeURL(pushed.with("client_id", "phone"))).errorCode(t), RequestInvalid)
	expect(t, "no client", b.get(w.authorizeURL(pushed.with("client_id", ""))).errorCode(t), RequestInvalid)
	expect(t, "invented", b.get(w.authorizeURL(pushed.with("request_uri", requestURIPrefix+randomText()))).errorCode(t), RequestInvalid)
	expect(t, "its own", b.get(w.authorizeURL(pushed)).status, http.StatusOK)
	w.clock.advance(pushedLife)
	expect(t, "too late", b.get(w.authorizeURL(pushed)).errorCode(t), RequestInvalid)
}

// A fresh login is asked for once: the reference cannot lose its prompt on the way.
func TestPushed_promptLogin_isAskedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	for name, a := range map[string]ask{
		"prompt=login": askFor("app", appRedirect, "openid").with("prompt", "login"),
		"max_age=0":    askFor("app", appRedirect, "openid").with("max_age", "0"),
	} {
		w.clock.advance(time.Second)
		pushed := w.reference("app", a)
		fresh := b.get(w.authorizeURL(pushed)).location()
		expect(t, name, fresh.Path, "/oauth/login/patient")
		expect(t, name+" upstream too", fresh.Query().Get("prompt"), "login")
		w.clock.advance(time.Second)
		w.logIn(b, Patient, fresh.Query().Get("return"))
		expect(t, name+" after it", b.get(w.authorizeURL(pushed)).status, http.StatusOK)
	}
}

// A URL with max_age=0 is asked once too.
func TestAuthorize_maxAgeZero_isAskedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	b := w.browser()
	w.logIn(b, Patient, "/")
	w.clock.advance(time.Second)
	fresh := b.get(w.authorizeURL(askFor("app", appRedirect, "openid").with("max_age", "0"))).location()
	expect(t, "login", fresh.Path, "/oauth/login/patient")
	w.logIn(b, Patient, "/")
	w.clock.advance(time.Second)
	expect(t, "after it", b.get(w.base+fresh.Query().Get("return")).status, http.StatusOK)
}

func TestPushed_refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	good := askFor("app", appRedirect, "openid patient.read")
	for name, c := range map[string]struct {
		ask    ask
		change func(*http.Request)
		want   string
	}{
		"wrong secret":      {good, basic("app", "wrong"), "invalid_client"},
		"nobody":            {good, basic("nobody", appSecret), "invalid_client"},
		"another redirect":  {good.with("redirect_uri", appRedirect+"/x"), nil, "invalid_request"},
		"foreign scope":     {good.with("scope", "thread.read"), nil, "invalid_scope"},
		"no challenge":      {good.with("code_challenge", ""), nil, "invalid_request"},
		"plain":             {good.with("code_challenge_method", "plain"), nil, "invalid_request"},
		"fragment":          {good.with("response_mode", "fragment"), nil, "invalid_request"},
		"request object":    {good.with("request", "eyJhbGciOiJub25lIn0.e30."), nil, "invalid_request"},
		"reference":         {good.with("request_uri", requestURIPrefix+"x"), nil, "invalid_request"},
		"too long":          {good.with("login_hint", strings.Repeat("x", maxPushedBytes)), nil, "invalid_request"},
		"parameters in URL": {good, func(r *http.Request) { r.URL.RawQuery = "scope=patient.reply" }, "invalid_request"},
		"implicit":          {good.with("response_type", "token"), nil, "unsupported_response_type"},
		"another client":    {good.with("client_id", "phone"), nil, "invalid_request"},
	} {
		var change []func(*http.Request)
		if c.change != nil {
			change = append(change, c.change)
		}
		got := w.push(c.ask, change...)
		if code := text(got.json(t), "error"); code != c.want || got.status < 400 || got.status >= 500 {
			t.Errorf("%s: %d %s, want %s", name, got.status, code, c.want)
		}
	}
}
