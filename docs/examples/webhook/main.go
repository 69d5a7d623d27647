// Webhook shows how an application receives the events of a mailbox: it registers an address, checks the signature of
// each call, and passes over one that it had already. It needs nothing but the standard library; there are libraries for
// most languages on standardwebhooks.com.
//
//	MESBRIDGE_URL=https://… CLIENT_ID=… CLIENT_SECRET=… MAILBOX=… LISTEN=127.0.0.1:8090 RECEIVER=https://… go run ./docs/examples/webhook
//
// RECEIVER is the address under which LISTEN is reached from outside. The program ends after the first event that it
// believes.
package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := run(ctx, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		cancel()
		os.Exit(1) //nolint:gocritic // cancel was called
	}
}

// run registers a webhook, has it tested, and waits for the call.
func run(ctx context.Context, getenv func(string) string, out io.Writer) error {
	listen, err := (&net.ListenConfig{}).Listen(ctx, "tcp", getenv("LISTEN"))
	if err != nil {
		return err
	}
	receiver := getenv("RECEIVER")
	if receiver == "" { // of the demonstration, which calls this machine
		receiver = "http://" + listen.Addr().String()
	}
	base := getenv("MESBRIDGE_URL")
	token, err := login(ctx, base, getenv("CLIENT_ID"), getenv("CLIENT_SECRET"))
	if err != nil {
		return err
	}
	var hook struct{ ID, Secret string }
	if err := call(ctx, token, http.MethodPost, base+"/api/v1/webhooks", map[string]any{"mailbox": getenv("MAILBOX"), "url": receiver}, &hook); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "registered:", hook.ID)
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hook.Secret, "whsec_"))
	if err != nil {
		return fmt.Errorf("read the secret: %w", err)
	}
	believed := make(chan event, 1)
	server := &http.Server{Handler: &inbox{secret: secret, seen: map[string]bool{}, believed: believed, now: time.Now}, ReadHeaderTimeout: 5 * time.Second}
	defer func() { _ = server.Close() }()
	go func() { _ = server.Serve(listen) }()
	if err := call(ctx, token, http.MethodPost, base+"/api/v1/webhooks/"+hook.ID+"/test", nil, nil); err != nil {
		return err
	}
	select {
	case e := <-believed:
		_, _ = fmt.Fprintln(out, "told:", e.Type)
	case <-ctx.Done():
		return errors.New("no call came; GET /api/v1/webhooks/{id}/calls says why")
	}
	return call(ctx, token, http.MethodDelete, base+"/api/v1/webhooks/"+hook.ID, nil, nil)
}

// event is what a call says: that something happened. What it is, the API tells: GET /api/v1/conversations/{id}.
type event struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      struct {
		Webhook, Exchange, Conversation, Message, State string
	} `json:"data"`
}

// Limits of a call.
const (
	maxCall   = 64 << 10        // octets
	tolerance = 5 * time.Minute // of its time: an older one is somebody's repeat
)

// inbox takes calls.
type inbox struct {
	secret   []byte
	believed chan<- event
	now      func() time.Time

	mu   sync.Mutex
	seen map[string]bool // a program that is restarted keeps them where it keeps the rest
}

// ServeHTTP answers 204 to a call that is believed, the first time and each time again: any other answer has the call
// made again later. Work that takes long is done after the answer.
func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCall))
	if err != nil || verify(r.Header, body, i.secret, i.now()) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if i.first(r.Header.Get("Webhook-Id")) {
		select {
		case i.believed <- e:
		default:
		}
	}
	w.WriteHeader(http.StatusNoContent)
}

// first reports whether an event is new. One may come twice: when the answer to it was lost, or on a replay.
func (i *inbox) first(id string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	known := i.seen[id]
	i.seen[id] = true
	return !known
}

// verify checks the signature of a call (Standard Webhooks 1.0): HMAC-SHA256 of id, time and body, joined by dots. There
// may be several, while the secret is being changed.
func verify(h http.Header, body, secret []byte, now time.Time) error {
	id, stamp := h.Get("Webhook-Id"), h.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errors.New("no time")
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return errors.New("too old, or from the future")
	}
	mac := hmac.New(sha256.New, secret)
	_, _ = mac.Write([]byte(id + "." + stamp + "."))
	_, _ = mac.Write(body)
	want := mac.Sum(nil)
	for signature := range strings.FieldsSeq(h.Get("Webhook-Signature")) {
		version, text, _ := strings.Cut(signature, ",")
		if given, err := base64.StdEncoding.DecodeString(text); err == nil && version == "v1" && hmac.Equal(given, want) {
			return nil
		}
	}
	return errors.New("not signed with the secret")
}

// login gets a token by the client credentials of OAuth 2 (RFC 6749 section 4.4).
func login(ctx context.Context, base, id, secret string) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"thread.read webhook.manage"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := send(r, &answer); err != nil {
		return "", fmt.Errorf("get a token: %w", err)
	}
	return answer.Token, nil
}

// call makes one call of the API and reads its answer into target, when there is one.
func call(ctx context.Context, token, method, address string, body, target any) error {
	var content io.Reader = http.NoBody
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	if err := send(r, target); err != nil {
		return fmt.Errorf("%s %s: %w", method, address, err)
	}
	return nil
}

func send(r *http.Request, target any) error {
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s: %s", res.Status, body)
	}
	if target == nil {
		return nil
	}
	return json.Unmarshal(body, target)
}
