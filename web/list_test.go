package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// docs/contract.md: every list has items and next, and takes limit, 1 to 200, and cursor; the description says so. The
// lists of a mailbox take what narrows them.
func TestLists_everyOne(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	filters := map[string][]string{
		"/exchanges": {"mailbox", "state", "patient"}, "/conversations": {"mailbox", "state", "patient"}, "/webhooks": {"mailbox"},
		"/webhooks/{id}/calls": {"state"}, "/facilities/{finess}/episodes": {"state"},
	}
	w, seen := newWorld(t), 0
	for _, e := range w.app.endpoints() {
		path, _ := sample(e)
		if e.method != http.MethodGet {
			continue
		}
		got := w.call(callerOf(e), http.MethodGet, path, "")
		if !strings.Contains(string(got.body), `"items":[`) {
			continue
		}
		seen++
		described := map[string]bool{}
		for _, p := range doc.Paths.Value(apiBase + e.path).Get.Parameters {
			described[p.Value.Name] = true
		}
		for _, name := range append([]string{"limit", "cursor"}, filters[e.path]...) {
			if !described[name] {
				t.Errorf("%s: %s is not described", e.path, name)
			}
		}
		if _, there := got.json()["next"]; !there {
			t.Errorf("%s: no next", e.path)
		}
		for query, want := range map[string]int{
			"?limit=1": 200, "?limit=200": 200, "?limit=99999999999999999999": 200, "?limit=0": 422, "?limit=-1": 422, "?limit=x": 422, "?cursor=%21": 422,
		} {
			if got := w.call(callerOf(e), http.MethodGet, alsoAsking(path, query), ""); got.status != want {
				t.Errorf("%s%s: %d %s", e.path, query, got.status, got.body)
			}
		}
		for _, name := range filters[e.path] {
			if got := w.call(callerOf(e), http.MethodGet, alsoAsking(path, "?"+name+"=%21"), ""); got.status != http.StatusUnprocessableEntity && got.status != http.StatusNotFound {
				t.Errorf("%s: %s=! gives %d", e.path, name, got.status)
			}
		}
	}
	if seen < 14 {
		t.Errorf("%d lists were seen", seen)
	}
}

// alsoAsking adds a query to a path that may have one.
func alsoAsking(path, query string) string {
	if strings.Contains(path, "?") {
		query = strings.Replace(query, "?", "&", 1)
	}
	return path + query
}
