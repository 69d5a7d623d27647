package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// api is one caller of the API.
type api struct {
	t     *testing.T
	base  string
	token string
}

// as returns a caller with a token.
func (d *demo) as(t *testing.T, token string) api {
	t.Helper()
	return api{t: t, base: d.HTTP + "/api/v1", token: token}
}

// do makes a call and returns status and body.
func (a api) do(method, path string, body any) (int, []byte, http.Header) {
	a.t.Helper()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			a.t.Fatal(err)
		}
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(a.t.Context()), method, a.base+path, content)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, b, res.Header
}

// want makes a call that must give a status, and reads its JSON into target unless that is nil.
func (a api) want(status int, target any, method, path string, body any) {
	a.t.Helper()
	got, b, _ := a.do(method, path, body)
	if got != status {
		a.t.Fatalf("%s %s: status %d, want %d: %s", method, path, got, status, b)
	}
	if target != nil {
		if err := json.Unmarshal(b, target); err != nil {
			a.t.Fatalf("%s %s: %v in %s", method, path, err, b)
		}
	}
}

// refused posts what must be refused with a status and a code of the contract.
func (a api) refused(status int, code, path string, body any) {
	a.t.Helper()
	got, b, header := a.do(http.MethodPost, path, body)
	var problem struct{ Code string }
	if err := json.Unmarshal(b, &problem); err != nil || got != status || problem.Code != code {
		a.t.Fatalf("POST %s: status %d %s, want %d %s", path, got, b, status, code)
	}
	if ct := header.Get("Content-Type"); ct != "application/problem+json" {
		a.t.Errorf("POST %s: content type %q", path, ct)
	}
}

// conversation is the part of a conversation that the tests read.
type conversation struct {
	ID            string   `json:"id"`
	Subject       string   `json:"subject"`
	State         string   `json:"state"`
	With          []string `json:"with"`
	Unread        bool     `json:"unread"`
	HasAttachment bool     `json:"hasAttachment"`
	HasDraft      bool     `json:"hasDraft"`
	Ended         *struct {
		By, How, At string
	} `json:"ended"`
	Messages []message `json:"messages"`
	Reply    struct {
		Allowed bool     `json:"allowed"`
		Options []string `json:"options"`
		Code    string   `json:"code"`
		EndedBy string   `json:"endedBy"`
	} `json:"reply"`
}

type message struct {
	ID   string `json:"id"`
	At   string `json:"at"`
	From struct {
		Name, Kind string
	} `json:"from"`
	Mine     bool   `json:"mine"`
	Text     string `json:"text"`
	HTML     string `json:"html"`
	NoReply  bool   `json:"noReply"`
	Crossed  bool   `json:"crossed"`
	Delivery *struct {
		State, Detail string
	} `json:"delivery"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ID, Name, Type, SHA256 string
	Bytes                  int64
	Documents              []struct {
		Title, Kind, Date, Author, Integrity string
		Embedded                             []attachment
	}
}

type list[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

// inbox lists the caller's conversations.
func (a api) inbox() []conversation {
	a.t.Helper()
	var l list[conversation]
	a.want(http.StatusOK, &l, http.MethodGet, "/inbox", nil)
	return l.Items
}

// open reads one conversation of the caller's inbox.
func (a api) open(id string) conversation {
	a.t.Helper()
	var c conversation
	a.want(http.StatusOK, &c, http.MethodGet, "/inbox/"+id, nil)
	return c
}

// about returns the conversation with a subject.
func (a api) about(subject string) conversation {
	a.t.Helper()
	for _, c := range a.inbox() {
		if c.Subject == subject {
			return a.open(c.ID)
		}
	}
	a.t.Fatalf("no conversation about %q", subject)
	return conversation{}
}
