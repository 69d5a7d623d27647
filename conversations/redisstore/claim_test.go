package redisstore_test

import (
	"context"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
)

// trips counts round trips: single commands and pipelines.
type trips struct{ n atomic.Int64 }

func (c *trips) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmds)
	}
}

// The promise of the package comment: no script where nothing is due, one pipeline for each sweep.
func TestClaim_idle_costsOneRoundTripForEachSweep(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	var count trips
	client.AddHook(&count)
	store := redisstore.New(client, redisstore.Options{Sweep: time.Second})
	if _, err := store.Claim(t.Context(), noon().Add(-time.Hour), time.Minute, 10); err != nil { // connects
		t.Fatal(err)
	}
	for i, step := range []struct {
		after time.Duration
		trips int64
	}{{0, 1}, {0, 0}, {999 * time.Millisecond, 0}, {time.Second, 1}, {1500 * time.Millisecond, 0}, {2 * time.Second, 1}, {0, 1}} {
		before := count.n.Load()
		claims, err := store.Claim(t.Context(), noon().Add(step.after), time.Minute, 10)
		if err != nil || len(claims) != 0 {
			t.Fatalf("Claim: %d effects, %v", len(claims), err)
		}
		if got := count.n.Load() - before; got != step.trips {
			t.Errorf("step %d, %v after noon: %d round trips, want %d", i, step.after, got, step.trips)
		}
	}
}

// What this process put off it finds at its instant, without a sweep.
func TestClaim_putOff_needsNoSweep(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	store := redisstore.New(server.Client(t), redisstore.Options{Sweep: 24 * time.Hour})
	if _, err := store.Commit(t.Context(), patient, simple("op-1")); err != nil {
		t.Fatal(err)
	}
	now := noon()
	for attempt := range 3 {
		claims, err := store.Claim(t.Context(), now, time.Hour, 10)
		if err != nil || len(claims) != 1 {
			t.Fatalf("attempt %d: %d effects, %v; want 1", attempt, len(claims), err)
		}
		now = now.Add(time.Minute) // long before the lease ends
		if _, err := store.Finish(t.Context(), claims[0], now, conversations.Note{}); err != nil {
			t.Fatal(err)
		}
	}
}

// Two processes, without announcements: the sweep finds what the other one committed.
func TestClaim_withoutAnnouncement_sweepFinds(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	here := redisstore.New(server.Client(t), redisstore.Options{})
	there := redisstore.New(server.Client(t), redisstore.Options{})
	if _, err := here.Claim(t.Context(), noon(), time.Minute, 10); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Commit(t.Context(), patient, simple("op-1")); err != nil {
		t.Fatal(err)
	}
	claims, err := here.Claim(t.Context(), noon().Add(time.Second), time.Minute, 10)
	if err != nil || len(claims) != 1 {
		t.Errorf("Claim: %d effects, %v; want 1", len(claims), err)
	}
}

// Two processes that run: one is woken by the other's commit and finds it before any sweep.
func TestRun_announcesToOtherProcesses(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	here := redisstore.New(client, redisstore.Options{Sweep: time.Hour})
	there := redisstore.New(server.Client(t), redisstore.Options{Sweep: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	for _, store := range []*redisstore.Store{here, there} {
		go func() { ended <- store.Run(ctx) }()
	}
	awaitSubscribers(t, client, 2)
	if claims, err := here.Claim(t.Context(), noon(), time.Minute, 10); err != nil || len(claims) != 0 {
		t.Fatalf("Claim: %d effects, %v", len(claims), err)
	}
	if _, err := there.Commit(t.Context(), patient, simple("op-1")); err != nil {
		t.Fatal(err)
	}
	timeout, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	select {
	case <-here.Wake():
	case <-timeout.Done():
		t.Fatal("the other process was not woken")
	}
	if claims, err := here.Claim(t.Context(), noon(), time.Minute, 10); err != nil || len(claims) != 1 {
		t.Errorf("Claim: %d effects, %v; want 1", len(claims), err)
	}
	cancel()
	for range 2 {
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

// O197: the process that erases a data key has the others forget it; it does not hear itself.
func TestForget_reachesTheOthers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	here, there := redisstore.New(client, redisstore.Options{}), redisstore.New(server.Client(t), redisstore.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for _, store := range []*redisstore.Store{here, there} {
		go func() { _ = store.Run(ctx) }()
	}
	awaitSubscribers(t, client, 2)
	if err := here.Forget(ctx, patient); err != nil {
		t.Fatal(err)
	}
	select {
	case p := <-there.Forgotten():
		if p != patient {
			t.Errorf("the key of %s is to be forgotten", p)
		}
	case <-ctx.Done():
		t.Fatal("the other process was not told")
	}
	if err := there.Forget(ctx, "b2"+patient[2:]); err != nil { // arrives here after our own
		t.Fatal(err)
	}
	if p := <-here.Forgotten(); p != "b2"+patient[2:] {
		t.Errorf("a process hears itself: %s", p)
	}
}

// awaitSubscribers returns when that many processes listen.
func awaitSubscribers(t *testing.T, client redis.UniversalClient, n int64) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	for {
		channels, err := client.PubSubNumSub(ctx, "mesbridge:effects").Result()
		if err != nil {
			t.Fatal(err)
		}
		if channels["mesbridge:effects"] >= n {
			return
		}
	}
}

func TestRun_clientClosed_fails(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := redis.NewClient(server.Options())
	store := redisstore.New(client, redisstore.Options{})
	ended := make(chan error, 1)
	go func() { ended <- store.Run(t.Context()) }()
	awaitSubscribers(t, server.Client(t), 1)
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("Run ended without an error")
	}
}

// One effect that nobody can read is told, stays leased, and hides no other.
func TestClaim_damagedEffects_hideNoOther(t *testing.T) {
	t.Parallel()
	store, mini := openMini(t)
	c := simple("op-1")
	for _, id := range []string{"7fdamaged", "7flost", "7fsound", "7ftorn"} {
		e := c.Effects[0]
		e.ID = id
		c.Effects = append(c.Effects, e)
	}
	if _, err := store.Commit(t.Context(), patient, c); err != nil {
		t.Fatal(err)
	}
	mini.HSet("{s7f}:effects", "7fdamaged", "0|0|nonsense")
	mini.HSet("{s7f}:effects", "7ftorn", "nonsense")
	mini.HDel("{s7f}:effects", "7flost")
	claims, err := store.Claim(t.Context(), noon(), time.Minute, 10)
	if err != nil || len(claims) != 2 {
		t.Fatalf("Claim: %d effects, %v; want the 2 that can be read", len(claims), err)
	}
	for _, claim := range claims {
		if _, err := store.Finish(t.Context(), claim, time.Time{}, conversations.Note{}); err != nil {
			t.Fatal(err)
		}
	}
	if due, err := mini.ZMembers("{s7f}:due"); err != nil || !slices.Equal(due, []string{"7fdamaged", "7ftorn"}) {
		t.Errorf("due: %v, %v; want the damaged ones alone", due, err)
	}
	if _, err := store.Claim(t.Context(), noon().Add(time.Minute), time.Minute, 10); err == nil {
		t.Error("the damaged effect was told by nobody")
	}
}

func TestFinish_malformedID_isRefused(t *testing.T) {
	t.Parallel()
	store, _ := openMini(t)
	if _, err := store.Finish(t.Context(), conversations.Claim{Effect: conversations.Effect{ID: "x"}}, time.Time{}, conversations.Note{}); err == nil {
		t.Error("an effect without a shard was finished")
	}
}
