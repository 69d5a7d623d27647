package redisstore

import (
	"math"
	"strconv"
	"sync"
	"time"
)

// never is the instant, in Unix ms, of a shard where nothing is known to come.
const never = math.MaxInt64

// agenda is what a process knows of when each shard next has something due. It errs on the early
// side, which costs one visit; what it does not know of, a sweep tells. Safe for concurrent use.
type agenda struct {
	sweep time.Duration

	mu    sync.Mutex
	next  [shardCount]int64 // Unix ms
	first int               // shard that take looks at first, so that no shard starves
	swept time.Time         // zero: never
}

func newAgenda(sweep time.Duration) *agenda {
	a := &agenda{sweep: sweep}
	for i := range a.next {
		a.next[i] = never
	}
	return a
}

// expect notes that a shard has something due at an instant, in Unix ms.
func (a *agenda) expect(shard int, at int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next[shard] = min(a.next[shard], at)
}

// take hands out at most limit shards that have something due at now, in Unix ms. It forgets their
// instants: the caller visits them and expects again what he finds, so that what is noted during
// the visit is not lost.
func (a *agenda) take(now int64, limit int) []int {
	a.mu.Lock()
	defer a.mu.Unlock()
	var shards []int
	for i := 0; i < shardCount && len(shards) < limit; i++ {
		shard := (a.first + i) % shardCount
		if a.next[shard] <= now {
			a.next[shard] = never
			shards = append(shards, shard)
		}
	}
	if len(shards) > 0 {
		a.first = (shards[len(shards)-1] + 1) % shardCount
	}
	return shards
}

// hasDue reports whether a shard has something due at now, in Unix ms.
func (a *agenda) hasDue(now int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, at := range a.next {
		if at <= now {
			return true
		}
	}
	return false
}

// beginSweep reports whether it is time to look at every shard, and that the caller now does.
func (a *agenda) beginSweep(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.swept.IsZero() && now.Sub(a.swept).Abs() < a.sweep {
		return false
	}
	a.swept = now
	return true
}

// failSweep makes the next Claim sweep.
func (a *agenda) failSweep() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.swept = time.Time{}
}

// shardNumber returns the number of a shard; names come from ids, which were checked.
func shardNumber(name string) int {
	n, _ := strconv.ParseUint(name, 16, 8)
	return int(n)
}
