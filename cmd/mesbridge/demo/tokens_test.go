package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mesbridge/oauth"
)

// fakeIssuer gives numbered tokens and knows those that it was not told to forget.
type fakeIssuer struct {
	given     int
	forgotten bool
	away      bool
}

func (f *fakeIssuer) IssueToken(_ context.Context, _ oauth.Identity, ttl time.Duration) (string, error) {
	if ttl != tokenLife {
		return "", fmt.Errorf("ttl %v", ttl)
	}
	f.given++
	return fmt.Sprintf("token-%d", f.given), nil
}

func (f *fakeIssuer) Introspect(context.Context, string) (oauth.Identity, error) {
	switch {
	case f.away:
		return oauth.Identity{}, oauth.ErrUnavailable
	case f.forgotten:
		return oauth.Identity{}, oauth.ErrUnauthenticated
	}
	return oauth.Identity{}, nil
}

func TestTokens_areGivenAgainWhileTheyLive(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens.json")
	who := oauth.Identity{Kind: oauth.Patient, Subject: "p"}
	now := noon
	issuer := &fakeIssuer{}
	restart := func() (string, error) {
		kept, err := openTokens(file, issuer, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		got, err := kept.of(t.Context(), who)
		if err != nil {
			return "", err
		}
		return got, kept.save()
	}
	for _, step := range []struct {
		name      string
		after     time.Duration
		forgotten bool
		want      string
	}{
		{"first start", 0, false, "token-1"},
		{"restart", time.Minute, false, "token-1"},
		{"restart at the last instant", time.Hour - time.Minute, false, "token-1"},
		{"restart after it", time.Nanosecond, false, "token-2"},
		{"redis was lost", 0, true, "token-3"},
	} {
		now, issuer.forgotten = now.Add(step.after), step.forgotten
		got, err := restart()
		if err != nil || got != step.want {
			t.Errorf("%s: %q, %v, want %q", step.name, got, err, step.want)
		}
	}
	issuer.away = true
	if _, err := restart(); !errors.Is(err, oauth.ErrUnavailable) {
		t.Errorf("server away: %v; a token must not be replaced in doubt", err)
	}
}

func TestTokens_unreadableFile_isBegunAnew(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens.json")
	if err := os.WriteFile(file, []byte(`{"cut`), 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := openTokens(file, &fakeIssuer{}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := kept.of(t.Context(), oauth.Identity{}); err != nil || got != "token-1" {
		t.Errorf("%q, %v", got, err)
	}
}
