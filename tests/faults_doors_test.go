package tests

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// door is one way in, with what it must answer while redis is not to be used.
type door struct {
	name, method, url, token, key string
	body                          any
	page                          bool
	changes                       bool // it writes; the others may be served while redis is only full (D17)
}

// doors are the ways in besides mail, of every kind of caller; conversation, contact and exchange are of
// the first patient and the first professional.
func (f *faults) doors() []door {
	d := f.d
	api := d.HTTP + "/api/v1"
	patient, doctor, clinic := d.Patients[0].Token, d.Professionals[0].Token, d.Clinics[0].Token
	box, app, ins := d.Professionals[0].Mailboxes[0], d.Clinics[0].Mailboxes[0], d.Patients[0].INS
	get, post := http.MethodGet, http.MethodPost
	to := map[string]any{"ins": ins}
	list := []door{
		{name: "inbox", method: get, url: api + "/inbox", token: patient},
		{name: "conversation", method: get, url: api + "/inbox/" + f.conversation, token: patient},
		{name: "contacts", method: get, url: api + "/inbox/contacts", token: patient},
		{name: "history", method: get, url: api + "/inbox/history", token: patient},
		{name: "documents", method: get, url: api + "/inbox/documents", token: patient},
		{name: "account", method: get, url: api + "/account", token: patient},
		{name: "profiles", method: get, url: api + "/profiles", token: patient},
		{name: "opened", method: post, url: api + "/inbox/" + f.conversation + "/opened", token: patient, changes: true},
		{name: "reply", method: post, url: api + "/inbox/" + f.conversation + "/replies", token: patient, body: map[string]any{"text": "x"}, changes: true},
		{name: "reply with a key", method: post, url: api + "/inbox/" + f.conversation + "/replies", token: patient, key: "k", body: map[string]any{"text": "x"}, changes: true},
		{name: "block", method: http.MethodPut, url: api + "/inbox/contacts/" + f.contact + "/block", token: patient, changes: true},
		{name: "objection", method: http.MethodPut, url: api + "/inbox/objections/all", token: patient, body: map[string]any{"scope": "everyone"}, changes: true},
		{name: "exchanges", method: get, url: api + "/exchanges?mailbox=" + url.QueryEscape(box), token: doctor},
		{name: "conversations", method: get, url: api + "/conversations?mailbox=" + url.QueryEscape(box), token: doctor},
		{name: "conversation of the desk", method: get, url: api + "/conversations/" + f.conversation, token: doctor},
		{name: "first message", method: post, url: api + "/conversations", token: doctor, body: map[string]any{"mailbox": box, "patient": to, "subject": "x", "text": "x"}, changes: true},
		{name: "message", method: post, url: api + "/conversations/" + f.conversation + "/messages", token: doctor, body: map[string]any{"text": "x"}, changes: true},
		{name: "end of a conversation", method: post, url: api + "/conversations/" + f.conversation + "/end", token: doctor, body: map[string]any{}, changes: true},
		{name: "end of the exchange", method: post, url: api + "/exchanges/" + f.exchange + "/end", token: doctor, body: map[string]any{}, changes: true},
		{name: "verdict", method: post, url: api + "/verdicts", token: doctor, body: map[string]any{"mailbox": box, "patient": to}, changes: true},
		{name: "verdict of an application", method: post, url: api + "/verdicts", token: clinic, body: map[string]any{"mailbox": app, "patient": to}, changes: true},
		{name: "episode", method: http.MethodPut, url: api + "/facilities/" + d.Clinics[0].FINESS + "/episodes/f1", token: clinic, body: map[string]any{"state": "open", "eventId": "f1", "patient": to}, changes: true},
		{name: "episodes", method: get, url: api + "/facilities/" + d.Clinics[0].FINESS + "/episodes", token: clinic},
	}
	for _, path := range []string{"/messages", "/messages/" + f.conversation, "/contacts", "/historique", "/compte", "/oppositions"} {
		list = append(list, door{name: "page " + path, method: get, url: d.HTTP + path, page: true})
	}
	return list
}

// knockAll tries every door at once: where redis is silent, each waits for as long as it may.
func (f *faults) knockAll(when string) {
	f.t.Helper()
	var all sync.WaitGroup
	for _, o := range f.doors() {
		all.Go(func() { f.knock(when, o) })
	}
	all.Wait()
}

// knock tries a door. Anything but "not now" is a fault: a yes that may be wrong, or a no that may be.
func (f *faults) knock(when string, o door) {
	f.t.Helper()
	status, text := f.at(o)
	reads := when == "redis is full" && !o.changes && status == http.StatusOK
	switch {
	case reads:
	case status != http.StatusServiceUnavailable:
		f.t.Errorf("%s: %s answers %d %.200s", when, o.name, status, text)
	case o.page && !strings.Contains(text, "Service momentanément indisponible"):
		f.t.Errorf("%s: %s says %.400s", when, o.name, text)
	case !o.page && !strings.Contains(text, "temporarily-unavailable"):
		f.t.Errorf("%s: %s says %.200s", when, o.name, text)
	}
}

// at goes through a door, with the token or the session. Without an answer the status is 0.
func (f *faults) at(o door) (int, string) {
	f.t.Helper()
	var content io.Reader
	if o.body != nil {
		b, err := json.Marshal(o.body)
		if err != nil {
			return 0, err.Error()
		}
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(f.t.Context(), o.method, o.url, content)
	if err != nil {
		return 0, err.Error()
	}
	client := http.DefaultClient
	if o.page {
		client = f.browser
	} else {
		r.Header.Set("Authorization", "Bearer "+o.token)
	}
	if o.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if o.key != "" {
		r.Header.Set("Idempotency-Key", o.key)
	}
	res, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

// logIn returns a browser with a session of the first patient, by the demonstration's provider.
func logIn(t *testing.T, d *demo) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: time.Minute}
	res, err := browser.Get(d.Web.PatientLogin)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	res, err = browser.PostForm(res.Request.URL.String(), url.Values{"sub": {"demo-patient-0"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(res.Request.URL.String(), d.HTTP) {
		t.Fatalf("login ends at %s with %d: %v\n%.500s", res.Request.URL, res.StatusCode, err, text)
	}
	return browser
}

// refusesMail checks that each recipient is refused for now: who is known, and who is not.
func (f *faults) refusesMail(when string) {
	f.t.Helper()
	doctor := f.d.Professionals[0].Mailboxes[0]
	closed := f.d.Patients[f.d.patientIn("closed")].Address
	for _, to := range []string{f.d.Patients[0].Address, closed} {
		got := f.d.send(f.t, f.d.operatorOf(doctor), doctor, []string{to}, note(doctor, to, when, "x"))
		reads := when == "redis is full" && to == closed && strings.HasPrefix(got, "550 5.2.1")
		if !reads && !strings.HasPrefix(got, "451 4.3.0") {
			f.t.Errorf("%s: a message is answered %q", when, got)
		}
	}
}
