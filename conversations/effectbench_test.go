package conversations_test

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"

	"mesbridge/conversations"
)

type queuedReply struct {
	effect    conversations.Effect
	messageID string
	outgoing  conversations.Outgoing
	err       error
}

// queued does every effect that is due and returns the replies that wait for delivery.
func (b *bench) queued() []queuedReply {
	b.t.Helper()
	var list []queuedReply
	b.handle(map[conversations.EffectKind]conversations.EffectHandler{
		conversations.EffectDeliver: func(ctx context.Context, e conversations.Effect) (time.Time, error) {
			out, err := b.Outgoing(ctx, e)
			q := queuedReply{effect: e, outgoing: out, err: err}
			if err == nil {
				body, err := out.Open()
				if err != nil {
					return time.Time{}, err
				}
				refs, err := plainMail{}.References(body)
				if err := errors.Join(err, body.Close()); err != nil {
					return time.Time{}, err
				}
				q.messageID = refs[len(refs)-1]
			}
			list = append(list, q)
			return time.Time{}, nil
		},
	})
	return list
}

// handle does every effect that is due, one at a time; kinds that handlers leaves out are done at once.
func (b *bench) handle(handlers map[conversations.EffectKind]conversations.EffectHandler) {
	b.t.Helper()
	done := func(context.Context, conversations.Effect) (time.Time, error) { return time.Time{}, nil }
	for _, k := range []conversations.EffectKind{conversations.EffectNotify, conversations.EffectReport, conversations.EffectReceipt, conversations.EffectDeliver} {
		if handlers[k] == nil {
			handlers[k] = done
		}
	}
	ctx, cancel := context.WithCancel(b.t.Context())
	idle := make(chan struct{})
	go func() { b.Run(ctx, 1, handlers); close(idle) }()
	for quiet := 0; quiet < 2; quiet++ { // an effect may bring another while they are counted
		if b.pendingEffects() > 0 {
			quiet = -1
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-b.t.Context().Done():
		}
	}
	cancel()
	<-idle
}

// lease is for how long an effect is claimed; nothing of the tests is put off for so long.
const lease = 30 * time.Second

// pendingEffects counts effects that are due, or claimed a moment ago and not done, over all shards. The clock of
// the tests goes on with every look at it.
func (b *bench) pendingEffects() int {
	now := b.clock.Now()
	claimed := float64(now.Add(lease - time.Second).UnixMilli())
	return b.countEffects(func(at float64) bool {
		return at <= float64(now.UnixMilli()) || at > claimed && at <= float64(now.Add(lease).UnixMilli())
	})
}

// countEffects counts the effects whose instant, in Unix milliseconds, is one of those asked for.
func (b *bench) countEffects(asked func(at float64) bool) (n int) {
	for _, key := range b.redis.Keys() {
		if !strings.HasSuffix(key, ":due") {
			continue
		}
		members, err := b.redis.ZMembers(key)
		if errors.Is(err, miniredis.ErrKeyNotFound) { // its last effect was just done
			continue
		}
		if err != nil {
			b.t.Fatal(err)
		}
		for _, id := range members {
			if at, err := b.redis.ZScore(key, id); err == nil && asked(at) { // else it was just done
				n++
			}
		}
	}
	return n
}
