package oauth

import (
	"net/url"
	"strings"
	"testing"
)

// I22, I71: the whole table.
func TestAssurance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind             Kind
		acr, least, want string // want empty: refused
	}{
		{Professional, "", eidas1, eidas1},
		{Professional, "eidas1", eidas1, eidas1},
		{Professional, "EIDAS1", eidas1, eidas1},
		{Professional, "Eidas3", eidas1, eidas3},
		{Professional, "eidas2", eidas3, ""},
		{Professional, "", eidas2, ""},
		{Professional, "eidas0", eidas1, ""},
		{Professional, "eidas4", eidas1, ""},
		{Professional, "eidas10", eidas1, ""},
		{Professional, "0", eidas1, ""},
		{Professional, " eidas1", eidas1, ""},
		{Patient, "", eidas1, ""},
		{Patient, "eidas1", eidas2, ""},
		{Patient, "eIDAS2", eidas2, eidas2},
		{Patient, "eidas3", eidas2, eidas3},
		{Patient, "eidas3", "", ""},
	} {
		got, err := assurance(c.kind, c.acr, c.least)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("assurance(%s, %q, %q) = %q, %v", c.kind, c.acr, c.least, got, err)
		}
	}
}

func TestReturnPath(t *testing.T) {
	t.Parallel()
	for asked, want := range map[string]string{
		"":                              "/",
		"/":                             "/",
		"/messages/7?page=2":            "/messages/7?page=2",
		"/dossier/":                     "/dossier/",
		"/oauth/authorize?client_id=a":  "/oauth/authorize?client_id=a",
		"/a%20b":                        "/a%20b",
		"/a#fragment":                   "/a",
		"messages":                      "/",
		"https://evil.example/":         "/",
		"//evil.example/":               "/",
		"///evil.example/":              "/",
		"/\\evil.example/":              "/",
		"\\\\evil.example":              "/",
		"/\t/evil.example":              "/",
		"/\n/evil.example":              "/",
		"/.//evil.example":              "/",
		"/a/..//evil.example":           "/",
		"/%2e//evil.example":            "/",
		"/%2f/evil.example":             "/",
		"/%5cevil.example":              "/%5cevil.example", // stays a path: browsers do not decode it
		"javascript:alert(1)":           "/",
		"/oauth/callback/patient?x":     "/",
		"/oauth/login/patient":          "/",
		"/oauth/logout":                 "/",
		"http:/evil.example":            "/",
		"/" + strings.Repeat("x", 3000): "/",
	} {
		if got := returnPath(asked, Patient); got != want {
			t.Errorf("returnPath(%q) = %q, want %q", asked, got, want)
		}
	}
	expect(t, "professional's start page", returnPath("//evil.example", Professional), "/pro")
}

// Whatever is asked, a browser that follows the answer stays on this host, and asking again for
// the answer gives the answer.
func FuzzReturnPath(f *testing.F) {
	for _, seed := range []string{"/", "//x", "/\\x", "/a/../b", "/?q=//x", "/%2f%2fx", "/.//x", "/a;b", "/:80", "/@x", "/é", "/%00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, asked string) {
		got := returnPath(asked, Patient)
		base := &url.URL{Scheme: "https", Host: "mes.example", Path: "/oauth/callback/patient"}
		target, err := base.Parse(got)
		if err != nil || target.Host != "mes.example" || target.Scheme != "https" {
			t.Fatalf("returnPath(%q) = %q leads to %v", asked, got, target)
		}
		if strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\r\n\t") || got[0] != '/' {
			t.Fatalf("returnPath(%q) = %q", asked, got)
		}
		if again := returnPath(got, Patient); again != got && len(got) <= maxReturnBytes {
			t.Fatalf("returnPath(%q) = %q, but of that %q", asked, got, again)
		}
	})
}
