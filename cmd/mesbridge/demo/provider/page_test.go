package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/oauth2"
)

// The page says what it is, works without scripts, escapes names, and lets nothing else in.
func TestPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, client := w.client(w.provider.PatientsIssuer())
	got := w.get(ask(client, oauth2.GenerateVerifier()))
	expect(t, "status", got.status, http.StatusOK)
	policy := got.header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self' http://127.0.0.1:9"} {
		if !strings.Contains(policy, part) {
			t.Errorf("policy %q lacks %q", policy, part)
		}
	}
	page, err := html.Parse(strings.NewReader(got.body))
	if err != nil {
		t.Fatal(err)
	}
	var buttons, headings []string
	for n := range page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "html":
			expect(t, "language", n.Attr, []html.Attribute{{Key: "lang", Val: "fr"}})
		case "script", "b", "input":
			t.Errorf("unexpected element %s", n.Data)
		case "h1", "h2":
			headings = append(headings, textOf(n))
		case "button":
			buttons = append(buttons, textOf(n))
		}
	}
	expect(t, "headings", headings, []string{"Fournisseur d’identité de démonstration", "Se connecter en tant que patient"})
	expect(t, "buttons", buttons, []string{marie, "Jean Faible", "Annuler et revenir au service"})
	if !strings.Contains(got.body, "Aucun mot de passe") {
		t.Error("the page does not say what it is")
	}
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.TrimSpace(b.String())
}
