package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redisclient"
	"mesbridge/conversations/redisstore/redistest"
	"mesbridge/rules"
)

// onReplicated is a store whose writes wait for one replica.
func onReplicated(client redis.UniversalClient) *redisstore.Store {
	return redisstore.New(client, redisstore.Options{Replicated: true})
}

// patientOf is a patient of a shard.
func patientOf(shard int) conversations.PatientID {
	return conversations.PatientID(fmt.Sprintf("%02x00000000000000000000000000a11c", shard))
}

// plain is a change of nothing but the version.
func plain(version int, operation string) conversations.Commit {
	return conversations.Commit{
		Version: rules.Seq(version), Operation: operation, Answer: []byte(operation), Entry: []byte("entry of " + operation), Now: noon(),
	}
}

// await repeats a call until it succeeds; the deadline fails the test.
func await(t *testing.T, what string, call func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := call(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited 30 s for %s: %v", what, err)
		case <-tick.C:
		}
	}
}

// A commit that was answered is in the replica that takes the place of its killed master.
func TestCommit_answered_survivesTheMaster(t *testing.T) {
	t.Parallel()
	nodes := redistest.StartNodes(t, "", 3, 1)
	store := onReplicated(nodes.Client(t, 1))
	lost := nodes.MasterOf(t, "{s00}:head")
	for shard := range 256 {
		if _, err := store.Commit(t.Context(), patientOf(shard), plain(0, "first")); err != nil {
			t.Fatal(err)
		}
	}
	lost.Kill()
	began := time.Now()
	await(t, "the new master", func(ctx context.Context) error {
		_, err := store.Facts(ctx, patientOf(0), conversations.FactsQuery{})
		return err
	})
	t.Logf("read again %v after the kill", time.Since(began).Round(time.Millisecond))
	for shard := range 256 {
		f, err := store.Facts(t.Context(), patientOf(shard), conversations.FactsQuery{Operation: "first"})
		if err != nil || f.Version != 1 || string(f.Answer) != "first" || f.Head != 1 {
			t.Fatalf("shard %d: %+v, %v", shard, f, err)
		}
	}
	if _, err := store.Commit(t.Context(), patientOf(0), plain(1, "second")); !errors.Is(err, redisclient.ErrReplicas) {
		t.Errorf("commit on a master without a replica: %v, want ErrReplicas (D17)", err)
	}
	nodes.Continue(t, lost)
	nodes.AwaitWhole(t, 3, 1)
	await(t, "the same operation", func(ctx context.Context) error {
		done, err := store.Commit(ctx, patientOf(0), plain(1, "second"))
		if err == nil && (done.Version != 2 || done.Sequence != 2) {
			t.Errorf("the operation again: %+v", done)
		}
		return err
	})
}

// Without a replica that says so, nothing is answered and nothing is listed for the journal; the operation
// given again waits again.
func TestCommit_replicaSilent_isNotAnswered(t *testing.T) {
	t.Parallel()
	nodes := redistest.StartNodes(t, "", 3, 1)
	store := onReplicated(nodes.Client(t, 1))
	if _, err := store.Commit(t.Context(), patientOf(0), plain(0, "first")); err != nil {
		t.Fatal(err)
	}
	master := nodes.MasterOf(t, "{s00}:head")
	var replica *redistest.Server
	for i, s := range nodes.Servers[:3] {
		if s == master {
			replica = nodes.Servers[3+i]
		}
	}
	replica.Kill()
	_, err := store.Commit(t.Context(), patientOf(0), plain(1, "second"))
	if !errors.Is(err, redisclient.ErrReplicas) || errors.Is(err, conversations.ErrConflict) {
		t.Fatalf("Commit: %v, want ErrReplicas", err)
	}
	if _, err = store.Commit(t.Context(), patientOf(0), plain(1, "second")); !errors.Is(err, redisclient.ErrReplicas) {
		t.Errorf("the operation again: %v, want ErrReplicas: nobody else holds it yet", err)
	}
	if entries, err := store.Journal(t.Context(), "00", 0, 10); !errors.Is(err, redisclient.ErrReplicas) {
		t.Errorf("Journal lists %d entries, %v; the loss of the master would take one back", len(entries), err)
	}
	if f, err := store.Facts(t.Context(), patientOf(0), conversations.FactsQuery{}); err != nil || f.Version != 2 {
		t.Errorf("a reading does not wait: %+v, %v", f, err)
	}
	nodes.Continue(t, replica)
	await(t, "the replica", func(ctx context.Context) error {
		_, err := store.Commit(ctx, patientOf(0), plain(1, "second"))
		return err
	})
	if entries, err := store.Journal(t.Context(), "00", 0, 10); err != nil || len(entries) != 2 {
		t.Errorf("Journal: %d entries, %v", len(entries), err)
	}
}

// Each node is given the scripts it lacks, in pipelines too.
func TestNodes_scriptsFlushed_areLoadedAgain(t *testing.T) {
	t.Parallel()
	nodes := redistest.StartNodes(t, "", 3, 1)
	store := onReplicated(nodes.Client(t, 1))
	for round := range 2 {
		for _, s := range nodes.Masters(t) {
			c := redis.NewClient(&redis.Options{Addr: s.Addr})
			if err := c.ScriptFlush(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			_ = c.Close()
		}
		for shard := range 256 {
			c := plain(round, fmt.Sprint("op", round))
			id := fmt.Sprintf("%02xeffect%d", shard, round)
			c.Effects = []conversations.Effect{{ID: id, Kind: conversations.EffectNotify, Patient: patientOf(shard), At: noon(), CreatedAt: noon()}}
			if _, err := store.Commit(t.Context(), patientOf(shard), c); err != nil {
				t.Fatal(err)
			}
		}
		claims, err := store.Claim(t.Context(), noon().Add(time.Minute), time.Hour, 1000)
		if err != nil || len(claims) != 256 {
			t.Fatalf("Claim: %d effects, %v; want 256", len(claims), err)
		}
	}
}

// Two processes share what is due: each effect is claimed once; what a dead one held comes when its lease ends.
func TestClaim_twoProcesses_takeOver(t *testing.T) {
	t.Parallel()
	nodes := redistest.StartNodes(t, "", 3, 1)
	a, b := onReplicated(nodes.Client(t, 1)), onReplicated(nodes.Client(t, 1))
	for shard := range 256 {
		c := plain(0, "op")
		c.Effects = []conversations.Effect{{ID: fmt.Sprintf("%02xeffect", shard), Kind: conversations.EffectNotify, Patient: patientOf(shard), At: noon(), CreatedAt: noon()}}
		if _, err := a.Commit(t.Context(), patientOf(shard), c); err != nil {
			t.Fatal(err)
		}
	}
	held := claimAll(t, a, noon(), 100)
	rest := claimAll(t, b, noon(), 1000)
	if len(held) != 100 || len(rest) != 156 {
		t.Fatalf("%d and %d claims, want 100 and the other 156", len(held), len(rest))
	}
	for id := range rest {
		if _, twice := held[id]; twice {
			t.Errorf("%s was claimed twice", id)
		}
	}
	if again := claimAll(t, b, noon().Add(59*time.Second), 1000); len(again) != 0 {
		t.Fatalf("%d claims before the leases end", len(again))
	}
	over := claimAll(t, b, noon().Add(time.Minute), 1000)
	if len(over) != 256 { // b did not finish its own either
		t.Errorf("%d claims after the leases, want all", len(over))
	}
	for id, c := range held { // the dead process wakes up
		if _, err := a.Finish(t.Context(), c, time.Time{}, conversations.Note{}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Finish(t.Context(), over[id], noon().Add(time.Hour), conversations.Note{}); err != nil {
			t.Fatal(err)
		}
	}
	if late := claimAll(t, b, noon().Add(time.Hour), 1000); len(late) != 256 {
		t.Errorf("%d effects are there, want 256: a lost claim finishes nothing", len(late))
	}
}

// claimAll claims for a minute.
func claimAll(t *testing.T, s *redisstore.Store, now time.Time, limit int) map[string]conversations.Claim {
	t.Helper()
	claims, err := s.Claim(t.Context(), now, time.Minute, limit)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]conversations.Claim{}
	for _, c := range claims {
		all[c.Effect.ID] = c
	}
	return all
}
