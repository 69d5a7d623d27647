package redisstore

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// MaxAway is how long the stream of entries waits for a bridge that does not call: one that was away for
// longer begins with a copy of another's data directory (docs/operations.md).
const MaxAway = 24 * time.Hour

// trimShared is Trim among several bridges.
func (s *Store) trimShared(ctx context.Context, shard string, upTo uint64) error {
	err := s.scripts.trimJournal.Run(ctx, s.client, []string{journalKey(shard), keptKey(shard)},
		s.bridge, upTo, s.now().UnixMilli(), MaxAway.Milliseconds(), s.bridges).Err()
	if err != nil {
		return fmt.Errorf("trim journal: %w", err)
	}
	return nil
}

// listHeld is list by a script that also writes, so that the client waits for replicas before it believes
// the answer.
func (s *Store) listHeld(ctx context.Context, shard, from string, limit int64) ([]redis.XMessage, error) {
	reply, err := s.scripts.listJournal.Run(ctx, s.client, []string{journalKey(shard), headKey(shard)}, from, limit).Slice()
	if err != nil {
		return nil, err
	}
	messages := make([]redis.XMessage, len(reply))
	for i, r := range reply {
		if messages[i], err = readMessage(r); err != nil {
			return nil, err
		}
	}
	return messages, nil
}

// readMessage reads one entry of a stream as a script gives it: its id, and names and values in turn.
func readMessage(reply any) (redis.XMessage, error) {
	parts, ok := reply.([]any)
	if !ok || len(parts) != 2 {
		return redis.XMessage{}, errReply
	}
	id, okID := parts[0].(string)
	fields, okFields := parts[1].([]any)
	if !okID || !okFields || len(fields)%2 != 0 {
		return redis.XMessage{}, errReply
	}
	values := make(map[string]any, len(fields)/2)
	for i := 0; i < len(fields); i += 2 {
		name, ok := fields[i].(string)
		if !ok {
			return redis.XMessage{}, errReply
		}
		values[name] = fields[i+1]
	}
	return redis.XMessage{ID: id, Values: values}, nil
}
