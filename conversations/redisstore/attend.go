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

// maxAttending is how many persons at one place are told: more do not help anybody to agree.
const maxAttending = 50

var errLasting = errors.New("a presence lasts at least one millisecond")

// Attend keeps persons in a ZSET that the server drops when the last of them is gone.
func (s *Store) Attend(ctx context.Context, m rules.MailboxID, place string, who rules.PersonID, now time.Time, lasting time.Duration) ([]conversations.Attendance, error) {
	if lasting < time.Millisecond {
		return nil, fmt.Errorf("attend: %w", errLasting)
	}
	key := hereKey(m, place)
	var here *redis.ZSliceCmd
	_, err := s.client.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.ZRemRangeByScore(ctx, key, "-inf", strconv.FormatInt(now.Add(-lasting).UnixMilli(), 10))
		if who != "" {
			pipe.ZAdd(ctx, key, redis.Z{Score: float64(now.UnixMilli()), Member: string(who)})
			pipe.PExpire(ctx, key, lasting)
		}
		here = pipe.ZRevRangeWithScores(ctx, key, 0, maxAttending-1)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("attend: %w", err)
	}
	list := make([]conversations.Attendance, 0, len(here.Val()))
	for _, z := range here.Val() {
		member, ok := z.Member.(string)
		if !ok {
			return nil, fmt.Errorf("attend: %w", errReply)
		}
		list = append(list, conversations.Attendance{Who: rules.PersonID(member), At: time.UnixMilli(int64(z.Score)).UTC()})
	}
	return list, nil
}
