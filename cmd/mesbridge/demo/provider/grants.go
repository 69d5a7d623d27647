package provider

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"sync"
	"time"
)

// grant is what a code or an access token stands for.
type grant struct {
	person      Person
	client      string
	redirectURI string
	nonce       string
	challenge   string // PKCE S256
	pickedAt    time.Time
}

// grants are secrets given out, each with a grant that ends after life. Safe for parallel use.
type grants struct {
	mu   sync.Mutex
	now  func() time.Time
	life time.Duration
	all  map[string]held
}

type held struct {
	grant grant
	until time.Time // first instant at which it is worth nothing
}

func newGrants(now func() time.Time, life time.Duration) *grants {
	return &grants{now: now, life: life, all: map[string]held{}}
}

// give returns a new secret for g and forgets those that have ended.
func (gs *grants) give(g grant) string {
	secret := rand.Text() + rand.Text()
	gs.keep(secret, g)
	return secret
}

// keep is give for a secret that was made already.
func (gs *grants) keep(secret string, g grant) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	now := gs.now()
	for secret, h := range gs.all {
		if !now.Before(h.until) {
			delete(gs.all, secret)
		}
	}
	gs.all[secret] = held{grant: g, until: now.Add(gs.life)}
}

// take gives the grant of a secret and makes the secret worthless: a code counts once, also when
// it was presented wrongly.
func (gs *grants) take(secret string) (grant, bool) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	h, ok := gs.all[secret]
	delete(gs.all, secret)
	return h.grant, ok && gs.now().Before(h.until)
}

// look gives the grant of a secret.
func (gs *grants) look(secret string) (grant, bool) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	h, ok := gs.all[secret]
	return h.grant, ok && gs.now().Before(h.until)
}

// verifies tells whether the PKCE verifier belongs to the grant's challenge (RFC 7636 section 4.6).
func (g grant) verifies(verifier string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return same(base64.RawURLEncoding.EncodeToString(sum[:]), g.challenge)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
