package tests

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// accessWorld is a demonstration in which one patient and one professional have a conversation that is nobody
// else's business, with all kinds of callers.
type accessWorld struct {
	*demo
	redis   *redisServer
	thread  string // id on the patient's side
	desk    string // id on the professional's
	pair    string
	contact string
	profile string
	tokens  map[string]string
}

// TestAccess holds the core cells of the access matrix against the program, with real tokens: the expired and
// the revoked one were given out by the authorization server (A1 to A9; the whole matrix is in web).
func TestAccess(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	w := &accessWorld{demo: startDemoOn(t, t.TempDir(), "unix://"+redis.door), redis: redis}
	w.converse(t)
	w.callers(t)
	for _, call := range w.calls() {
		for name, token := range w.tokens {
			if name == call.owner && call.status == 0 {
				continue // it would change what the others are to be refused
			}
			w.try(t, call, name, token)
		}
	}
	if c := w.as(t, w.Patients[0].Token).open(w.thread); c.State != "open" || len(c.Messages) != 1 {
		t.Errorf("a stranger changed the conversation: %+v", c)
	}
}

// requestName is the id of a request, with which problems are reported.
var requestName = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// try makes a call as one caller, about the thing and about what is not there.
func (w *accessWorld) try(t *testing.T, call accessCall, name, token string) {
	t.Helper()
	want := http.StatusNotFound
	switch {
	case name == call.owner:
		want = call.status
	case name == "anonymous", name == "expired", name == "revoked":
		want = http.StatusUnauthorized
	case !strings.Contains(call.holders(), name):
		want = http.StatusForbidden
	}
	status, body, _ := w.as(t, token).do(call.method, call.known, call.body)
	if status != want {
		t.Errorf("%s %s by %s: %d, want %d: %s", call.method, call.known, name, status, want, body)
	}
	if name == call.owner {
		return
	}
	other, answer, _ := w.as(t, token).do(call.method, call.unknown, call.body)
	seen, hidden := requestName.ReplaceAllString(string(body), ""), requestName.ReplaceAllString(string(answer), "")
	if status != other || seen != hidden || strings.Contains(seen, w.Patients[0].Name) {
		t.Errorf("%s %s by %s: %d %s, and of what is not there %d %s", call.method, call.known, name, status, seen, other, hidden)
	}
}

// converse lets the first professional write to the first patient.
func (w *accessWorld) converse(t *testing.T) {
	t.Helper()
	pro, me := w.as(t, w.Professionals[0].Token), w.as(t, w.Patients[0].Token)
	var written conversation
	pro.want(http.StatusCreated, &written, http.MethodPost, "/conversations", map[string]any{
		"mailbox": w.Professionals[0].Mailboxes[0], "patient": map[string]any{"ins": w.Patients[0].INS}, "subject": "Entre nous", "text": "Voici.",
	})
	w.desk, w.thread = written.ID, me.about("Entre nous").ID
	w.contact = strings.TrimPrefix(me.contactNamed(familyName(w.Professionals[0].Name)), "/inbox/contacts/")
	var pairs list[struct{ ID string }]
	eventually(t, "the exchange is listed", func() bool {
		pro.want(http.StatusOK, &pairs, http.MethodGet, "/exchanges", nil)
		return len(pairs.Items) == 1
	})
	w.pair = pairs.Items[0].ID
	var profiles list[struct{ ID string }]
	me.want(http.StatusOK, &profiles, http.MethodGet, "/profiles", nil)
	w.profile = profiles.Items[0].ID
}

// callers gets a token of each kind.
func (w *accessWorld) callers(t *testing.T) {
	t.Helper()
	add := func(scope string) string {
		return w.clients("add", "--id", "dpi-annexe", "--name", "Dossier annexe", "--kind", "application", "--scope", scope,
			"--finess", w.Clinics[0].FINESS, "--mailbox", w.Clinics[0].Mailboxes[0])
	}
	secret := add("thread.read,episode.close")
	narrow, _ := w.credentials(secret) // thread.read alone is asked for
	revoked, _ := w.credentials(secret)
	w.revoke(t, secret, revoked)
	expired := w.expire(t, func() string { token, _ := w.credentials(secret); return token })
	w.tokens = map[string]string{
		"patient": w.Patients[0].Token, "other patient": w.Patients[1].Token, "professional": w.Professionals[0].Token,
		"other professional": w.Professionals[1].Token, "secretary": w.Professionals[2].Token, "administrator": w.Professionals[3].Token,
		"clinic": w.Clinics[0].Token, "other clinic": w.Clinics[1].Token, "wrong scope": narrow, "revoked": revoked, "expired": expired, "anonymous": "",
	}
	for name, token := range w.tokens {
		if token == "" && name != "anonymous" {
			t.Fatalf("no token for %s", name)
		}
	}
}

// revoke gives a token back (RFC 7009), which counts at once.
func (w *accessWorld) revoke(t *testing.T, secret, token string) {
	t.Helper()
	form := url.Values{"token": {token}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.HTTP+"/oauth/revoke", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("dpi-annexe", secret)
	w.as(t, token).want(http.StatusOK, nil, http.MethodGet, "/exchanges?mailbox="+w.Clinics[0].Mailboxes[0], nil)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("revocation: %s", res.Status)
	}
	w.as(t, token).want(http.StatusUnauthorized, nil, http.MethodGet, "/exchanges?mailbox="+w.Clinics[0].Mailboxes[0], nil)
}

// expire takes a token that the server gave and brings the end of its ten minutes on, where they are kept.
func (w *accessWorld) expire(t *testing.T, issue func() string) string {
	t.Helper()
	client := w.redis.client()
	defer client.Close()
	grants := func() map[string]bool {
		all := map[string]bool{}
		for _, key := range client.Keys(t.Context(), "*").Val() {
			if strings.Contains(key, "access") {
				all[key] = true
			}
		}
		return all
	}
	before := grants()
	token := issue()
	w.as(t, token).want(http.StatusOK, nil, http.MethodGet, "/exchanges?mailbox="+w.Clinics[0].Mailboxes[0], nil)
	for key := range grants() {
		if !before[key] {
			if err := client.PExpire(t.Context(), key, time.Millisecond).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "the token expires", func() bool {
		status, _, _ := w.as(t, token).do(http.MethodGet, "/exchanges?mailbox="+w.Clinics[0].Mailboxes[0], nil)
		return status == http.StatusUnauthorized
	})
	return token
}

// accessCall is one row: who owns the thing that a call is about, with the answer to him, and the same call about
// what is not there. Of a call that would change the thing the status is 0: the owner does not make it.
type accessCall struct {
	scope, method, known, unknown string
	body                          any
	owner                         string
	status                        int
}

// holders names the callers whose tokens have the scope of a call.
func (c accessCall) holders() string {
	const desk = "professional, other professional, secretary, administrator, clinic, other clinic"
	switch c.scope {
	case "thread.read":
		return desk + ", wrong scope" // which has this one alone
	case "thread.write", "thread.close":
		return desk
	case "episode.close":
		return "clinic, other clinic"
	}
	return "other patient"
}

// calls are the rows.
func (w *accessWorld) calls() []accessCall {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	_, domain, _ := strings.Cut(w.Professionals[0].Mailboxes[0], "@")
	box, none := url.QueryEscape(w.Professionals[0].Mailboxes[0]), url.QueryEscape("personne@"+domain)
	text := map[string]any{"text": "Un mot."}
	facility := func(finess string) string { return "/facilities/" + finess + "/episodes" }
	rows := []accessCall{
		{"thread.read", get, "/exchanges?mailbox=" + box, "/exchanges?mailbox=" + none, nil, "professional", http.StatusOK},
		{"thread.read", get, "/conversations?mailbox=" + box, "/conversations?mailbox=" + none, nil, "professional", http.StatusOK},
		{"episode.close", get, facility(w.Clinics[0].FINESS), facility("000000000"), nil, "clinic", http.StatusOK},
		{"patient.read", get, "/inbox?for=" + w.profile, "/inbox?for=" + unlike(w.profile), nil, "patient", http.StatusOK},
	}
	about := func(scope, method, before, id, after string, body any, owner string, status int) {
		rows = append(rows, accessCall{scope, method, before + id + after, before + unlike(id) + after, body, owner, status})
	}
	about("patient.read", get, "/inbox/", w.thread, "", nil, "patient", http.StatusOK)
	about("patient.read", post, "/inbox/", w.thread, "/opened", nil, "patient", 0)
	about("patient.reply", post, "/inbox/", w.thread, "/replies", text, "patient", 0)
	about("patient.manage", del, "/inbox/", w.thread, "", nil, "patient", 0)
	about("patient.block", put, "/inbox/contacts/", w.contact, "/block", map[string]any{}, "patient", 0)
	about("patient.block", del, "/inbox/contacts/", w.contact, "/block", nil, "patient", 0)
	about("thread.read", get, "/conversations/", w.desk, "", nil, "professional", http.StatusOK)
	about("thread.write", post, "/conversations/", w.desk, "/messages", text, "professional", 0)
	about("thread.close", post, "/conversations/", w.desk, "/end", nil, "professional", 0)
	about("thread.close", post, "/exchanges/", w.pair, "/end", nil, "professional", 0)
	return rows
}

// unlike is an id of the same form that names nothing.
func unlike(id string) string {
	last := "0"
	if strings.HasSuffix(id, last) {
		last = "1"
	}
	return id[:len(id)-1] + last
}
