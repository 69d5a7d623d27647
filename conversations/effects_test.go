package conversations_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"mesbridge/conversations"
)

// counting counts the claims that a store gave out.
type counting struct {
	conversations.Store
	given atomic.Int64
}

func (c *counting) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]conversations.Claim, error) {
	claims, err := c.Store.Claim(ctx, now, lease, limit)
	c.given.Add(int64(len(claims)))
	return claims, err
}

// Behind peers that take their time, a claim would wait longer than its lease, and the reply would be
// sent by another process too.
func TestRun_claimsOnlyWhatCanBegin(t *testing.T) {
	t.Parallel()
	const workers, replies = 2, 7
	var store *counting
	b := newBench(t, func(s conversations.Store) conversations.Store {
		store = &counting{Store: s}
		return store
	})
	b.taken(mail{from: doctor, subject: "Fil", text: "1"})
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{})
	thread := b.thread("Fil").ID
	for i := range replies {
		if _, err := b.reply(thread, fmt.Sprint("réponse ", i)); err != nil {
			t.Fatal(err)
		}
	}
	before := store.given.Load()
	begun, goOn := make(chan struct{}, replies), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		b.Run(ctx, workers, map[conversations.EffectKind]conversations.EffectHandler{
			conversations.EffectDeliver: func(context.Context, conversations.Effect) (time.Time, error) {
				begun <- struct{}{}
				<-goOn
				return time.Time{}, nil
			},
		})
	}()
	for range workers {
		<-begun
	}
	// The project effect of the replies may have been claimed, and done, before.
	if given := store.given.Load() - before; given > workers+1 {
		t.Errorf("%d effects are claimed, and %d workers are busy", given, workers)
	}
	close(goOn)
	for range replies - workers {
		<-begun
	}
	cancel()
	<-stopped
}
