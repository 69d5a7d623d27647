package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// conversationSize is how many messages a conversation has when it is weighed (docs/performance.md, G8).
const conversationSize = 3

// weight is what Redis holds for what was put in, in bytes.
type weight struct {
	conversation float64 // of conversationSize messages, everything that came with them included
	message      float64 // one more
}

// weigh puts conversations in and asks Redis what they weigh.
func (l *lab) weigh(ctx context.Context, r *report) error {
	empty, err := l.memory(ctx)
	if err != nil {
		return err
	}
	first := l.bridge.number.Load() + 1
	l.bridge.number.Add(uint64(l.plan.memory))
	for i := range conversationSize {
		if err := l.addToAll(ctx, first, i); err != nil {
			return err
		}
	}
	three, err := l.memory(ctx)
	if err != nil {
		return err
	}
	for i := range 2 {
		if err := l.addToAll(ctx, first, conversationSize+i); err != nil {
			return err
		}
	}
	five, err := l.memory(ctx)
	n := float64(l.plan.memory)
	r.weight = weight{conversation: (three - empty) / n, message: (five - three) / (2 * n)}
	return err
}

// addToAll adds the i-th message, from 0, to each conversation. The letters that begin them have the
// numbers from first on, the later ones numbers far above any other.
func (l *lab) addToAll(ctx context.Context, first uint64, i int) error {
	b := l.bridge
	number := func(conversation uint64, i int) uint64 { return uint64(i)*1_000_000_000 + conversation }
	turn := make(chan uint64, l.plan.memory)
	for n := range uint64(l.plan.memory) {
		turn <- first + n
	}
	var letters []*letter
	for range 10 {
		letters = append(letters, newLetter(b.post(), small, min(i, 1)))
	}
	job := load{
		address: l.peers[0].address, tls: l.peers[0].tls, letters: letters, perConn: 100, limit: int64(l.plan.memory),
		next: func(one *letter) func() {
			n := <-turn
			to := int(n % uint64(len(b.crowd)))
			one.write(number(n, i), int(n%senders), b.crowd[to].INS, number(n, max(i-1, 0)))
			return func() {
				if i == 0 {
					b.got[to].Add(1)
				}
			}
		},
	}
	got, err := job.run(ctx)
	if err == nil && got.accepted != int64(l.plan.memory) {
		err = fmt.Errorf("%d of %d messages were accepted", got.accepted, l.plan.memory)
	}
	return err
}

// memory asks Redis what it holds, without the buffers of its clients and of its file, once the bridge
// has done all effects and the journal was trimmed.
func (l *lab) memory(ctx context.Context) (float64, error) {
	const trimmed = 3 * time.Second // the bridge trims every two
	wait := time.NewTimer(trimmed)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-wait.C:
	}
	if err := l.peers[0].settled(ctx, 10*time.Second); err != nil {
		return 0, err
	}
	info, err := l.bridge.redis.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for name, sign := range map[string]float64{"used_memory": 1, "mem_clients_normal": -1, "mem_aof_buffer": -1} {
		_, rest, _ := strings.Cut(info, "\n"+name+":")
		value, _, _ := strings.Cut(rest, "\r")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("%s of Redis: %w", name, err)
		}
		sum += sign * n
	}
	return sum, nil
}
