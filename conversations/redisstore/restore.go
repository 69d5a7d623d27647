package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// restored are the patterns of the keys that a restored store gets anew. What Remember keeps and what the
// authorization server keeps on the same server are not among them.
func restored() []string {
	return []string{"{s[0-9a-f][0-9a-f]}:*", "{m[0-9a-f][0-9a-f]}:ledger:*", "{m[0-9a-f][0-9a-f]}:pairs:*", "{m[0-9a-f][0-9a-f]}:stand:*"}
}

// scanned is how many keys one step of a scan looks at.
const scanned = 1000

// Clear removes everything that Restore writes. Nobody may use the store meanwhile. The heads go first: when
// it is cut off, every shard is behind its journal and is refused, whatever is left of it.
func (s *Store) Clear(ctx context.Context) error {
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for n := range shardCount {
			pipe.Del(ctx, headKey(shardName(n)))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("clear the heads of the store: %w", err)
	}
	clear := func(ctx context.Context, c redis.UniversalClient) error {
		for _, pattern := range restored() {
			if err := unlinkAll(ctx, c, pattern); err != nil {
				return err
			}
		}
		return nil
	}
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return clear(ctx, c) })
	} else {
		err = clear(ctx, s.client)
	}
	if err != nil {
		return fmt.Errorf("clear the store: %w", err)
	}
	return nil
}

// unlinkAll removes the keys of a pattern, one command a key: in a cluster they are of several slots.
func unlinkAll(ctx context.Context, c redis.UniversalClient, pattern string) error {
	var cursor uint64
	for {
		keys, next, err := c.Scan(ctx, cursor, pattern, scanned).Result()
		if err != nil {
			return err
		}
		if len(keys) > 0 {
			_, err = c.Pipelined(ctx, func(pipe redis.Pipeliner) error {
				for _, key := range keys {
					pipe.Unlink(ctx, key)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// errNotEmpty means that a shard to restore holds something.
var errNotEmpty = errors.New("the shard holds entries; clear the store first")

// Restore writes the image of a shard into an empty one. The head comes last: until then, the shard is
// behind its journal and is refused.
func (s *Store) Restore(ctx context.Context, image *conversations.Image) error {
	head, err := s.Head(ctx, image.Shard)
	if err == nil && head > 0 {
		err = errNotEmpty
	}
	if err != nil {
		return fmt.Errorf("restore shard %s: %w", image.Shard, err)
	}
	w := &restorer{ctx: ctx, pipe: s.client.Pipeline(), shard: image.Shard}
	for p, patient := range image.Patients {
		w.patient(p, patient)
	}
	for id, p := range image.IDs {
		w.hash(idsKey(image.Shard), compactOutside(image.Shard, id), compactHash(string(p)))
	}
	for id, e := range image.Effects {
		w.hash(effectsKey(image.Shard), id, packEffect(e))
		w.sorted(dueKey(image.Shard), e.At, id)
	}
	w.flush()
	if w.err == nil {
		w.err = s.restoreLedger(ctx, image.Ledger)
	}
	if w.err == nil && image.Head > 0 {
		w.err = s.client.Set(ctx, headKey(image.Shard), image.Head, 0).Err()
	}
	if w.err != nil {
		return fmt.Errorf("restore shard %s: %w", image.Shard, w.err)
	}
	return nil
}

// restoreLedger writes what the shard's patients bring to the lists of mailboxes.
func (s *Store) restoreLedger(ctx context.Context, ledger map[rules.MailboxID]map[conversations.LedgerEntry]time.Time) error {
	for m, entries := range ledger {
		list := make([]conversations.LedgerEntry, 0, len(entries))
		for e, at := range entries {
			e.At = at
			list = append(list, e)
		}
		if err := s.Index(ctx, m, list); err != nil {
			return err
		}
	}
	return nil
}

// restorer collects writes. Its first error ends it.
type restorer struct {
	ctx     context.Context //nolint:containedctx // it lives for one call of Restore
	pipe    redis.Pipeliner
	shard   string
	key     string // of the fields that wait
	command string
	waiting []any
	bytes   int
	err     error
}

// flushBytes is how much waits for the server at most, roughly.
const flushBytes = 1 << 20

func (w *restorer) patient(p conversations.PatientID, image *conversations.PatientImage) {
	key := patientKey(p)
	w.hash(key, "v", strconv.FormatUint(uint64(image.Version), 10))
	if image.Record != nil {
		w.hash(key, "r", string(image.Record))
	}
	if len(image.Done) > 0 {
		w.hash(key, "d", packOperations(w.shard, image.Done))
	}
	if len(image.Calls) > 0 {
		w.hash(key, "c", packOperations(w.shard, image.Calls))
	}
	for table, records := range image.Tables {
		for field, value := range records {
			r := conversations.Record{Table: table, Field: field, Value: value}
			w.add("HSET", tableKey(table, p), compactField(w.shard, table, field), string(compactValue(w.shard, r)))
		}
	}
	for id, at := range image.Inbox {
		w.sorted(inboxKey(p), at, compactID(w.shard, string(id)))
	}
}

func (w *restorer) hash(key, field, value string) { w.add("HSET", key, field, value) }

func (w *restorer) sorted(key string, at time.Time, member string) {
	w.add("ZADD", key, strconv.FormatInt(at.UnixMilli(), 10), member)
}

// add appends one pair to the last command when that is alike.
func (w *restorer) add(command, key, first, second string) {
	if w.key != key || w.command != command || len(w.waiting) >= maxJoined {
		w.send()
		w.key, w.command, w.waiting = key, command, []any{command, key}
	}
	w.waiting = append(w.waiting, first, second)
	if w.bytes += len(first) + len(second); w.bytes > flushBytes {
		w.flush()
	}
}

// send queues the command that waits.
func (w *restorer) send() {
	if len(w.waiting) > 0 {
		w.pipe.Do(w.ctx, w.waiting...)
	}
	w.key, w.command, w.waiting = "", "", nil
}

// flush sends everything.
func (w *restorer) flush() {
	w.send()
	w.bytes = 0
	if _, err := w.pipe.Exec(w.ctx); err != nil && w.err == nil {
		w.err = err
	}
}

// packOperations lays operations out as commit.lua does.
func packOperations(shard string, done []conversations.Done) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%02d", len(done))
	for _, d := range done {
		id, call := names(d.Operation, d.Entry)
		text := id + call + strconv.FormatUint(uint64(d.Version), 10) + " " + strconv.FormatUint(d.Sequence, 10) + " " + compactID(shard, string(d.Answer))
		b.WriteString(strconv.Itoa(len(text)) + ":" + text)
	}
	return b.String()
}
