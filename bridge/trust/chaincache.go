package trust

import (
	"crypto/sha256"
	"crypto/x509"
	"sync"
	"time"
)

// maxChains is how many peers' chains are remembered: the trust space has about 400 certificates (O32).
const maxChains = 4096

// chainCache remembers which certificates the anchors vouch for, so that a peer's signatures are checked
// once and not at each connection. What changes with time is not remembered: dates are looked at each
// time, and revocation is asked by the caller (O63). The zero value is ready.
type chainCache struct {
	mu    sync.RWMutex
	found map[[sha256.Size]byte]foundChain
}

// foundChain is a chain and the first and last instant at which all of it is valid.
type foundChain struct {
	chain       []*x509.Certificate
	from, until time.Time
}

// verify is anchors.verify for a peer, of either usage (O55).
func (c *chainCache) verify(a anchors, leaf *x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	key := sha256.Sum256(leaf.Raw)
	c.mu.RLock()
	known, ok := c.found[key]
	c.mu.RUnlock()
	if ok && !at.Before(known.from) && !at.After(known.until) {
		return known.chain, nil
	}
	chain, err := a.verify(leaf, at, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth)
	if err != nil {
		return nil, err
	}
	fresh := foundChain{chain: chain, from: chain[0].NotBefore, until: chain[0].NotAfter}
	for _, one := range chain[1:] {
		if one.NotBefore.After(fresh.from) {
			fresh.from = one.NotBefore
		}
		if one.NotAfter.Before(fresh.until) {
			fresh.until = one.NotAfter
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found == nil || len(c.found) >= maxChains {
		c.found = map[[sha256.Size]byte]foundChain{}
	}
	c.found[key] = fresh
	return chain, nil
}
