package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// The page of the developers shows every call with a line for the shell, every link of it leads somewhere, and
// nothing on it comes from elsewhere.
func TestDeveloperPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit("", "/developpeurs").wants(http.StatusOK, "").has("Développeurs", "Obtenir un jeton", "Être averti (webhooks)", "Webhook-Signature", "thread.close", `href="/openapi.json"`)
	text := string(got.body)
	for _, e := range w.app.endpoints() {
		if !strings.Contains(text, "<code>"+e.method+" "+apiBase+e.path+"</code>") {
			t.Errorf("%s %s is not on the page", e.method, e.path)
		}
	}
	if lines := strings.Count(text, "curl -s -H"); lines != len(w.app.endpoints()) {
		t.Errorf("%d lines for %d calls", lines, len(w.app.endpoints()))
	}
	for _, link := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(text, `id="`+link[1]+`"`) {
			t.Errorf("no place named %s", link[1])
		}
	}
	if calls := strings.Count(text, `<details class="call"><summary><h3><code>`); calls != len(w.app.endpoints())+len(w.app.developer.Shapes) {
		t.Errorf("%d calls and objects are folded", calls)
	}
	places := map[string]bool{}
	for _, id := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		if places[id[1]] {
			t.Errorf("two places are named %s", id[1])
		}
		places[id[1]] = true
	}
	got.lacks("<script", "http://", "style=", "Bearer null", "-d &#39;null")
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %s", policy)
	}
	w.visit("", "/clinique").has(`href="/developpeurs"`)
	w.visit("", "/developpeurs").has(`-d &#39;{&#34;mailbox&#34;:&#34;…&#34;,&#34;patient&#34;:{&#34;ins&#34;`)
}

// A description that cannot be read is a fault at start.
func TestDeveloperPage_wantsADescription(t *testing.T) {
	t.Parallel()
	if _, err := developerOf([]byte("{"), nil); err == nil {
		t.Error("taken")
	}
}
