package tests

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// told is one call of a receiver.
type told struct {
	ID   string `json:"-"`
	Type string
	Data struct{ Webhook, Exchange, Conversation, Message, State string }
}

// receiver is the software of a professional that asked to be told.
type receiver struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	secret string
	status int
	calls  []told
	bodies []string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t, status: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

// take checks the signature by the reference library of Standard Webhooks.
func (r *receiver) take(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(q.Body)
	var call told
	if err == nil {
		err = json.Unmarshal(body, &call)
	}
	call.ID = q.Header.Get("Webhook-Id")
	hook, faulty := standard.NewWebhook(r.secret)
	if err != nil || faulty != nil || hook.Verify(body, q.Header) != nil {
		r.t.Errorf("a call that nobody signed: %v %s", q.Header, body)
	}
	w.WriteHeader(r.status)
	if r.status < 300 {
		r.calls, r.bodies = append(r.calls, call), append(r.bodies, string(body))
	}
}

// about lists kind and state of what was told of an exchange, sorted.
func (r *receiver) about(exchange string) (lines []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		if c.Data.Exchange == exchange || exchange == "" {
			lines = append(lines, strings.TrimSpace(c.Type+" "+c.Data.State))
		}
	}
	slices.Sort(lines)
	return lines
}

// answer sets what the receiver answers from now on.
func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// register registers the receiver for a mailbox and returns the path of the webhook.
func (r *receiver) register(a api, mailbox string) string {
	var hook struct{ ID, Secret, State string }
	a.want(http.StatusCreated, &hook, http.MethodPost, "/webhooks", map[string]any{"mailbox": mailbox, "url": r.URL})
	if _, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hook.Secret, "whsec_")); err != nil || hook.State != "active" {
		r.t.Fatalf("%+v", hook)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = hook.Secret
	return "/webhooks/" + hook.ID
}

// TestWebhooks is the whole way, seen from the software that asked to be told: registered, told of a reply, away for a
// while and across a restart of the bridge, told again.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDemo(t, dir)
	r := newReceiver(t)
	box, clinic, me := d.Clinics[0].Mailboxes[0], d.as(t, d.Clinics[0].Token), d.as(t, d.Patients[0].Token)
	hook := r.register(clinic, box)
	clinic.want(http.StatusAccepted, nil, http.MethodPost, hook+"/test", nil)
	eventually(t, "a ping", func() bool { return slices.Contains(r.about(""), "webhook.ping") })
	var written conversation
	clinic.want(http.StatusCreated, &written, http.MethodPost, "/conversations", map[string]any{
		"mailbox": box, "patient": map[string]any{"ins": d.Patients[0].INS}, "subject": "Votre sortie", "text": "Bonjour.",
	})
	eventually(t, "the first message is told", func() bool {
		return slices.Equal(r.about(""), []string{"conversation.state open", "message.delivery delivered", "webhook.ping"})
	})
	r.answer(http.StatusServiceUnavailable)
	me.want(http.StatusCreated, nil, http.MethodPost, "/inbox/"+me.about("Votre sortie").ID+"/replies", map[string]any{"text": "Merci beaucoup"})
	var calls list[struct {
		Event           struct{ ID, Type string }
		State, NextAt   string
		Attempts, Fault any
	}]
	eventually(t, "the reply waits", func() bool {
		clinic.want(http.StatusOK, &calls, http.MethodGet, hook+"/calls?state=pending", nil)
		return len(calls.Items) == 1 && calls.Items[0].Event.Type == "message.received" && calls.Items[0].Fault == "status"
	})
	d.stop()
	d = startDemo(t, dir)
	clinic = d.as(t, d.Clinics[0].Token)
	r.answer(http.StatusOK)
	clinic.want(http.StatusAccepted, nil, http.MethodPost, hook+"/replay", map[string]any{"event": calls.Items[0].Event.ID})
	eventually(t, "the reply is told", func() bool { return slices.Contains(r.about(""), "message.received open") })
	var page list[struct{ State string }]
	clinic.want(http.StatusOK, &page, http.MethodGet, hook+"/calls?limit=2", nil)
	if len(page.Items) != 2 || page.Next == nil {
		t.Errorf("a page of the log: %+v", page)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, body := range r.bodies {
		for _, secret := range []string{d.Patients[0].INS, "Merci", "sortie", d.Patients[0].Name, box} {
			if strings.Contains(body, secret) {
				t.Errorf("a call holds %q: %s", secret, body)
			}
		}
	}
	clinic.want(http.StatusNoContent, nil, http.MethodDelete, hook, nil)
	clinic.want(http.StatusNotFound, nil, http.MethodGet, hook, nil)
}
