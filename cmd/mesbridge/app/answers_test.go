package app

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/web"
)

// TestAnswers_contract is the contract of web.Idempotency, on the stand-in, on a real server, and on a
// cluster, which refuses keys of several slots.
func TestAnswers_contract(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(*testing.T) redis.UniversalClient{
		"miniredis": func(t *testing.T) redis.UniversalClient {
			return redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
		},
		"redis-server": func(t *testing.T) redis.UniversalClient { return redistest.Start(t).Client(t) },
		"cluster":      func(t *testing.T) redis.UniversalClient { return redistest.StartCluster(t).Client(t) },
		"replicas": func(t *testing.T) redis.UniversalClient {
			return redistest.StartNodes(t, "", 3, 1).Client(t, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := connect(t)
			t.Cleanup(func() { _ = client.Close() })
			keepsFirstAnswer(t, newAnswers(client))
			oneOfManyWins(t, newAnswers(client))
			expires(t, client)
		})
	}
}

// id is an id as web makes them.
func id(n string) string { return strings.Repeat("0", 64-len(n)) + n }

func keepsFirstAnswer(t *testing.T, a *answers) {
	t.Helper()
	one, other := [32]byte{0, 1, '\r', '\n', 255}, [32]byte{2}
	for _, step := range []struct {
		what, id string
		body     [32]byte
		answer   string
		want     string
		err      error
	}{
		{"first claim", id("1"), one, "", "", nil},
		{"claim again", id("1"), one, "", "", nil},
		{"claim with another body", id("1"), other, "", "", web.ErrOtherBody},
		{"answer for another body", id("1"), other, "stolen", "", web.ErrOtherBody},
		{"answer", id("1"), one, "first\x00\xff", "first\x00\xff", nil},
		{"ask", id("1"), one, "", "first\x00\xff", nil},
		{"later answer", id("1"), one, "second", "first\x00\xff", nil},
		{"another key", id("2"), other, "", "", nil},
		{"answer without a claim", id("3"), other, "kept", "kept", nil},
	} {
		got, err := a.Remember(t.Context(), step.id, step.body, []byte(step.answer))
		if !errors.Is(err, step.err) || string(got) != step.want {
			t.Errorf("%s: %q, %v, want %q, %v", step.what, got, err, step.want, step.err)
		}
		if step.want == "" && got != nil {
			t.Errorf("%s: an empty answer, want none", step.what)
		}
	}
}

func oneOfManyWins(t *testing.T, a *answers) {
	t.Helper()
	var wait sync.WaitGroup
	got := make([]string, 16)
	for i := range got {
		wait.Go(func() {
			kept, err := a.Remember(t.Context(), id("4"), [32]byte{4}, []byte{byte('a' + i)})
			if err != nil {
				t.Error(err)
			}
			got[i] = string(kept)
		})
	}
	wait.Wait()
	for _, g := range got {
		if g != got[0] || len(g) != 1 {
			t.Fatalf("callers got %q", got)
		}
	}
}

func expires(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	left, err := client.PTTL(t.Context(), "{i00}:answer:"+id("1")).Result()
	if err != nil || left <= 23*time.Hour || left > 24*time.Hour {
		t.Errorf("kept for %v, %v, want 24 hours from the claim", left, err)
	}
}

func TestAnswers_redisAway_isAnError(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	defer client.Close()
	server.Close()
	if _, err := newAnswers(client).Remember(t.Context(), id("1"), [32]byte{}, nil); err == nil || errors.Is(err, web.ErrOtherBody) {
		t.Errorf("error %v: not knowing must not look like an answer", err)
	}
}
