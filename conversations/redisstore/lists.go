package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// place is where an entry stands in a list: newest first, and in descending bytes of the member at
// one instant, which is the order of a ZSET read in reverse.
type place struct {
	member string
	at     int64 // Unix ms
}

// tiesRead is how many entries are read beyond a page, for those at the instant where the page
// starts that were on the page before. More of them cost more round trips, never an entry.
const tiesRead = 16

// comesAfter reports whether p stands after o, newest first or, when oldest is set, the other way round.
func (p place) comesAfter(o place, oldest bool) bool {
	if oldest {
		p, o = o, p
	}
	return p.at < o.at || p.at == o.at && p.member < o.member
}

// page reads at most limit entries of a ZSET after a place, newest or oldest first; nil is the beginning. It
// compares members here and not in a script, because Lua compares text by the server's locale and a ZSET by bytes.
func (s *Store) page(ctx context.Context, key string, after *place, oldest bool, limit int) ([]place, error) {
	from, to := "+inf", "-inf"
	if oldest {
		from, to = to, from
	}
	if after != nil {
		from = strconv.FormatInt(after.at, 10)
	}
	var found []place
	read := int64(limit) + tiesRead
	for offset := int64(0); len(found) < limit; offset += read {
		batch, err := s.client.ZRangeArgsWithScores(ctx, redis.ZRangeArgs{
			Key: key, Start: from, Stop: to, ByScore: true, Rev: !oldest, Offset: offset, Count: read,
		}).Result()
		if err != nil {
			return nil, err
		}
		for _, z := range batch {
			member, _ := z.Member.(string)
			p := place{member, int64(z.Score)}
			if len(found) < limit && (after == nil || p.comesAfter(*after, oldest)) {
				found = append(found, p)
			}
		}
		if int64(len(batch)) < read {
			break
		}
	}
	return found, nil
}

// Inbox lists conversations of a patient, newest first and by descending id at one instant.
func (s *Store) Inbox(ctx context.Context, p conversations.PatientID, before conversations.InboxEntry, limit int) ([]conversations.InboxEntry, error) {
	var after *place
	if before != (conversations.InboxEntry{}) {
		after = &place{compactID(p.Shard(), string(before.ID)), before.At.UnixMilli()}
	}
	found, err := s.page(ctx, inboxKey(p), after, false, limit)
	if err != nil {
		return nil, fmt.Errorf("list inbox: %w", err)
	}
	entries := make([]conversations.InboxEntry, len(found))
	for i, f := range found {
		id, err := expand(p.Shard(), f.member)
		if err != nil {
			return nil, fmt.Errorf("list inbox: %w", err)
		}
		entries[i] = conversations.InboxEntry{ID: conversations.ID(id), At: fromMillis(f.at)}
	}
	return entries, nil
}

// Index notes entries under a mailbox. An entry moves forward in time only, since effects may be done
// out of order.
func (s *Store) Index(ctx context.Context, m rules.MailboxID, entries []conversations.LedgerEntry) error {
	if len(entries) == 0 {
		return nil
	}
	_, err := s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, e := range entries {
			key := ledgerKey(m)
			if e.Thread == "" {
				key = pairsKey(m)
			}
			pipe.ZAddGT(ctx, key, redis.Z{Score: float64(e.At.UnixMilli()), Member: compactPair(e)})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("index under mailbox: %w", err)
	}
	return nil
}

// Ledger lists entries of a mailbox, newest first and by descending patient and conversation at one
// instant, or in the reverse of that order.
func (s *Store) Ledger(ctx context.Context, m rules.MailboxID, q conversations.LedgerQuery) ([]conversations.LedgerEntry, error) {
	var after *place
	if q.After != (conversations.LedgerEntry{}) {
		after = &place{compactPair(q.After), q.After.At.UnixMilli()}
	}
	found, err := s.page(ctx, listKey(m, q.Pairs, q.List), after, q.Oldest, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list ledger: %w", err)
	}
	entries := make([]conversations.LedgerEntry, len(found))
	for i, f := range found {
		member, err := expand("", f.member)
		if err != nil {
			return nil, fmt.Errorf("list ledger: %w", err)
		}
		patient, thread, _ := strings.Cut(member, "/")
		entries[i] = conversations.LedgerEntry{
			Patient: conversations.PatientID(patient), Thread: conversations.ID(thread), At: fromMillis(f.at),
		}
	}
	return entries, nil
}
