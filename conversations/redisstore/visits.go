package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// visitFields are the fields of a visit's HASH, in the order of index_visit.lua's reply.
var visitFields = []string{"v", "p", "s", "a", "r"}

// Visit reads one entry of a facility's index.
func (s *Store) Visit(ctx context.Context, f conversations.FacilityID, v rules.VisitID) (conversations.VisitEntry, error) {
	fields, err := s.client.HMGet(ctx, visitKey(f, v), visitFields...).Result()
	if err != nil {
		return conversations.VisitEntry{}, fmt.Errorf("read visit: %w", err)
	}
	if fields[0] == nil {
		return conversations.VisitEntry{}, conversations.ErrNotFound
	}
	return unpackVisit(v, fields)
}

// IndexVisit writes an entry in one script, which also keeps the lists.
func (s *Store) IndexVisit(ctx context.Context, f conversations.FacilityID, e conversations.VisitEntry) (conversations.VisitEntry, error) {
	keys := []string{
		visitKey(f, e.Visit), visitsKey(f, ""), visitsKey(f, rules.EpisodeOpen), visitsKey(f, rules.EpisodeClosed),
	}
	reply, err := s.scripts.indexVisit.Run(ctx, s.client, keys,
		string(e.Visit), uint64(e.Version), string(e.Patient), string(e.State), e.At.UnixMilli(), e.Sealed).Slice()
	if err != nil {
		return conversations.VisitEntry{}, fmt.Errorf("index visit: %w", err)
	}
	if len(reply) != len(visitFields) {
		return conversations.VisitEntry{}, fmt.Errorf("index visit: %w", errReply)
	}
	return unpackVisit(e.Visit, reply)
}

// unpackVisit reads the fields of a visit's HASH.
func unpackVisit(v rules.VisitID, fields []any) (conversations.VisitEntry, error) {
	var text [5]string
	for i, f := range fields {
		s, ok := f.(string)
		if !ok {
			return conversations.VisitEntry{}, fmt.Errorf("read visit: %w", errReply)
		}
		text[i] = s
	}
	version, errVersion := strconv.ParseUint(text[0], 10, 64)
	at, errAt := parseMillis(text[3])
	if err := errors.Join(errVersion, errAt); err != nil {
		return conversations.VisitEntry{}, fmt.Errorf("read visit: %w", errReply)
	}
	return conversations.VisitEntry{
		Visit: v, Patient: conversations.PatientID(text[1]), Version: rules.Seq(version), State: rules.EpisodeState(text[2]),
		At: at, Sealed: []byte(text[4]),
	}, nil
}

// Visits lists entries of a facility, newest first and by descending visit at one instant. An entry that
// changed its list between the two readings is given as it stands now.
func (s *Store) Visits(ctx context.Context, f conversations.FacilityID, state rules.EpisodeState, before conversations.VisitEntry, limit int) ([]conversations.VisitEntry, error) {
	var after *place
	if before.Visit != "" {
		after = &place{string(before.Visit), before.At.UnixMilli()}
	}
	found, err := s.page(ctx, visitsKey(f, state), after, false, limit)
	if err != nil {
		return nil, fmt.Errorf("list visits: %w", err)
	}
	replies := make([]*redis.SliceCmd, len(found))
	if len(found) > 0 {
		_, err = s.client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, p := range found {
				replies[i] = pipe.HMGet(ctx, visitKey(f, rules.VisitID(p.member)), visitFields...)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list visits: %w", err)
		}
	}
	entries := make([]conversations.VisitEntry, len(found))
	for i, p := range found {
		if entries[i], err = unpackVisit(rules.VisitID(p.member), replies[i].Val()); err != nil {
			return nil, err
		}
		entries[i].At = fromMillis(p.at)
	}
	return entries, nil
}

// Count counts calls in one script. A repeat by go-redis after a lost connection counts twice, which harms
// nobody: the limit is one for people.
func (s *Store) Count(ctx context.Context, caller string, period time.Duration) (int, time.Duration, error) {
	if period < time.Millisecond || len(caller) < 2 {
		return 0, 0, fmt.Errorf("count call: %w", errTTL)
	}
	reply, err := s.scripts.countCall.Run(ctx, s.client, []string{callsKey(caller)}, period.Milliseconds()).Int64Slice()
	if err != nil {
		return 0, 0, fmt.Errorf("count call: %w", err)
	}
	if len(reply) != 2 {
		return 0, 0, fmt.Errorf("count call: %w", errReply)
	}
	return int(reply[0]), time.Duration(reply[1]) * time.Millisecond, nil
}
