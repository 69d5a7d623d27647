package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
)

// Claim leases effects of the shards that the agenda knows to have some, after a sweep when it is
// time for one. An effect's At is the instant at which it became due: that of its commit, of Finish,
// or of the end of a lost lease. An effect whose claim was made but not heard of, because the
// connection was lost, is due again when its lease ends.
//
// When a shard fails, the claims of the others are given without the error, which the next call
// meets again.
func (s *Store) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]conversations.Claim, error) {
	if err := s.sweep(ctx, now); err != nil {
		return nil, fmt.Errorf("claim effects: %w", err)
	}
	var claims []conversations.Claim
	for len(claims) < limit {
		shards := s.agenda.take(now.UnixMilli(), limit-len(claims))
		if len(shards) == 0 {
			return claims, nil
		}
		more, err := s.visit(ctx, shards, now, lease, limit-len(claims))
		claims = append(claims, more...)
		switch {
		case err == nil:
		case len(claims) == 0:
			return nil, fmt.Errorf("claim effects: %w", err)
		default:
			return claims, nil
		}
	}
	if s.agenda.hasDue(now.UnixMilli()) {
		s.signal() // another worker can start on the rest
	}
	return claims, nil
}

// sweep looks at the earliest effect of every shard, in one pipeline of plain reads.
func (s *Store) sweep(ctx context.Context, now time.Time) error {
	if !s.agenda.beginSweep(now) {
		return nil
	}
	var earliest [shardCount]*redis.ZSliceCmd
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range earliest {
			earliest[i] = pipe.ZRangeWithScores(ctx, dueKey(shardName(i)), 0, 0)
		}
		return nil
	})
	if err != nil {
		s.agenda.failSweep()
		return err
	}
	for i, found := range earliest {
		for _, z := range found.Val() {
			s.agenda.expect(i, int64(z.Score))
		}
	}
	return nil
}

// visit claims in several shards, in one pipeline, at most limit effects in all; there are at most
// limit shards.
func (s *Store) visit(ctx context.Context, shards []int, now time.Time, lease time.Duration, limit int) ([]conversations.Claim, error) {
	nowMs, untilMs := now.UnixMilli(), now.Add(lease).UnixMilli()
	replies := make([]*redis.Cmd, len(shards))
	call := func(c redis.Scripter, i int, run scriptCall) *redis.Cmd {
		name := shardName(shards[i])
		share := limit / len(shards)
		if i < limit%len(shards) {
			share++
		}
		return run(ctx, c, []string{dueKey(name), effectsKey(name)}, nowMs, untilMs, share)
	}
	// The error of the pipeline is the first of its commands', which are looked at one by one.
	_, _ = s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i := range shards {
			replies[i] = call(pipe, i, s.scripts.claimDue.EvalSha)
		}
		return nil
	})
	var claims []conversations.Claim
	var errs []error
	for i, reply := range replies {
		if redis.HasErrorPrefix(reply.Err(), "NOSCRIPT") { // a pipeline cannot fall back by itself
			reply = call(s.client, i, s.scripts.claimDue.Run)
		}
		more, next, err := readClaims(reply)
		if err != nil {
			errs = append(errs, err)
			next = nowMs
		}
		s.agenda.expect(shards[i], next)
		claims = append(claims, more...)
	}
	return claims, errors.Join(errs...)
}

// scriptCall is one of the ways to call a script.
type scriptCall func(ctx context.Context, c redis.Scripter, keys []string, args ...any) *redis.Cmd

// readClaims reads the reply of claim_due.lua: the claims, and when the shard next has something due,
// in Unix ms. One unreadable effect does not hide the others; it stays leased.
func readClaims(cmd *redis.Cmd) ([]conversations.Claim, int64, error) {
	reply, err := cmd.Slice()
	if err != nil {
		return nil, never, err
	}
	if len(reply)%4 != 1 {
		return nil, never, errReply
	}
	next := int64(never)
	if at, ok := reply[0].(string); ok {
		if next, err = strconv.ParseInt(at, 10, 64); err != nil {
			return nil, never, errReply
		}
	}
	claims := make([]conversations.Claim, 0, len(reply)/4)
	for i := 1; i < len(reply); i += 4 {
		claim, unreadable := unpackClaim(reply[i : i+4])
		if unreadable != nil {
			err = unreadable
			continue
		}
		claims = append(claims, claim)
	}
	return claims, next, err
}

// Finish ends a claim; the second of two calls with one claim does nothing.
func (s *Store) Finish(ctx context.Context, c conversations.Claim, again time.Time, n conversations.Note) (uint64, error) {
	sequence, err := s.reschedule(ctx, c, again, n)
	if err != nil {
		return 0, fmt.Errorf("finish effect: %w", err)
	}
	return sequence, nil
}

// Extend puts the end of a claim's lease off, by the script that also ends it: the number stays, so the
// claim can still be finished.
func (s *Store) Extend(ctx context.Context, c conversations.Claim, until time.Time) error {
	if _, err := s.reschedule(ctx, c, until, conversations.Note{}); err != nil {
		return fmt.Errorf("extend claim: %w", err)
	}
	return nil
}

// reschedule lets a claimed effect be due at an instant, or removes it when that is zero, unless the
// claim was lost. It returns the sequence of the trace.
func (s *Store) reschedule(ctx context.Context, c conversations.Claim, at time.Time, n conversations.Note) (uint64, error) {
	shard := conversations.ID(c.Effect.ID).Shard()
	if shard == "" {
		return 0, errForeignID
	}
	next := ""
	if !at.IsZero() {
		next = strconv.FormatInt(at.UnixMilli(), 10)
	}
	reply, err := s.scripts.finishEffect.Run(ctx, s.client,
		[]string{dueKey(shard), effectsKey(shard), journalKey(shard), headKey(shard)},
		c.Effect.ID, c.Number, next, n.Mark, n.Now.UnixMilli(), n.Entry).Int64Slice()
	switch {
	case err != nil:
		return 0, err
	case len(reply) == 1 && reply[0] == commitBehind:
		return 0, conversations.ErrBehind
	case len(reply) == 1 && reply[0] == 0:
		return 0, nil
	case len(reply) != 2 || reply[1] < 0:
		return 0, errReply
	}
	if next != "" {
		s.agenda.expect(shardNumber(shard), at.UnixMilli())
	}
	return uint64(reply[1]), nil //nolint:gosec // it counts up from 0
}
