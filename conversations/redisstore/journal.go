package redisstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
)

// errJournal means that an entry of a journal has not the form that commit.lua writes.
var errJournal = errors.New("journal entry unreadable")

// Journal lists entries of a shard. Where writes wait for replicas it waits too, so that nothing is listed
// which the loss of a master could take back.
func (s *Store) Journal(ctx context.Context, shard string, after uint64, limit int) ([]conversations.JournalEntry, error) {
	if limit <= 0 {
		return nil, nil
	}
	list := s.list
	if s.replicated {
		list = s.listHeld
	}
	found, err := list(ctx, shard, streamID(after+1), int64(limit))
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	entries := make([]conversations.JournalEntry, len(found))
	for i, m := range found {
		if entries[i], err = readEntry(shard, m); err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
	}
	return entries, nil
}

// list reads entries of a shard's stream from an id on.
func (s *Store) list(ctx context.Context, shard, from string, limit int64) ([]redis.XMessage, error) {
	return s.client.XRangeN(ctx, journalKey(shard), from, "+", limit).Result()
}

// readEntry reads one entry of a shard's stream.
func readEntry(shard string, m redis.XMessage) (conversations.JournalEntry, error) {
	text, _, _ := strings.Cut(m.ID, "-")
	sequence, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return conversations.JournalEntry{}, errJournal
	}
	at, okAt := m.Values["at"].(string)
	entry, okEntry := m.Values["entry"].(string)
	if !okAt || !okEntry {
		return conversations.JournalEntry{}, errJournal
	}
	when, err := parseMillis(at)
	if err != nil {
		return conversations.JournalEntry{}, errJournal
	}
	return conversations.JournalEntry{Shard: shard, Sequence: sequence, At: when, Entry: []byte(entry)}, nil
}

// Trim forgets entries of a shard; Head does not change. Among several bridges it says how much this one
// keeps, and what the last of them has is forgotten.
func (s *Store) Trim(ctx context.Context, shard string, upTo uint64) error {
	if s.bridge != "" {
		return s.trimShared(ctx, shard, upTo)
	}
	if err := s.client.XTrimMinID(ctx, journalKey(shard), streamID(upTo+1)).Err(); err != nil {
		return fmt.Errorf("trim journal: %w", err)
	}
	return nil
}

// Head returns the last sequence of a shard.
func (s *Store) Head(ctx context.Context, shard string) (uint64, error) {
	head, err := s.client.Get(ctx, headKey(shard)).Uint64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("read head of journal: %w", err)
	}
	return head, nil
}

// Heads returns the last sequence of every shard, in one round trip.
func (s *Store) Heads(ctx context.Context) ([256]uint64, error) { return HeadsOf(ctx, s.client) }

// HeadsOf returns the last sequence of every shard, as one server or one connection to it tells them. A shard that
// another node of a cluster has is [Elsewhere].
func HeadsOf(ctx context.Context, c redis.Cmdable) (heads [shardCount]uint64, err error) {
	var replies [shardCount]*redis.StringCmd
	_, err = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for n := range replies {
			replies[n] = pipe.Get(ctx, headKey(shardName(n)))
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) && !isElsewhere(err) {
		return heads, fmt.Errorf("read heads of journal: %w", err)
	}
	for n, reply := range replies {
		switch heads[n], err = reply.Uint64(); {
		case err == nil, errors.Is(err, redis.Nil):
		case isElsewhere(err):
			heads[n] = Elsewhere
		default:
			return heads, fmt.Errorf("read heads of journal: %w", err)
		}
	}
	return heads, nil
}

// Elsewhere stands for the sequence of a shard that a server was asked for and does not have. It is behind
// nothing.
const Elsewhere = math.MaxUint64

// isElsewhere reports whether a node of a cluster refers to another one.
func isElsewhere(err error) bool {
	_, moved := redis.IsMovedError(err)
	_, ask := redis.IsAskError(err)
	return moved || ask
}

// streamID is the id of the entry with that sequence.
func streamID(sequence uint64) string { return strconv.FormatUint(sequence, 10) + "-0" }
