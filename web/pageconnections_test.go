package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

// connected is a person with sessions, whose session lasts for a while.
type connected struct {
	fakeAuthenticator
	until, end time.Time
	ended      []string
}

func (c *connected) Session(ctx context.Context, cookie string) (Principal, string, error) {
	p, csrf, err := c.fakeAuthenticator.Session(ctx, cookie)
	p.Until, p.End = c.until, c.end
	return p, csrf, err
}

func (*connected) Sessions(_ context.Context, _ Principal, cookie string) ([]Session, error) {
	return []Session{
		{ID: "first", Device: "Firefox sur <Linux>", LoggedIn: now.Add(-time.Hour), Active: now, Here: cookie == patientKey || cookie == proKey},
		{ID: "second", Through: "Clinique des Lilas", LoggedIn: now.Add(-2 * time.Hour), Active: now.Add(-10 * time.Minute)},
	}, nil
}

func (c *connected) EndSession(_ context.Context, who Principal, id string) error {
	c.ended = append(c.ended, who.ID+" "+id)
	return nil
}

// Issue 5: patients and professionals see where they are logged in, which of it is this browser, and end one alone.
func TestConnections_listAndEnd(t *testing.T) {
	t.Parallel()
	for key, id := range map[string]string{patientKey: string(patientPID), proKey: "899700218896"} {
		w := newWorld(t)
		people := &connected{}
		w.app.deps.Authenticator = people
		got := w.visit(key, connectionsPath)
		text := string(got.body)
		for _, want := range []string{"Firefox sur &lt;Linux&gt;", "Cette connexion", "Appareil inconnu", "Clinique des Lilas", `name="connexion" value="second"`, `name="scope" value="everywhere"`} {
			if got.status != http.StatusOK || !strings.Contains(text, want) {
				t.Errorf("%s: status %d, %q is missing", key, got.status, want)
			}
		}
		if strings.Contains(text, `name="connexion" value="first"`) {
			t.Errorf("%s: the page ends its own session without the logout at the provider (I27)", key)
		}
		if got := w.post(key, connectionsPath, "csrf="+csrfToken+"&connexion=second"); got.header.Get("Location") != connectionsPath+"?fait=connexion-terminee" {
			t.Errorf("%s: status %d to %q", key, got.status, got.header.Get("Location"))
		}
		w.post(key, connectionsPath, "csrf=forged&connexion=first")
		if len(people.ended) != 1 || people.ended[0] != id+" second" {
			t.Errorf("%s: ended %q", key, people.ended)
		}
	}
}

// RGAA 13.1, I224: every page says until when its viewer stays logged in and how to stay, and a script of ours warns; at the
// absolute end nothing is promised.
func TestPages_sayUntilWhenTheSessionLasts(t *testing.T) {
	t.Parallel()
	people := &connected{until: now.Add(29 * time.Minute), end: now.Add(4 * time.Hour)}
	w := newWorld(t)
	w.app.deps.Authenticator, w.app.cfg.SessionIdle = people, 30*time.Minute
	for _, path := range []string{"/compte", connectionsPath} {
		got := w.visit(patientKey, path)
		for _, want := range []string{`data-reste="1740" data-limite="14400" data-repos="1740"`, "Rester connecté", "si vous restez sans activité", "/assets/session."} {
			if !strings.Contains(string(got.body), want) {
				t.Errorf("%s: %q is missing", path, want)
			}
		}
		if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self'; connect-src 'self'") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
	people.until = people.end
	if text := string(w.visit(patientKey, "/compte").body); !strings.Contains(text, "même si vous l’utilisez") {
		t.Error("the absolute end is not told")
	}
	if text := string(w.visit("", "/").body); strings.Contains(text, "/assets/session.") {
		t.Error("a stranger is given the script")
	}
}
