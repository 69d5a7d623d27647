package main

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// verify finds every letter that was accepted in an inbox: in Redis all of them, each a conversation of
// its own, and by the API those of the patients whose token is known, each patient by himself.
func (b *bridge) verify(ctx context.Context) error {
	want := b.other.Load()
	for i := range b.got {
		want += b.got[i].Load()
	}
	found, err := b.conversations(ctx)
	if err != nil {
		return fmt.Errorf("count the inboxes: %w", err)
	}
	if found != want {
		return fmt.Errorf("%d messages were accepted, and %d conversations are in the inboxes", want, found)
	}
	for i, p := range b.crowd {
		if p.Token == "" {
			return nil
		}
		found, err := b.inbox(ctx, p.Token)
		if err != nil {
			return fmt.Errorf("read the inbox of patient %d: %w", i, err)
		}
		if want := b.got[i].Load(); found != want {
			return fmt.Errorf("%d messages were accepted for patient %d, who has %d", want, i, found)
		}
	}
	return nil
}

// inbox counts the conversations of a patient, by the API.
func (b *bridge) inbox(ctx context.Context, token string) (int64, error) {
	count := int64(0)
	for cursor := ""; ; {
		var page struct {
			Items []struct{ ID string }
			Next  *string
		}
		if err := b.get(ctx, token, "/inbox?limit=200&cursor="+cursor, &page); err != nil {
			return 0, err
		}
		count += int64(len(page.Items))
		if page.Next == nil {
			return count, nil
		}
		cursor = *page.Next
	}
}

// conversations counts those of all patients, in Redis (the key is docs/design.md's).
func (b *bridge) conversations(ctx context.Context) (int64, error) {
	sum := int64(0)
	for cursor := uint64(0); ; {
		keys, next, err := b.redis.Scan(ctx, cursor, "*:inbox:*", 5000).Result()
		if err != nil {
			return 0, err
		}
		sizes := make([]*redis.IntCmd, len(keys))
		_, err = b.redis.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, k := range keys {
				sizes[i] = pipe.ZCard(ctx, k)
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		for _, n := range sizes {
			sum += n.Val()
		}
		if cursor = next; cursor == 0 {
			return sum, nil
		}
	}
}
