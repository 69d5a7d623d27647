package web

import (
	"net/http"
	"strings"
	"testing"

	"mesbridge/rules"
)

// A state has a strong tag, the same for the same caller, another for another; whoever has it gets 304.
func TestETag_reads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, token := range map[string]string{
		"/api/v1/inbox/a1open": patientToken, "/api/v1/account": patientToken, "/api/v1/conversations/a1open": proToken,
		"/api/v1/profiles": patientToken, "/api/v1/terms": patientToken, "/api/v1/inbox": patientToken, "/api/v1/inbox/objections": patientToken,
		"/api/v1/delegates": patientToken, "/api/v1/mailboxes": proToken, "/api/v1/webhooks/c3hook": proToken, "/api/v1/webhooks": proToken,
		"/api/v1/facilities/" + ownFINESS + "/episodes/2026%2F05%200815": clinicToken,
	} {
		tag := w.call(token, http.MethodGet, path, "").wants(http.StatusOK, "").header.Get("ETag")
		if len(tag) != 18 || tag != w.call(token, http.MethodHead, path, "").header.Get("ETag") {
			t.Errorf("%s: tag %s", path, tag)
		}
		for field, want := range map[string]int{
			tag: http.StatusNotModified, `"x", ` + tag: http.StatusNotModified, "W/" + tag: http.StatusNotModified, "*": http.StatusNotModified,
			`"x"`: http.StatusOK, tag[1:]: http.StatusOK,
		} {
			if got := w.call(token, http.MethodGet, path, "", "If-None-Match", field); got.status != want || got.header.Get("ETag") != tag ||
				want == http.StatusNotModified && len(got.body) > 0 {
				t.Errorf("%s with %s: %d %s", path, field, got.status, got.body)
			}
		}
	}
	first := w.call(proToken, http.MethodGet, "/api/v1/conversations/a1open", "").header.Get("ETag")
	if other := w.call(clinicToken, http.MethodGet, "/api/v1/conversations/a1open", "").header.Get("ETag"); other == first {
		t.Error("two callers can compare what they see")
	}
}

// Every change that takes If-Match is done on the state that the caller saw, and on no other: then 412, and the
// core is told to change nothing.
func TestETag_changes(t *testing.T) {
	t.Parallel()
	listed := func(w *world, token, path string) string {
		items, _ := w.call(token, http.MethodGet, path, "").wants(http.StatusOK, "").json()["items"].([]any)
		first, _ := items[0].(map[string]any)
		tag, _ := first["etag"].(string)
		return tag
	}
	read := func(w *world, token, path string) string {
		return w.call(token, http.MethodGet, path, "").wants(http.StatusOK, "").header.Get("ETag")
	}
	tested := map[string]bool{}
	for _, c := range []struct {
		seen                             func(w *world, token, path string) string
		token, from, method, route, does string
	}{
		{read, patientToken, "/api/v1/inbox/a1open", "POST", "/inbox/{id}/replies", "Reply"},
		{read, patientToken, "/api/v1/inbox/a1open", "DELETE", "/inbox/{id}", "DeleteThread"},
		{listed, patientToken, "/api/v1/inbox/contacts", "PUT", "/inbox/contacts/{id}/block", "Block"},
		{listed, patientToken, "/api/v1/inbox/contacts", "DELETE", "/inbox/contacts/{id}/block", "Unblock"},
		{read, patientToken, "/api/v1/account", "POST", "/account", "ManageAccount"},
		{read, proToken, "/api/v1/conversations/a1open", "POST", "/conversations/{id}/messages", "Write"},
		{read, proToken, "/api/v1/conversations/a1open", "POST", "/conversations/{id}/end", "EndThread"},
		{listed, proToken, "/api/v1/exchanges", "POST", "/exchanges/{id}/end", "EndExchange"},
		{read, proToken, "/api/v1/webhooks/c3hook", "DELETE", "/webhooks/{id}", "RemoveWebhook"},
		{listed, proToken, "/api/v1/webhooks", "POST", "/webhooks/{id}/rotate", "RotateWebhook"},
		{read, patientToken, "/api/v1/terms", "POST", "/terms", "AcceptTerms"},
		{read, clinicToken, "/api/v1/facilities/" + ownFINESS + "/episodes/2026%2F05%200815", "PUT", "/facilities/{finess}/episodes/{visit}", "ChangeEpisode"},
		{listed, proToken, "/api/v1/exchanges", "DELETE", "/exchanges/{id}/end", "KeepExchange"},
	} {
		tested[c.method+" "+c.route] = true
		w := newWorld(t)
		path, body := sample(endpoint{method: c.method, path: c.route})
		tag := c.seen(w, c.token, c.from)
		if tag == "" {
			t.Errorf("%s gives no tag", c.from)
		}
		for _, field := range []string{`"x"`, "x", "W/" + tag} {
			w.call(c.token, c.method, path, body, "If-Match", field, "Idempotency-Key", "k").wants(http.StatusPreconditionFailed, "stale-state")
		}
		if w.core.asked(c.does) > 0 {
			t.Errorf("%s was done on another state", c.does)
		}
		for range 2 { // the second is the kept answer, though the state may have changed meanwhile
			if got := w.call(c.token, c.method, path, body, "If-Match", tag, "Idempotency-Key", "k"); got.status >= 300 {
				t.Errorf("%s: %d %s", c.does, got.status, got.body)
			}
		}
		if w.core.asked(c.does) != 1 {
			t.Errorf("%s was done %d times", c.does, w.core.asked(c.does))
		}
	}
	for _, e := range newWorld(t).app.endpoints() {
		if e.method != http.MethodGet && stateRead(e.path) != nil && !tested[e.method+" "+e.path] {
			t.Errorf("%s %s takes If-Match and is not tested", e.method, e.path)
		}
	}
}

// Every state and every list has a tag, but for documents, which have a digest, and for lists that tell as of when they
// are: those are others each time.
func TestETag_everywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, e := range w.app.endpoints() {
		if e.method != http.MethodGet {
			continue
		}
		path, _ := sample(e)
		got := w.call(callerOf(e), http.MethodGet, path, "")
		bare := strings.Contains(string(got.body), `"asOf"`) || got.header.Get("Repr-Digest") != ""
		if (got.header.Get("ETag") == "") != bare {
			t.Errorf("%s: tag %q, body %.80s", e.path, got.header.Get("ETag"), got.body)
		}
	}
}

// What changes for the caller changes the tag.
func TestETag_followsTheState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.call(patientToken, http.MethodGet, "/api/v1/inbox/a1open", "").header.Get("ETag")
	thread := w.core.threads[openID]
	thread.State = string(rules.Ended)
	w.core.threads[openID] = thread
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/replies", `{"text":"x"}`, "If-Match", before).wants(http.StatusPreconditionFailed, "stale-state")
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1none/replies", `{"text":"x"}`, "If-Match", "*").wants(http.StatusNotFound, "not-found")
}
