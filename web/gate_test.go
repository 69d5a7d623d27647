package web

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// callerOf is the token of somebody whom an endpoint is for.
func callerOf(e endpoint) string {
	if e.scope == "patient.enrol" {
		return officerToken
	}
	switch {
	case e.takes(Professional):
		return proToken
	case e.takes(Application):
		return clinicToken
	}
	return patientToken
}

// sample gives every endpoint a path and a body that would pass.
func sample(e endpoint) (path, body string) {
	id := map[string]string{
		"/inbox/contacts/{id}/block": string(exchangeID), "/exchanges/{id}/end": string(exchangeID), "/inbox/attachments/{id}": string(pieceID),
		"/inbox/attachments/{id}/save": string(pieceID), "/inbox/documents/{id}": string(savedID),
		"/inbox/messages/{id}/original": string(openID) + ".2", "/mailboxes/{id}/users": sharedKey(), "/mailboxes/{id}/users/{user}": sharedKey(),
		"/mailboxes/{id}/templates": ownedKey(), "/mailboxes/{id}/templates/{template}": ownedKey(), "/mailboxes/{id}/absence": ownedKey(),
		"/enrolments/{id}": string(enrolmentID),
	}[e.path]
	if id == "" {
		id = string(openID)
	}
	if strings.HasPrefix(e.path, "/webhooks/") {
		id = string(hookID)
	}
	if e.path == "/profiles/{id}" {
		id = profileOf(elderPID)
	}
	body = map[string]string{
		"/verdicts":                             `{"mailbox":"claire.martin@cabinet.mssante.fr","patient":{"ins":"` + ins + `"}}`,
		"/facilities/{finess}/episodes/{visit}": `{"state":"closed","eventId":"e1"}`,
		"/exchanges/end":                        `{"ids":["` + string(exchangeID) + `"]}`,
		"/inbox/{id}/replies":                   `{"text":"Merci"}`, "/conversations/{id}/messages": `{"text":"Bonjour"}`,
	}[e.path]
	switch e.method + " " + e.path {
	case "POST /webhooks":
		body = `{"mailbox":"claire.martin@cabinet.mssante.fr","url":"https://logiciel.exemple.fr/appels"}`
	case "POST /webhooks/{id}/replay":
		body = `{"event":"` + string(eventID) + `"}`
	}
	if e.path == "/conversations" && e.method == http.MethodPost {
		body = `{"mailbox":"claire.martin@cabinet.mssante.fr","patient":{"ins":"` + ins + `"},"subject":"Bilan","text":"Bonjour"}`
	}
	for _, bodies := range []map[string]string{rightsBodies(), delegateBodies(), teamBodies(), enrolmentBodies()} {
		if own := bodies[e.method+" "+e.path]; own != "" {
			body = own
		}
	}
	if e.path == "/directory" {
		return apiBase + e.path + "?name=goff", ""
	}
	return apiBase + strings.NewReplacer("{id}", id, "{finess}", ownFINESS, "{visit}", "2026%2F05%200815", "{user}", string(userID),
		"{attachment}", string(pieceID), "{note}", string(noteID), "{template}", string(templateID)).Replace(e.path), body
}

// docs/contract.md: every path under /api/ without a valid token answers 401 before anything else.
func TestGate_401BeforeAnythingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	paths := []string{"/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/inbox", "/api/v1/nothing", "/api/v1/inbox/../x", "/api/v1/inbox/%00"}
	for _, e := range w.app.endpoints() {
		path, _ := sample(e)
		paths = append(paths, path, path+"/", path+"?limit=x&for=other")
	}
	methods := []string{"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "FOO"}
	for _, path := range paths {
		for _, method := range methods {
			got := w.call("", method, path, "")
			if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") != `Bearer realm="mesbridge"` {
				t.Errorf("%s %s: %d", method, path, got.status)
			}
			if method != "HEAD" && got.json()["code"] != "unauthenticated" {
				t.Errorf("%s %s: %s", method, path, got.body)
			}
		}
	}
	if len(w.core.calls) > 0 {
		t.Errorf("the core was asked: %v", w.core.calls)
	}
}

func TestGate_401ForWhatIsNoToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, field := range []string{
		"Bearer unknown", "Bearer", "Bearer ", "Basic " + patientToken, patientToken, "Bearer " + patientToken + " x",
		"Bearer é", "Bearer " + strings.Repeat("a", 9000),
	} {
		got := w.call("", http.MethodGet, "/api/v1/inbox", "", "Authorization", field)
		got.wants(http.StatusUnauthorized, "unauthenticated")
		if !strings.Contains(got.header.Get("WWW-Authenticate"), "invalid_token") {
			t.Errorf("%.20q: %s", field, got.header.Get("WWW-Authenticate"))
		}
	}
	w.call("", http.MethodPost, "/api/v1/inbox/a1open/replies", strings.Repeat("x", 3<<20)).wants(http.StatusUnauthorized, "unauthenticated")
	w.call("", http.MethodGet, "/api/v1/inbox?access_token="+patientToken, "").wants(http.StatusUnauthorized, "unauthenticated")
	w.call(patientToken, http.MethodGet, "/api/v1/inbox", "", "Authorization", "bEaReR "+patientToken).wants(http.StatusOK, "")
}

// The session of the pages is no token of the API.
func TestGate_cookieIsNoToken(t *testing.T) {
	t.Parallel()
	newWorld(t).visit(patientKey, "/api/v1/inbox").wants(http.StatusUnauthorized, "unauthenticated")
}

// D17: when the store of tokens is away, nobody is told that his token is wrong.
func TestGate_503WhenTokensCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.call(downToken, http.MethodGet, "/api/v1/inbox", "").wants(http.StatusServiceUnavailable, "temporarily-unavailable")
	got.lacks("redis")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestGate_404And405AfterTheToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/api", "/api/v1", "/api/v1/nothing", "/api/v2/inbox", "/api/v1/inbox/a1open/nothing", "/api/v1/Inbox"} {
		w.call(patientToken, http.MethodGet, path, "").wants(http.StatusNotFound, "not-found")
	}
	for path, allow := range map[string]string{
		"/api/v1/inbox": "GET, POST, HEAD", "/api/v1/inbox/contacts": "GET, HEAD", "/api/v1/inbox/contacts/a1x/block": "PUT, DELETE",
		"/api/v1/inbox/a1open": "GET, DELETE, HEAD", "/api/v1/inbox/a1open/opened": "POST", "/api/v1/conversations/a1open/end": "POST",
	} {
		for _, method := range []string{"PATCH", "FOO", "OPTIONS"} {
			got := w.call(readOnly, method, path, "").wants(http.StatusMethodNotAllowed, "method-not-allowed")
			if got.header.Get("Allow") != allow {
				t.Errorf("%s: Allow %q, want %q", path, got.header.Get("Allow"), allow)
			}
		}
	}
	// A literal segment wins over {id}, also for the methods that it has not.
	w.call(patientToken, http.MethodDelete, "/api/v1/inbox/contacts", "").wants(http.StatusMethodNotAllowed, "method-not-allowed")
	w.call(patientToken, http.MethodGet, "/api/v1/inbox/contacts", "").wants(http.StatusOK, "").has("Dr Claire Martin")
}

// I247: each call wants its scope and its kind of caller; scope comes before validation.
func TestGate_403WithoutScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, e := range w.app.endpoints() {
		path, body := sample(e)
		stranger := proToken
		if e.takes(Professional) || e.takes(Application) {
			stranger = patientToken
		}
		if e.scope == "" { // any person's, and no application's
			w.call(clinicToken, e.method, path, body).wants(http.StatusForbidden, "insufficient-scope")
			continue
		}
		got := w.call(stranger, e.method, path, `{"unknown":1}`).wants(http.StatusForbidden, "insufficient-scope")
		if !strings.Contains(got.header.Get("WWW-Authenticate"), `scope="`+e.scope+`"`) {
			t.Errorf("%s %s: %s", e.method, e.path, got.header.Get("WWW-Authenticate"))
		}
		if e.scope != "patient.read" {
			w.call(readOnly, e.method, path, body).wants(http.StatusForbidden, "insufficient-scope")
		}
	}
	if len(w.core.calls) > 0 {
		t.Errorf("the core was asked: %v", w.core.calls)
	}
}

// Every endpoint works for whom it is for, with what docs/contract.md says of every answer.
func TestGate_everyEndpointAnswers(t *testing.T) {
	t.Parallel()
	for i := range newWorld(t).app.endpoints() {
		w := newWorld(t)
		e := w.app.endpoints()[i]
		path, body := sample(e)
		token := callerOf(e)
		got := w.call(token, e.method, path, body)
		want := map[string]int{
			"POST /inbox": 403, "POST /inbox/{id}/opened": 204, "POST /inbox/{id}/replies": 201, "POST /conversations": 201,
			"POST /conversations/{id}/messages": 201, "DELETE /inbox/contacts/{id}/block": 204,
			"POST /inbox/attachments/{id}/save": 201, "DELETE /inbox/documents/{id}": 204, "DELETE /inbox/objections/{id}": 204,
			"DELETE /inbox/{id}": 204, "POST /mailboxes/{id}/users": 201, "DELETE /mailboxes/{id}/users/{user}": 204,
			"DELETE /profiles/{id}": 204, "POST /invitations/refuse": 204, "POST /delegates": 201,
			"POST /webhooks": 201, "DELETE /webhooks/{id}": 204, "POST /webhooks/{id}/test": 202, "POST /webhooks/{id}/replay": 202,
			"DELETE /delegates/{id}": 204, "POST /delegates/{id}/restore": 204,
			"POST /conversations/{id}/presence": 204, "POST /conversations/{id}/notes": 201, "DELETE /conversations/{id}/notes/{note}": 204,
			"POST /mailboxes/{id}/templates": 201, "DELETE /mailboxes/{id}/templates/{template}": 204, "DELETE /mailboxes/{id}/absence": 204,
			"POST /enrolments": 201, "DELETE /enrolments/{id}": 204, "POST /representations": 204, "POST /representations/end": 204,
		}[e.method+" "+e.path]
		if want == 0 {
			want = 200
		}
		if got.status != want {
			t.Errorf("%s %s: %d %s", e.method, e.path, got.status, got.body)
		}
		if got.header.Get("Cache-Control") != "no-store" || len(got.header.Get("X-Request-Id")) != 36 || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: headers %v", e.method, e.path, got.header)
		}
	}
}

// docs/contract.md: GET changes nothing.
func TestGate_getChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, e := range w.app.endpoints() {
		if e.method != http.MethodGet {
			continue
		}
		path, _ := sample(e)
		token := callerOf(e)
		w.call(token, http.MethodGet, path, "")
		if head := w.call(token, http.MethodHead, path, ""); head.status != http.StatusOK || len(head.body) > 0 {
			t.Errorf("HEAD %s: %d with %d octets", path, head.status, len(head.body))
		}
	}
	for _, call := range w.core.calls {
		switch call {
		case "Inbox", "Thread", "Attachment", "Original", "Contacts", "Exchanges", "Threads", "ThreadFor",
			"Profiles", "Delegates", "Objections", "History", "Documents", "Document", "Account", "Episode", "Episodes", "Mandates", "Users",
			"Team", "Templates", "Absence", "Webhooks", "Webhook", "WebhookCalls", "AttachmentFor", "Enrolments":
		default:
			t.Errorf("a GET called %s", call)
		}
	}
}

// An id that has not the form of one is not found, and the core is not asked.
func TestGate_oddIDsAreNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{"%2e%2e%2f", "a%00b", "a%20b", strings.Repeat("a", 200), "é", "a:b", "a*"} {
		w.call(patientToken, http.MethodGet, "/api/v1/inbox/"+id, "").wants(http.StatusNotFound, "not-found")
	}
	if n := w.core.asked("Thread"); n > 0 {
		t.Errorf("the core was asked %d times", n)
	}
}

// I244: RFC 9457 members, French on wish, nothing of the request in it.
func TestProblem_shape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for language, title := range map[string]string{
		"": "There is no such thing here.", "en, fr": "There is no such thing here.", "de": "There is no such thing here.",
		"fr": "Cet élément n’existe pas ici.", "fr-FR,fr;q=0.9,en;q=0.8": "Cet élément n’existe pas ici.",
		"de, FR;q=0.5": "Cet élément n’existe pas ici.", "fr;q=0, en": "There is no such thing here.", "fr;q=0.000": "There is no such thing here.",
	} {
		got := w.call(patientToken, http.MethodGet, "/api/v1/inbox/a1secret", "", "Accept-Language", language)
		m := got.wants(http.StatusNotFound, "not-found").lacks("a1secret").json()
		if m["title"] != title || m["status"] != 404.0 || m["type"] != "tag:mesbridge,2026:problem:not-found" {
			t.Errorf("%q: %v", language, m)
		}
		if m["instance"] != "urn:uuid:"+got.header.Get("X-Request-Id") {
			t.Errorf("instance %v, request %s", m["instance"], got.header.Get("X-Request-Id"))
		}
	}
}

// docs/adr/0006: what reaches a net/http handler through the bridge is whole.
func TestBridge_ownsItsMemoryAndKeepsRepeatedFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := httptest.NewRequest(http.MethodPost, "/oauth/token?a=%2F1", strings.NewReader("code=x&verifier=y"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Add("X-Forwarded-For", "192.0.2.1")
	r.Header.Add("X-Forwarded-For", "192.0.2.2")
	got := w.do(r).wants(http.StatusAccepted, "")
	if !bytes.Contains(got.body, []byte(`"form":"code=x\u0026verifier=y","forwarded":["192.0.2.1","192.0.2.2"],"path":"/oauth/token","query":"a=%2F1"`)) {
		t.Errorf("handler saw %s", got.body)
	}
	if c := got.header.Values("Set-Cookie"); len(c) != 2 {
		t.Errorf("cookies %v", c)
	}
	w.visit("", "/.well-known/openid-configuration").wants(http.StatusAccepted, "")
	big := httptest.NewRequest(http.MethodPost, "/oauth/token", strings.NewReader(strings.Repeat("a", maxSmallBody+1)))
	w.do(big).wants(http.StatusRequestEntityTooLarge, "")
}
