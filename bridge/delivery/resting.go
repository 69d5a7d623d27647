package delivery

import (
	"sync"
	"time"
)

// restFor is how long a domain is left alone after none of its servers could be used. It is shorter
// than the first wait of O87, so that no message waits longer for it.
const restFor = time.Minute

// resting remembers the domains none of whose servers could be used lately: the messages that queue
// for one fail at once, instead of each holding a worker until its own time runs out. It is safe for
// concurrent use.
type resting struct {
	mu      sync.Mutex
	domains map[string]rest
}

type rest struct {
	fault *fault
	until time.Time // first instant at which the domain is tried again
}

func newResting() *resting { return &resting{domains: make(map[string]rest)} }

// begin leaves a domain alone for a while.
func (r *resting) begin(domain string, f *fault, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.domains[domain] = rest{fault: f, until: now.Add(restFor)}
}

// fault is why a domain rests, or nil when it does not.
func (r *resting) fault(domain string, now time.Time) *fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, ok := r.domains[domain]
	if ok && now.Before(d.until) {
		return d.fault
	}
	delete(r.domains, domain)
	return nil
}
