package redisstore_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/conversations/storetest"
)

// D17: a store that does not answer is never taken for an empty one.
func TestStore_serverGone_failsWithTheCause(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	o := server.Options()
	o.DialerRetries, o.MaxRetries = 1, -1 // fail at once
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	store := redisstore.New(client, redisstore.Options{})
	if err := store.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	for method, err := range storetest.Failures(t.Context(), store) {
		var cause *net.OpError
		if !errors.As(err, &cause) || errors.Is(err, conversations.ErrConflict) || errors.Is(err, conversations.ErrNotFound) {
			t.Errorf("%s: %v, want the network's error, wrapped", method, err)
		}
	}
}

// A server that lost its scripts (restart, failover, SCRIPT FLUSH) is given them again, in a pipeline
// too.
func TestStore_scriptsFlushed_areLoadedAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	store := redisstore.New(client, redisstore.Options{})
	for i, operation := range []string{"op-1", "op-2"} {
		if err := client.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		c := simple(operation)
		for range i {
			c.Version++
		}
		if _, err := store.Commit(t.Context(), patient, c); err != nil {
			t.Fatalf("Commit: %v", err)
		}
		claims, err := store.Claim(t.Context(), noon(), time.Minute, 10)
		if err != nil || len(claims) != 1 {
			t.Fatalf("Claim: %d effects, %v; want 1", len(claims), err)
		}
		if _, err := store.Finish(t.Context(), claims[0], time.Time{}, conversations.Note{}); err != nil {
			t.Fatalf("Finish: %v", err)
		}
		if f, err := store.Facts(t.Context(), patient, conversations.FactsQuery{}); err != nil || f.Version != c.Version+1 {
			t.Fatalf("Facts: %+v, %v", f, err)
		}
	}
}

// A server that cannot write is not ready, though it answers.
func TestPing_readOnlyServer_fails(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--min-replicas-to-write", "1")
	store := redisstore.New(server.Client(t), redisstore.Options{})
	if err := store.Ping(t.Context()); !redis.HasErrorPrefix(err, "NOREPLICAS") {
		t.Errorf("Ping: %v, want NOREPLICAS", err)
	}
}

func TestCommit_malformed_isRefusedAndWritesNothing(t *testing.T) {
	t.Parallel()
	store, mini := openMini(t)
	for name, spoil := range map[string]func(*conversations.Commit){
		"no journal entry": func(c *conversations.Commit) { c.Entry = nil },
		"foreign id":       func(c *conversations.Commit) { c.IDs = []conversations.ID{"03conv"} },
		"malformed id":     func(c *conversations.Commit) { c.IDs = []conversations.ID{"conv"} },
		"foreign effect":   func(c *conversations.Commit) { c.Effects[0].ID = "03effect" },
		"unknown table":    func(c *conversations.Commit) { c.Records = []conversations.Record{{Table: "patient", Field: "v"}} },
	} {
		c := simple("op-1")
		spoil(&c)
		if _, err := store.Commit(t.Context(), patient, c); err == nil || errors.Is(err, conversations.ErrConflict) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	if _, err := store.Touch(t.Context(), patient, []conversations.Record{{Table: "patient", Field: "v"}}, conversations.Note{}); err == nil {
		t.Error("Touch wrote the version of a patient")
	}
	if keys := mini.Keys(); len(keys) > 0 {
		t.Errorf("keys were written: %v", keys)
	}
}

func TestRemember_expires(t *testing.T) {
	t.Parallel()
	store, mini := openMini(t)
	remember := func(answer string, ttl time.Duration) (string, error) {
		kept, err := store.Remember(t.Context(), "5a01", "key", []byte(answer), ttl)
		return string(kept), err
	}
	if kept, err := remember("first", time.Hour); kept != "first" || err != nil {
		t.Fatalf("Remember = %q, %v", kept, err)
	}
	mini.FastForward(time.Hour - time.Second)
	if kept, err := remember("second", time.Hour); kept != "first" || err != nil {
		t.Errorf("before the end: %q, %v; want the first answer", kept, err)
	}
	mini.FastForward(time.Second)
	if kept, err := remember("third", time.Hour); kept != "third" || err != nil {
		t.Errorf("after the end: %q, %v; want a new answer", kept, err)
	}
	for _, ttl := range []time.Duration{0, -time.Second, time.Microsecond} {
		if _, err := remember("for ever", ttl); err == nil {
			t.Errorf("a time to live of %v was taken", ttl)
		}
	}
}
