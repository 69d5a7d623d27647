package bridge

import "time"

// maxKeyed is how many values a keyed holds. Senders are mailboxes of the trust space, each operator's
// bounded by his own limit: there are never so many that count, unless somebody makes them up.
const maxKeyed = 100_000

// keyed holds one value for each key, and forgets values that are as good as new ones. It is not safe for
// concurrent use.
type keyed[V interface{ idle(now time.Time) bool }] struct {
	values map[string]V
	sweep  int // number of values at which to look for idle ones
}

// firstSweep is where forgetting begins.
const firstSweep = 1024

// of returns the value of key, a fresh one when there is none. There is none to have when too many are in
// use.
func (k *keyed[V]) of(key string, now time.Time, fresh func() V) (v V, ok bool) {
	if v, ok = k.values[key]; ok {
		return v, true
	}
	if len(k.values) >= max(k.sweep, firstSweep) {
		for key, v := range k.values {
			if v.idle(now) {
				delete(k.values, key)
			}
		}
		k.sweep = min(2*len(k.values), maxKeyed)
	}
	if len(k.values) >= maxKeyed {
		return v, false
	}
	if k.values == nil {
		k.values = map[string]V{}
	}
	v = fresh()
	k.values[key] = v
	return v, true
}
