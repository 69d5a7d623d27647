package redisstore_test

import (
	"context"
	"testing"
	"time"

	"mesbridge/conversations/redisstore"
	"mesbridge/conversations/redisstore/redistest"
)

// Two processes that run: a commit in one wakes the watch of that patient in the other.
func TestWatch_reachesTheOthers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	here, there := redisstore.New(server.Client(t), redisstore.Options{}), redisstore.New(server.Client(t), redisstore.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, store := range []*redisstore.Store{here, there} {
		go func() { _ = store.Run(ctx) }()
	}
	awaitSubscribers(t, server.Client(t), 2)
	watched, other := here.Watch(patient), here.Watch("b2"+patient[2:])
	defer watched.Stop()
	defer other.Stop()
	if _, err := there.Commit(ctx, patient, simple("op-1")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-watched.Changes:
	case <-ctx.Done():
		t.Fatal("the other process was not told")
	}
	select {
	case <-other.Changes:
		t.Error("the watch of another patient was woken")
	default:
	}
}
