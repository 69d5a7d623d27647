package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"mesbridge/oauth"
)

// Times of short-cut tokens.
const (
	tokenLife  = 12 * time.Hour // the outside contract promises it
	tokenSpare = 11 * time.Hour // one that lives at least so long is given again at a restart
)

// issuer gives tokens; it is oauth.Server.
type issuer interface {
	IssueToken(ctx context.Context, who oauth.Identity, ttl time.Duration) (string, error)
	Introspect(ctx context.Context, token string) (oauth.Identity, error)
}

// token is a short-cut token as it is kept.
type token struct {
	Token string    `json:"token"`
	Until time.Time `json:"until"`
}

// tokens keeps short-cut tokens in a file, so that a restart on the same data gives those that still
// live. An older token that is not given again lives on until its own end.
type tokens struct {
	file   string
	issuer issuer
	now    func() time.Time
	known  map[string]token // by kind and subject
}

// openTokens reads the file; one that cannot be read is begun anew.
func openTokens(file string, i issuer, now func() time.Time) (*tokens, error) {
	t := &tokens{file: file, issuer: i, now: now, known: map[string]token{}}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	if json.Unmarshal(text, &t.known) != nil {
		t.known = map[string]token{}
	}
	return t, nil
}

// of returns a token for who, a kept one when it lives long enough and the server still knows it.
func (t *tokens) of(ctx context.Context, who oauth.Identity) (string, error) {
	name := string(who.Kind) + " " + who.Subject
	if k, ok := t.known[name]; ok && k.Until.Sub(t.now()) >= tokenSpare {
		_, err := t.issuer.Introspect(ctx, k.Token)
		if err == nil {
			return k.Token, nil
		}
		if !errors.Is(err, oauth.ErrUnauthenticated) {
			return "", fmt.Errorf("look at a kept token: %w", err)
		}
	}
	fresh, err := t.issuer.IssueToken(ctx, who, tokenLife)
	if err != nil {
		return "", fmt.Errorf("issue a token: %w", err)
	}
	t.known[name] = token{Token: fresh, Until: t.now().Add(tokenLife)}
	return fresh, nil
}

// save writes the file.
func (t *tokens) save() error {
	text, err := json.Marshal(t.known)
	if err != nil {
		return fmt.Errorf("encode tokens: %w", err)
	}
	return writeFile(t.file, text)
}
