package redisstore

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Stand notes where an exchange, and one of its conversations, stands in the lists of a mailbox, in one script.
func (s *Store) Stand(ctx context.Context, m rules.MailboxID, st conversations.Standing) error {
	keys := []string{ledgerKey(m), pairsKey(m), standKey(m)}
	for _, pairs := range []bool{false, true} {
		for _, l := range rules.AllLists() {
			keys = append(keys, listKey(m, pairs, l))
		}
	}
	pair := conversations.LedgerEntry{Patient: st.Patient}
	thread, bits := "", rules.Lists(0)
	if st.Thread != "" {
		thread, bits = compactPair(conversations.LedgerEntry{Patient: st.Patient, Thread: st.Thread}), st.ThreadLists
	}
	err := s.scripts.noteStanding.Run(ctx, s.client, keys,
		uint64(st.Version), uint16(rules.Inherited), compactPair(pair), uint16(st.PairLists), millisOrNone(st.PairAt), thread, uint16(bits), millisOrNone(st.ThreadAt)).Err()
	if err != nil {
		return fmt.Errorf("note a standing: %w", err)
	}
	return nil
}

// millisOrNone is an instant in Unix ms, 0 for none.
func millisOrNone(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Standings reads the lists of entries; 0 where nothing is noted.
func (s *Store) Standings(ctx context.Context, m rules.MailboxID, entries []conversations.LedgerEntry) ([]rules.Lists, error) {
	lists := make([]rules.Lists, len(entries))
	if len(entries) == 0 {
		return lists, nil
	}
	fields := make([]string, len(entries))
	for i, e := range entries {
		fields[i] = compactPair(e)
	}
	noted, err := s.client.HMGet(ctx, standKey(m), fields...).Result()
	if err != nil {
		return nil, fmt.Errorf("read standings: %w", err)
	}
	for i, n := range noted {
		text, ok := n.(string)
		if !ok {
			continue
		}
		_, bits, _ := strings.Cut(text, " ")
		l, err := strconv.ParseUint(bits, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("read standings: %w", errReply)
		}
		lists[i] = rules.Lists(l)
	}
	return lists, nil
}

// Tally counts the entries of each list of a mailbox, in the order of rules.AllLists, and then all of them.
func (s *Store) Tally(ctx context.Context, m rules.MailboxID, pairs bool) (counts []int, all int, err error) {
	lists := rules.AllLists()
	replies := make([]*redis.IntCmd, len(lists)+1)
	_, err = s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for i, l := range lists {
			replies[i] = pipe.ZCard(ctx, listKey(m, pairs, l))
		}
		replies[len(lists)] = pipe.ZCard(ctx, listKey(m, pairs, 0))
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("count the lists of a mailbox: %w", err)
	}
	counts = make([]int, len(lists))
	for i := range lists {
		counts[i] = int(replies[i].Val())
	}
	return counts, int(replies[len(lists)].Val()), nil
}
