package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mesbridge/conversations"
)

// secrets are what no log line and no metric may hold (I193).
func secrets() []string {
	return []string{
		ins, "Dupont", "Martin", "mssante", "Résultats", "prise de sang", "Compte rendu", "a1open", "a1xpair", string(patientPID), "899700218896",
		patientToken, patientKey, csrfToken, "05 0815", "%200815", "mon texte", "secret",
	}
}

// docs/contract.md, I193: the access log writes the route pattern, never the path, and nothing of anybody;
// neither do the metrics.
func TestPrivacy_logAndMetricsHoldPatternsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, e := range w.app.endpoints() {
		path, body := sample(e)
		token := callerOf(e)
		w.call(token, e.method, path+"?for=secret&mailbox=claire.martin@cabinet.mssante.fr", body, "Idempotency-Key", ins)
		w.core.fail = kind(conversations.KindUnavailable)
		w.call(token, e.method, path, body, "X-Request-Id", ins, "User-Agent", ins)
		w.core.fail = nil
	}
	for _, path := range []string{"/messages", "/messages/a1open", "/messages/a1open/pieces/a1open.2.0", "/contacts", "/contacts/a1xpair/bloquer", "/" + ins, "/messages/" + ins, "/api/v1/" + ins} {
		w.visit(patientKey, path)
	}
	w.upload(patientKey, goodForm("mon texte"), "Compte rendu.pdf", "%PDF-")
	w.core.failOn["Reply"] = kind(conversations.KindUnavailable)
	w.upload(patientKey, goodForm("mon texte"))
	w.call("", "PROPFIND", "/api/v1/inbox/secret", "")

	for _, secret := range secrets() {
		if bytes.Contains(w.log.Bytes(), []byte(secret)) {
			t.Errorf("the log holds %q", secret)
		}
	}
	if !bytes.Contains(w.log.Bytes(), []byte(`"route":"/api/v1/inbox/{id}/replies"`)) || !bytes.Contains(w.log.Bytes(), []byte(`"route":"unmatched"`)) {
		t.Error("the log lacks route patterns")
	}
	checkLogLines(t, w.log.Bytes())
	ops := httptest.NewRecorder()
	Operations(w.app.deps.Ready, w.metrics).ServeHTTP(ops, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	for _, secret := range secrets() {
		if strings.Contains(ops.Body.String(), secret) {
			t.Errorf("the metrics hold %q", secret)
		}
	}
	if !strings.Contains(ops.Body.String(), `mesbridge_http_request_duration_seconds_count{code="200",route="/messages/{id}"}`) {
		t.Errorf("metrics lack the pages: %.2000s", ops.Body.String())
	}
}

// checkLogLines holds the access log to its fixed fields.
func checkLogLines(t *testing.T, log []byte) {
	t.Helper()
	for line := range bytes.SplitSeq(bytes.TrimSpace(log), []byte("\n")) {
		var m map[string]any
		if err := json.Unmarshal(line, &m); err != nil {
			t.Fatal(err)
		}
		if m["msg"] != "http request" {
			continue
		}
		for field := range m {
			switch field {
			case "time", "level", "msg", "method", "route", "status", "took", "request":
			default:
				t.Errorf("access log has %q", field)
			}
		}
	}
}

// A panic is our fault: 500, and its value, which may quote anything, is not logged.
func TestPrivacy_panicSaysNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.app.deps.Conversations = panicking{w.core}
	w.call(patientToken, http.MethodGet, "/api/v1/inbox", "").wants(http.StatusInternalServerError, "internal").lacks(ins)
	w.visit(patientKey, "/messages").wants(http.StatusInternalServerError, "").lacks(ins)
	if bytes.Contains(w.log.Bytes(), []byte(ins)) || !bytes.Contains(w.log.Bytes(), []byte("panic in a request")) {
		t.Errorf("log %s", w.log)
	}
}

// panicking fails as a programming fault would.
type panicking struct{ *fakeConversations }

func (panicking) Inbox(_ context.Context, _ conversations.PatientID, _ string, _ int) (conversations.ThreadPage, error) {
	panic("of " + ins)
}

// A caller's own request id is not taken: anything could stand in it.
func TestPrivacy_requestIDIsOurs(t *testing.T) {
	t.Parallel()
	got := newWorld(t).call(patientToken, http.MethodGet, "/api/v1/inbox", "", "X-Request-Id", ins)
	if id := got.header.Get("X-Request-Id"); len(id) != 36 || id == ins {
		t.Errorf("request id %s", id)
	}
}

func TestHealth_bothListeners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ops := Operations(w.app.deps.Ready, w.metrics)
	at := func(path string) int {
		rec := httptest.NewRecorder()
		ops.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		return rec.Code
	}
	for _, ready := range []error{nil, errors.New("redis of " + ins)} {
		w.ready = ready
		want := http.StatusOK
		if ready != nil {
			want = http.StatusServiceUnavailable
		}
		w.visit("", "/healthz").wants(http.StatusOK, "")
		w.visit("", "/readyz").wants(want, "").lacks(ins)
		if at("/healthz") != http.StatusOK || at("/readyz") != want {
			t.Errorf("operations: %d %d", at("/healthz"), at("/readyz"))
		}
	}
	w.visit("", "/metrics").wants(http.StatusNotFound, "")
}

// A required part that is missing is told at start, all at once.
func TestNew_tellsAllThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(Config{}, Deps{})
	if err == nil {
		t.Fatal("an empty configuration was accepted")
	}
	for _, part := range []string{"cookie", "key", "size limit", "conversations", "authenticator", "answers", "OAuth", "readiness", "metrics", "log", "clock"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not told: %v", part, err)
		}
	}
}

func TestPrincipal_printsAsItsKind(t *testing.T) {
	t.Parallel()
	p, _ := person(patientToken)
	if p.String() != "patient" || p.LogValue().String() != "patient" {
		t.Errorf("prints as %s", p)
	}
}
