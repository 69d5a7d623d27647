package oauth

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"mesbridge/conversations/redisstore/redistest"
)

// TestKeys_change: a token that the last key signed is still accepted by a client that reads the keys anew,
// and a client that read them before knows the next key.
func TestKeys_change(t *testing.T) {
	t.Parallel()
	next, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	r := redistest.Mini(t)
	before := newWorld(t, r, func(c *Config) { c.OtherKeys = []*rsa.PublicKey{&next.PublicKey} })
	after := newWorld(t, r, func(c *Config) {
		c.OtherKeys = []*rsa.PublicKey{&c.SigningKey.PublicKey, &next.PublicKey} // naming the one in use is no fault
		c.SigningKey, c.Issuer = next, before.base
	})
	old := text(before.appTokens("openid"), "id_token")
	expect(t, "published before", len(before.server.keySet.Keys), 2)
	expect(t, "published after", len(after.server.keySet.Keys), 2)
	expect(t, "signs after", after.server.keySet.Keys[0].KeyID, before.server.keySet.Keys[1].KeyID)

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(t.Context(), client), after.base+keysPath)
	verifier := oidc.NewVerifier(before.base, keys, &oidc.Config{ClientID: "app"})
	if _, err := verifier.Verify(t.Context(), old); err != nil {
		t.Errorf("a token of the last key: %v", err)
	}
}
