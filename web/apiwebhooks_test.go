package web

import (
	"net/http"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

const newHook = `{"mailbox":"claire.martin@cabinet.mssante.fr","url":"https://logiciel.exemple.fr/appels"`

// What is registered is what was asked for: all kinds without a wish, each once and in one order; the secret is told.
func TestWebhooks_register(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.call(proToken, http.MethodPost, "/api/v1/webhooks", newHook+`}`).wants(http.StatusCreated, "")
	if secret, _ := got.json()["secret"].(string); !strings.HasPrefix(secret, "whsec_") || got.header.Get("Location") != "/api/v1/webhooks/"+string(hookID) {
		t.Errorf("%s %v", got.body, got.header)
	}
	w.call(proToken, http.MethodPost, "/api/v1/webhooks", newHook+`,"events":["message.delivery","message.received","message.delivery"]}`).wants(http.StatusCreated, "")
	if asked := w.core.hooks; len(asked) != 2 || len(asked[0].Events) != len(rules.EventKinds()) || len(asked[1].Events) != 2 || asked[1].Events[0] != rules.EventMessage {
		t.Errorf("%+v", asked)
	}
	w.call(proToken, http.MethodGet, "/api/v1/webhooks", "").wants(http.StatusOK, "").lacks("secret\"")
	w.call(proToken, http.MethodGet, "/api/v1/webhooks/c3hook", "").wants(http.StatusOK, "").lacks("secret\"")
	if strings.Contains(w.log.String(), "whsec") || strings.Contains(w.log.String(), "logiciel") {
		t.Errorf("the log tells of a webhook: %s", w.log)
	}
}

// What cannot be registered is told by its field, and the core is not asked.
func TestWebhooks_refused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, field := range map[string]string{
		`{"url":"https://a.fr"}`: "mailbox", strings.Replace(newHook, "https", "http", 1) + `}`: "url", strings.Replace(newHook, "https://", "https://u:p@", 1) + `}`: "url",
		newHook + `,"events":["message.sent"]}`: "events", newHook + `,"events":["webhook.ping"]}`: "events", newHook + `,"secret":"mine"}`: "secret",
	} {
		if got := w.call(proToken, http.MethodPost, "/api/v1/webhooks", body); got.status != http.StatusUnprocessableEntity || got.json()["field"] != field {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
	w.call(proToken, http.MethodPost, "/api/v1/webhooks", strings.Replace(newHook, "claire.martin", "autre", 1)+`}`).wants(http.StatusForbidden, "mailbox-not-habilitated")
	w.call(proToken, http.MethodGet, "/api/v1/webhooks?mailbox=autre@cabinet.mssante.fr", "").wants(http.StatusNotFound, "not-found")
	for _, body := range []string{`{}`, `{"event":"c3event","since":"2026-05-01T00:00:00Z"}`, `{"since":"hier"}`} {
		w.call(proToken, http.MethodPost, "/api/v1/webhooks/c3hook/replay", body).wants(http.StatusUnprocessableEntity, "invalid-request")
	}
	w.call(proToken, http.MethodGet, "/api/v1/webhooks/c3hook/calls?state=lost", "").wants(http.StatusUnprocessableEntity, "invalid-request")
	w.call(proToken, http.MethodGet, "/api/v1/webhooks/c3hook/calls?limit=0", "").wants(http.StatusUnprocessableEntity, "invalid-request")
	if n := len(w.core.hooks); n > 0 {
		t.Errorf("the core was asked %d times", n)
	}
	w.core.failOn["RegisterWebhook"] = kind(conversations.KindInvalidRequest)
	w.call(proToken, http.MethodPost, "/api/v1/webhooks", newHook+`}`).wants(http.StatusUnprocessableEntity, "invalid-request").has("at most 10")
}

// The log is a list with a filter and a cursor; a replay since an instant says from when on the next one goes on.
func TestWebhooks_logAndReplay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.call(proToken, http.MethodGet, "/api/v1/webhooks/c3hook/calls", "").wants(http.StatusOK, "").json()
	if items, _ := all["items"].([]any); len(items) != 2 || all["next"] != "bmV4dA" {
		t.Errorf("%v", all)
	}
	one := w.call(proToken, http.MethodGet, "/api/v1/webhooks/c3hook/calls?state=pending", "").wants(http.StatusOK, "").has(`"fault":"timeout"`, `"status":null`).json()
	if items, _ := one["items"].([]any); len(items) != 1 {
		t.Errorf("%v", one)
	}
	w.call(proToken, http.MethodPost, "/api/v1/webhooks/c3hook/replay", `{"since":"2026-05-01T02:00:00+02:00"}`).wants(http.StatusAccepted, "").
		has(`"events":200`, `"next":"2026-05-01T01:00:00.000Z"`)
	w.call(proToken, http.MethodPost, "/api/v1/webhooks/c3hook/rotate", "").wants(http.StatusOK, "").has("whsec_", `"oldSecretUntil":"2026-05-13T09:30:00.000Z"`)
	w.call(proToken, http.MethodPost, "/api/v1/webhooks/c3hook/test", "").wants(http.StatusAccepted, "").has(`"type":"webhook.ping"`, `"conversation":null`)
}
