package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// consent draws the consent page.
func consent(t *testing.T, d ConsentPage) (*httptest.ResponseRecorder, string) {
	t.Helper()
	pages, err := NewPages(Config{Brand: "Messagerie d’essai"})
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	pages.Consent(rec, d)
	return rec, rec.Body.String()
}

func TestConsent_saysWhoAndWhat(t *testing.T) {
	t.Parallel()
	rec, body := consent(t, ConsentPage{
		Client: "Mon <b>agenda</b>", Person: "Jeanne Dupont", Patient: true, Scopes: []string{"openid", "patient.read", "patient.reply", "future.scope"},
		Action: "/oauth/authorize?a=1&b=2", CSRF: "c1", FormTarget: "https://agenda.example",
	})
	for _, want := range []string{
		"Mon &lt;b&gt;agenda&lt;/b&gt;", "Jeanne Dupont", "lire vos messages et leurs pièces jointes", "répondre à vos messages", "future.scope",
		`action="/oauth/authorize?a=1&amp;b=2"`, `name="csrf" value="c1"`, `name="decision" value="allow"`, `name="decision" value="deny"`, "Messagerie d’essai",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("lacks %q", want)
		}
	}
	if strings.Contains(body, "openid") || rec.Code != http.StatusOK {
		t.Errorf("status %d", rec.Code)
	}
	if policy := rec.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' https://agenda.example;") {
		t.Errorf("policy %s", policy)
	}
	checkMarkup(t, "consent", rec.Body.Bytes())
}

// A target cannot add to the policy.
func TestConsent_oddTargetIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"https://x; script-src *", "'unsafe-inline'", "https://a https://b", "https://a\r\nX: y"} {
		rec, _ := consent(t, ConsentPage{FormTarget: target})
		if policy := rec.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self';") {
			t.Errorf("%q: policy %s", target, policy)
		}
	}
}

// Every code of package oauth has a page of its own, with a way on.
func TestLoginError_everyCode(t *testing.T) {
	t.Parallel()
	pages, err := NewPages(Config{})
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string]string{}
	for _, c := range []string{
		"invalid-request", "login-expired", "login-cancelled", "login-failed", "assurance-too-low", "person-unknown", "not-found", "temporarily-unavailable",
	} {
		rec := httptest.NewRecorder()
		pages.Error(rec, http.StatusForbidden, c, "/oauth/login/patient")
		if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), `href="/oauth/login/patient">Recommencer`) {
			t.Errorf("%s: %d", c, rec.Code)
		}
		checkMarkup(t, c, rec.Body.Bytes())
		_, after, _ := strings.Cut(rec.Body.String(), "<h1>")
		heading, _, _ := strings.Cut(after, "</h1>")
		if other, twice := headings[heading]; twice {
			t.Errorf("%s and %s say the same", c, other)
		}
		headings[heading] = c
	}
}
