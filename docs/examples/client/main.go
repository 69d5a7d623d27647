// Client shows how an establishment's application uses the API: it gets a token, writes to a patient, reads the
// conversation, and ends it if nobody changed it meanwhile. It needs nothing but the standard library.
//
//	MESBRIDGE_URL=https://… CLIENT_ID=… CLIENT_SECRET=… MAILBOX=… INS=… go run ./docs/examples/client
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		cancel()
		os.Exit(1) //nolint:gocritic // cancel was called
	}
}

// conversation is the part of a conversation that this program reads.
type conversation struct {
	ID    string `json:"id"`
	State string `json:"state"`
}

// run is the whole story.
func run(ctx context.Context, getenv func(string) string, out io.Writer) error {
	c := client{base: getenv("MESBRIDGE_URL")}
	if err := c.login(ctx, getenv("CLIENT_ID"), getenv("CLIENT_SECRET")); err != nil {
		return err
	}
	// The key makes a repeat after a lost answer harmless: the same key and body give the same answer.
	var written conversation
	_, err := c.call(ctx, http.MethodPost, "/conversations", map[string]string{"Idempotency-Key": rand.Text()}, map[string]any{
		"mailbox": getenv("MAILBOX"), "patient": map[string]string{"ins": getenv("INS")},
		"subject": "Votre sortie", "text": "Bonjour, votre compte rendu suivra.",
	}, &written)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "written:", written.ID)

	var seen conversation
	header, err := c.call(ctx, http.MethodGet, "/conversations/"+written.ID, nil, nil, &seen)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "seen:", seen.State)

	// If-Match: when somebody changed the conversation since it was read, this fails with 412 and does nothing.
	var ended conversation
	_, err = c.call(ctx, http.MethodPost, "/conversations/"+written.ID+"/end", map[string]string{"If-Match": header.Get("ETag")}, map[string]any{}, &ended)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "ended:", ended.State)
	return nil
}

// client calls the API with one token.
type client struct{ base, token string }

// login gets a token by the client credentials of OAuth 2 (RFC 6749 section 4.4).
func (c *client) login(ctx context.Context, id, secret string) error {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"thread.read thread.open thread.close"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		Token string `json:"access_token"`
	}
	if _, err := send(r, &answer); err != nil {
		return fmt.Errorf("get a token: %w", err)
	}
	c.token = answer.Token
	return nil
}

// call makes one call and reads its answer into target.
func (c *client) call(ctx context.Context, method, path string, header map[string]string, body, target any) (http.Header, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1"+path, content)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := send(r, target)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return answer, nil
}

// maxAnswer is more than any answer of the API has, in octets.
const maxAnswer = 64 << 20

// send reads a JSON answer into target. A refusal is application/problem+json (RFC 9457): its code is what a
// program goes by, its request id what the operator of the service wants to know.
func send(r *http.Request, target any) (http.Header, error) {
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= http.StatusBadRequest {
		var problem struct{ Code, Title string }
		_ = json.Unmarshal(body, &problem) // a proxy in between may answer otherwise
		return nil, errors.New(strings.Join([]string{res.Status, problem.Code, problem.Title, "request " + res.Header.Get("X-Request-Id")}, ", "))
	}
	return res.Header, json.Unmarshal(body, target)
}
