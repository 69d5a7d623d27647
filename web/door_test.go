package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Pages of patients and professionals alike send a stranger to the home page, whose doors lead back to the page, and
// somebody who was here before through the door that he took.
func TestSharedPages_askForTheRightLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) {
		c.Structures = []LoginChoice{{Name: "Clinique", Href: "/oauth/login/professional?via=clinique"}}
	})
	ask := func(path, door string) string {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		if door != "" {
			r.AddCookie(&http.Cookie{Name: doorCookie, Value: door})
		}
		return w.do(r).wants(http.StatusSeeOther, "").header.Get("Location")
	}
	for _, path := range []string{"/connexions", "/conditions"} {
		back := strings.Replace(path, "/", "%2F", 1)
		for door, want := range map[string]string{
			"": "/?retour=" + back, "application": "/?retour=" + back, "//evil.example": "/?retour=" + back,
			"patient": "/oauth/login/patient?return=" + back, "professional": "/oauth/login/professional?return=" + back,
		} {
			if to := ask(path, door); to != want {
				t.Errorf("%s by %q: sent to %s, want %s", path, door, to, want)
			}
		}
	}
	if to := ask("/messages", "professional"); to != "/oauth/login/patient?return=%2Fmessages" {
		t.Errorf("a page of patients: sent to %s", to)
	}
	got := w.visit("", "/?retour=%2Fconnexions").wants(http.StatusOK, "").has(
		"Identifiez-vous pour ouvrir cette page", `href="/oauth/login/patient?return=%2Fconnexions"`,
		`href="/oauth/login/professional?via=professional&amp;return=%2Fconnexions"`, `href="/oauth/login/professional?via=clinique&amp;return=%2Fconnexions"`)
	checkMarkup(t, "home on the way", got.body)
	w.visit("", "/?retour=https%3A%2F%2Fevil.example").wants(http.StatusOK, "").lacks("evil", "Identifiez-vous pour")
	w.post("", "/connexions", "connexion=x").wants(http.StatusForbidden, "").has(`<a href="/">S’identifier de nouveau`).lacks("/oauth/login/patient")
}

// The door that is remembered is a kind of person and nothing else, for the browser's session alone.
func TestDoor_isAllThatTheCookieTells(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{true, false} {
		w := newWorld(t, func(c *Config) { c.Secure = secure })
		for session, want := range map[string]string{patientKey: "patient", proKey: "professional"} {
			got := w.visit(session, "/connexions")
			cookie, err := http.ParseSetCookie(got.header.Get("Set-Cookie"))
			if err != nil {
				t.Fatal(err)
			}
			if cookie.Name != doorCookie || cookie.Value != want || cookie.MaxAge != 0 || !cookie.Expires.IsZero() {
				t.Errorf("%v", cookie)
			}
			if !cookie.HttpOnly || cookie.Secure != secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
				t.Errorf("%v", cookie)
			}
			again := httptest.NewRequest(http.MethodGet, "/connexions", http.NoBody)
			again.AddCookie(&http.Cookie{Name: "mes", Value: session})
			again.AddCookie(cookie)
			if more := w.do(again).header.Get("Set-Cookie"); more != "" {
				t.Errorf("set again: %s", more)
			}
		}
		if got := w.visit("", "/").header.Get("Set-Cookie"); got != "" {
			t.Errorf("a stranger is given %s", got)
		}
	}
}
