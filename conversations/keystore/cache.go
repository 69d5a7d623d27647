package keystore

import (
	"maps"
	"strconv"
	"sync"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Keys stay in memory five minutes at most (docs/design.md): four while they may be used, and one more until
// the sweep comes by.
const (
	keepFor    = 4 * time.Minute
	sweepEvery = time.Minute
)

// maxCached bounds the memory, at about 200 bytes a key. A full cache starts again: reading a key anew
// costs microseconds.
const maxCached = 50_000

// cached is a key in memory.
type cached struct {
	key   conversations.DataKey
	ins   rules.INS
	until time.Time
}

// cache remembers keys for a while.
type cache struct {
	now  func() time.Time
	mu   sync.RWMutex
	keys map[conversations.PatientID]cached
	// drops counts, for each shard, the keys that were dropped: a key that was read before a drop is not
	// put in after it.
	drops [256]uint64
}

func (c *cache) get(p conversations.PatientID) (cached, bool) {
	c.mu.RLock()
	k, ok := c.keys[p]
	c.mu.RUnlock()
	return k, ok && c.now().Before(k.until)
}

// moment tells put when a key was read.
func (c *cache) moment(p conversations.PatientID) uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.drops[shardOf(p)]
}

// put remembers a key that was read after a moment, unless one of its shard was dropped since.
func (c *cache) put(p conversations.PatientID, k cached, after uint64) {
	k.until = c.now().Add(keepFor)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drops[shardOf(p)] != after {
		return
	}
	if len(c.keys) >= maxCached {
		clear(c.keys)
	}
	c.keys[p] = k
}

func (c *cache) drop(p conversations.PatientID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.keys, p)
	c.drops[shardOf(p)]++
}

// shardOf is the number of a patient's shard, 0 of what is no patient.
func shardOf(p conversations.PatientID) byte {
	n, err := strconv.ParseUint(p.Shard(), 16, 8)
	if err != nil {
		return 0
	}
	return byte(n)
}

// sweep forgets the keys whose time is over.
func (c *cache) sweep() {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.keys, func(_ conversations.PatientID, k cached) bool { return !now.Before(k.until) })
}
