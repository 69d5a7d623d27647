package keystore

import (
	"maps"
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
}

func (c *cache) get(p conversations.PatientID) (cached, bool) {
	c.mu.RLock()
	k, ok := c.keys[p]
	c.mu.RUnlock()
	return k, ok && c.now().Before(k.until)
}

func (c *cache) put(p conversations.PatientID, k cached) {
	k.until = c.now().Add(keepFor)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.keys) >= maxCached {
		clear(c.keys)
	}
	c.keys[p] = k
}

func (c *cache) drop(p conversations.PatientID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.keys, p)
}

// sweep forgets the keys whose time is over.
func (c *cache) sweep() {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.keys, func(_ conversations.PatientID, k cached) bool { return !now.Before(k.until) })
}
