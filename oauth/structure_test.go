package oauth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"mesbridge/conversations/redisstore/redistest"
)

// structureList is the list of users of the structure of the tests.
type structureList struct {
	mu   sync.Mutex
	fail error
	gone bool
}

func (l *structureList) vouched(_ context.Context, who Identity) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.gone && who.FINESS == "990000010", l.fail
}

func (l *structureList) set(gone bool, fail error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gone, l.fail = gone, fail
}

// newStructureWorld has a structure with a provider of its own beside the national one.
func newStructureWorld(t *testing.T) (*world, *structureList) {
	list := &structureList{}
	w := newWorld(t, redistest.Mini(t), func(c *Config) {
		c.Structures = []Structure{{Key: "ch", FINESS: "990000010", Name: "CH", Upstream: *c.Professionals}}
		c.Structures[0].ClientID = "staff-client"
		c.Vouched = list.vouched
		c.Resolve = func(ctx context.Context, provider string, claims map[string]any) (Identity, error) {
			if provider == "ch" && claims["sub"] != "unknown" {
				return Identity{Kind: Patient, Subject: proSubject, Name: proName, FINESS: "lie", Provider: "lie", Scopes: []string{"thread.read"}, NoExercise: true}, nil
			}
			return resolveTestPerson(ctx, provider, claims)
		}
	})
	return w, list
}

// through takes a browser through the structure's provider.
func (w *world) through(b *browser, via string) answer {
	w.t.Helper()
	start := b.get(w.base + "/oauth/login/professional?return=%2Fpro&via=" + via)
	return b.get(b.get(start.location().String()).location().String())
}

// D26: who may log in by two ways is asked; each way leads to its provider and back to its own callback.
func TestLogin_structure_isOfferedBesideTheNationalProvider(t *testing.T) {
	t.Parallel()
	w, _ := newStructureWorld(t)
	b := w.browser()
	page := b.get(w.base + "/oauth/login/professional?return=%2Fpro%2F1&prompt=login").json(t)
	national, _ := url.Parse(text(page, "National"))
	expect(t, "national way", national.Query(), url.Values{"return": {"/pro/1"}, "prompt": {"login"}, "via": {"professional"}})
	choice, _ := page["Structures"].([]any)[0].(map[string]any)
	expect(t, "name", text(choice, "Name"), "CH")
	start := b.get(w.base + text(choice, "Href")).location().Query()
	expect(t, "callback", start.Get("redirect_uri"), w.base+"/oauth/callback/ch")
	expect(t, "scopes", start.Get("scope"), "openid")
	expect(t, "patients are not asked", b.get(w.base+"/oauth/login/patient").status, http.StatusSeeOther)
	for _, path := range []string{"/oauth/login/ch", "/oauth/login/professional?via=other", "/oauth/login/professional?via=patient"} {
		expect(t, path, b.get(w.base+path).status, http.StatusNotFound)
	}
}

// D26: a structure's login carries the structure's FINESS, whatever the resolver says, and no level is asked of it.
func TestLogin_structure_isBoundToItsFINESS(t *testing.T) {
	t.Parallel()
	w, _ := newStructureWorld(t)
	w.upstream.lie(func(c map[string]any) { c["acr"] = "urn:hospital:password-and-badge" })
	b := w.browser()
	expect(t, "back", w.through(b, "ch").header.Get("Location"), "/pro")
	who, _, err := w.server.Sessions().Load(t.Context(), w.cookie(b))
	expect(t, "error", err, nil)
	expect(t, "kind", who.Kind, Professional)
	expect(t, "finess", who.FINESS, "990000010")
	expect(t, "provider", who.Provider, "ch")
	expect(t, "level", who.ACR, eidas1)

	national := w.browser()
	w.upstream.lie(nil)
	w.through(national, "professional")
	who, _, _ = w.server.Sessions().Load(t.Context(), w.cookie(national))
	expect(t, "the national provider binds to none", who.FINESS+who.Provider, "")
}

// D26: a structure whose list names somebody else's identifier sees and ends none of that person's sessions.
func TestSessions_ofAStructuresLogin_areApart(t *testing.T) {
	t.Parallel()
	w, _ := newStructureWorld(t)
	own, staff := w.browser(), w.browser()
	w.through(own, "professional")
	w.through(staff, "ch")
	who, _, err := w.server.Sessions().Load(t.Context(), w.cookie(staff))
	expect(t, "error", err, nil)
	list, err := w.server.Live(t.Context(), who, w.cookie(staff))
	expect(t, "error", err, nil)
	expect(t, "sessions", len(list), 1)
	expect(t, "end", w.server.EndEverywhere(t.Context(), who), nil)
	_, _, err = w.server.Sessions().Load(t.Context(), w.cookie(staff))
	expect(t, "the structure's session", errors.Is(err, ErrUnauthenticated), true)
	person, _, err := w.server.Sessions().Load(t.Context(), w.cookie(own))
	expect(t, "the person's own session", err, nil)
	expect(t, "subject", person.Subject, who.Subject)
}

func TestLogin_structure_userNotListed_isRefused(t *testing.T) {
	t.Parallel()
	w, _ := newStructureWorld(t)
	w.upstream.lie(func(c map[string]any) { c["sub"] = "unknown" })
	w.upstream.userInfoFor(map[string]any{"sub": "unknown"})
	b := w.browser()
	got := w.through(b, "ch")
	expect(t, "code", got.errorCode(t), NotListed)
	expect(t, "retry", text(got.json(t), "Retry"), "/oauth/login/professional?via=ch")
	expect(t, "session", w.cookie(b), "")
}

// A code of one provider is worth nothing at the callback of another, with one client or two (mix-up).
func TestCallback_ofAnotherStructure_isRefused(t *testing.T) {
	t.Parallel()
	w, _ := newStructureWorld(t)
	b := w.browser()
	start := b.get(w.base + "/oauth/login/professional?via=ch")
	back := b.get(start.location().String()).location().String()
	got := b.get(strings.Replace(back, "/callback/ch", "/callback/professional", 1))
	expect(t, "code", got.errorCode(t), LoginFailed)
}

// D26: whoever is taken off the list is out at once, in the browser and with every token; a list that cannot be read lets
// nobody do anything, and keeps the cookie (D17).
func TestStructure_revocation_countsAtOnce(t *testing.T) {
	t.Parallel()
	w, list := newStructureWorld(t)
	b := w.browser()
	w.through(b, "ch")
	cookieValue := w.cookie(b)
	a := askFor("lps", proRedirect, "openid offline_access thread.read")
	tokens := w.softwareTokens(b, a)
	access, refresh := text(tokens, "access_token"), text(tokens, "refresh_token")
	who, err := w.server.Introspect(t.Context(), access)
	expect(t, "token", err, nil)
	expect(t, "finess of the token", who.FINESS, "990000010")

	list.set(false, errors.New("no such file"))
	expect(t, "list away: session", errors.Is(w.loadError(cookieValue), ErrUnavailable), true)
	_, err = w.server.Introspect(t.Context(), access)
	expect(t, "list away: token", errors.Is(err, ErrUnavailable), true)

	list.set(true, nil)
	expect(t, "session", errors.Is(w.loadError(cookieValue), ErrUnauthenticated), true)
	_, err = w.server.Introspect(t.Context(), access)
	expect(t, "token", errors.Is(err, ErrUnauthenticated), true)
	expect(t, "refresh", w.softwareRefresh(refresh)["error"], "invalid_grant")
}

func TestNew_structures_areChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), nil)
	for name, change := range map[string]func(*Structure){
		"reserved key": func(s *Structure) { s.Key = "professional" },
		"odd key":      func(s *Structure) { s.Key = "../x" },
		"no FINESS":    func(s *Structure) { s.FINESS = "" },
		"no name":      func(s *Structure) { s.Name = "" },
		"no client":    func(s *Structure) { s.ClientID = "" },
	} {
		c := w.config
		c.Vouched = func(context.Context, Identity) (bool, error) { return true, nil }
		s := Structure{Key: "ch", FINESS: "990000010", Name: "CH", Upstream: *c.Professionals}
		change(&s)
		c.Structures = []Structure{s}
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	c := w.config
	c.Structures = []Structure{{Key: "ch", FINESS: "990000010", Name: "CH", Upstream: *c.Professionals}}
	if _, err := New(c); err == nil {
		t.Error("structures without lists: accepted")
	}
}
