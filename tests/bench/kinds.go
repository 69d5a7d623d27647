package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// shares is how many bytes the keys of each kind take, by the second part of their name
// (package redisstore): patient, conv, inbox, and so on.
type shares map[string]float64

// weighKeys asks the server what each key takes, its value whole. The table of all keys is in none.
func weighKeys(ctx context.Context, client *redis.Client) (shares, error) {
	all := shares{}
	for cursor := uint64(0); ; {
		keys, next, err := client.Scan(ctx, cursor, "*", 5000).Result()
		if err != nil {
			return nil, err
		}
		sizes := make([]*redis.IntCmd, len(keys))
		_, err = client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
			for i, k := range keys {
				sizes[i] = pipe.MemoryUsage(ctx, k, 0)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("weigh keys: %w", err)
		}
		for i, k := range keys {
			all[kindOf(k)] += float64(sizes[i].Val())
		}
		if cursor = next; cursor == 0 {
			return all, nil
		}
	}
}

// kindOf is the kind of a key: "{s7f}:conv:<patient>" is "conv".
func kindOf(key string) string {
	parts := strings.SplitN(key, ":", 3)
	if len(parts) < 2 {
		return "other"
	}
	return parts[1]
}

// since is what came to each kind after an earlier look, for each of n.
func (s shares) since(before shares, n float64) shares {
	gained := shares{}
	for kind, bytes := range s {
		if more := (bytes - before[kind]) / n; more >= 1 {
			gained[kind] = more
		}
	}
	return gained
}

// sorted lists the kinds, the heaviest first.
func (s shares) sorted() []string {
	return slices.SortedFunc(maps.Keys(s), func(a, b string) int {
		if s[a] != s[b] {
			return int(s[b] - s[a])
		}
		return strings.Compare(a, b)
	})
}

// text says how the bytes are shared, the heaviest kind first.
func (s shares) text() string {
	var all []string
	for _, kind := range s.sorted() {
		all = append(all, fmt.Sprintf("%s %.0f", kind, s[kind]))
	}
	return strings.Join(all, ", ")
}
