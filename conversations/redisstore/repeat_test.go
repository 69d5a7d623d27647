package redisstore_test

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
)

// losingConn loses one reply when it is told to: the server did what it was asked, and the client
// hears of a broken connection.
type losingConn struct {
	net.Conn
	lose *atomic.Bool
}

func (c *losingConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.lose.CompareAndSwap(true, false) {
		_ = c.Close()
		return 0, io.EOF
	}
	return n, err
}

// losing opens a store that loses the next reply after each lose.Store(true).
func losing(t *testing.T, server *redistest.Server) (*redisstore.Store, *atomic.Bool) {
	t.Helper()
	var lose atomic.Bool
	o := server.Options()
	o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, addr)
		return &losingConn{conn, &lose}, err
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	store := redisstore.New(client, redisstore.Options{})
	// The connection and the scripts are there before a reply is lost.
	if _, err := store.Commit(t.Context(), "00"+patient[2:], simpleFor("00", "warm up")); err != nil {
		t.Fatal(err)
	}
	return store, &lose
}

// simpleFor is simple for a patient of another shard.
func simpleFor(shard, operation string) conversations.Commit {
	c := simple(operation)
	c.IDs = []conversations.ID{conversations.ID(shard + "conv")}
	c.Effects = nil
	return c
}

// go-redis repeats a script whose reply was lost. The caller must not be told "done before", or he
// would throw away the body that the commit names.
func TestCommit_replyLost_isTheFirstAnswer(t *testing.T) {
	t.Parallel()
	store, lose := losing(t, redistest.Start(t))
	for i, operation := range []string{"op-1", ""} {
		c := simple(operation)
		for range i {
			c.Version++
		}
		lose.Store(true)
		done, err := store.Commit(t.Context(), patient, c)
		if err != nil {
			t.Fatalf("Commit: %v", err)
		}
		if lose.Load() {
			t.Fatal("no reply was lost")
		}
		if done.Repeated || done.Sequence != uint64(i+1) || done.Version != c.Version+1 || string(done.Answer) != "answer" {
			t.Errorf("operation %q: %+v, want the answer of the first time", operation, done)
		}
		if head, err := store.Head(t.Context(), "7f"); err != nil || head != uint64(i+1) {
			t.Errorf("operation %q: head %d, %v; want one entry for each commit", operation, head, err)
		}
	}
	again, err := store.Commit(t.Context(), patient, simple("op-1"))
	if err != nil || !again.Repeated {
		t.Errorf("given again: %+v, %v; want Repeated", again, err)
	}
}

// A claim whose reply was lost is not lost: the effect comes back when the lease ends.
func TestClaim_replyLost_comesBackAfterTheLease(t *testing.T) {
	t.Parallel()
	store, lose := losing(t, redistest.Start(t))
	if _, err := store.Claim(t.Context(), noon(), time.Minute, 1); err != nil { // loads the script, sweeps
		t.Fatal(err)
	}
	if _, err := store.Commit(t.Context(), patient, simple("op-1")); err != nil {
		t.Fatal(err)
	}
	lose.Store(true)
	claims, err := store.Claim(t.Context(), noon(), time.Minute, 10)
	if lose.Load() {
		t.Fatal("no reply was lost")
	}
	if err != nil || len(claims) > 1 {
		t.Fatalf("Claim: %d effects, %v", len(claims), err)
	}
	late, err := store.Claim(t.Context(), noon().Add(time.Minute), time.Minute, 10)
	if err != nil || len(late) != 1 {
		t.Errorf("after the lease: %d effects, %v; want 1", len(late), err)
	}
}

// The proof of "acknowledged is durable": SIGKILL, and everything is there, once.
func TestStore_serverKilled_keepsWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	store := redisstore.New(server.Client(t), redisstore.Options{})
	first, err := store.Commit(t.Context(), patient, simple("op-1"))
	if err != nil {
		t.Fatal(err)
	}
	server.Restart(t)
	f, err := store.Facts(t.Context(), patient, conversations.FactsQuery{Operation: "op-1"})
	if err != nil || f.Version != first.Version || !f.Done || string(f.Patient) != "record" {
		t.Errorf("facts after the kill: %+v, %v", f, err)
	}
	if p, err := store.Owner(t.Context(), "7fconv"); err != nil || p != patient {
		t.Errorf("Owner = %q, %v", p, err)
	}
	if claims, err := store.Claim(t.Context(), noon(), time.Minute, 10); err != nil || len(claims) != 1 {
		t.Errorf("Claim: %d effects, %v; want 1", len(claims), err)
	}
	if entries, err := store.Journal(t.Context(), "7f", 0, 10); err != nil || len(entries) != 1 {
		t.Errorf("Journal: %d entries, %v; want 1", len(entries), err)
	}
}
