package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"mesbridge/conversations/redisstore/redistest"
)

// I73: tokens that are signed and then encrypted, by either way of sending the key, and nothing else once it was agreed.
func TestLogin_encryptedTokens(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	another, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		keys    []crypto.PrivateKey
		alg     jose.KeyAlgorithm
		enc     jose.ContentEncryption
		to      any
		inClear string // what is not encrypted: "token" or "userinfo"
		want    int
	}{
		"RSA":                    {[]crypto.PrivateKey{testKey()}, jose.RSA_OAEP, jose.A256GCM, testKey().Public(), "", http.StatusSeeOther},
		"EC":                     {[]crypto.PrivateKey{ec}, jose.ECDH_ES, jose.A256GCM, ec.Public(), "", http.StatusSeeOther},
		"key of before":          {[]crypto.PrivateKey{ec, testKey()}, jose.RSA_OAEP, jose.A256GCM, testKey().Public(), "", http.StatusSeeOther},
		"other key":              {[]crypto.PrivateKey{testKey()}, jose.RSA_OAEP, jose.A256GCM, another.Public(), "", http.StatusForbidden},
		"other content cipher":   {[]crypto.PrivateKey{testKey()}, jose.RSA_OAEP, jose.A128CBC_HS256, testKey().Public(), "", http.StatusForbidden},
		"other key algorithm":    {[]crypto.PrivateKey{testKey()}, jose.RSA_OAEP_256, jose.A256GCM, testKey().Public(), "", http.StatusForbidden},
		"RSA1_5":                 {[]crypto.PrivateKey{testKey()}, jose.RSA1_5, jose.A256GCM, testKey().Public(), "", http.StatusForbidden},
		"token in clear":         {[]crypto.PrivateKey{testKey()}, jose.RSA_OAEP, jose.A256GCM, testKey().Public(), "token", http.StatusForbidden},
		"userinfo in clear":      {[]crypto.PrivateKey{testKey()}, jose.RSA_OAEP, jose.A256GCM, testKey().Public(), "userinfo", http.StatusForbidden},
		"encrypted, not agreed":  {nil, jose.RSA_OAEP, jose.A256GCM, testKey().Public(), "", http.StatusForbidden},
		"signed userinfo, plain": {nil, "", "", nil, "", http.StatusSeeOther},
	} {
		w := newWorld(t, redistest.Mini(t), func(config *Config) { config.Patients.DecryptionKeys = c.keys })
		w.upstream.encrypt(c.alg, c.enc, c.to, c.inClear)
		expect(t, name, w.logIn(w.browser(), Patient, "/").status, c.want)
	}
}

// I73: the key to encrypt for is published, the private half never, and keys that are no use are refused.
func TestEncryptionKeys_arePublished(t *testing.T) {
	t.Parallel()
	w := newWorld(t, redistest.Mini(t), func(c *Config) { c.Patients.DecryptionKeys = []crypto.PrivateKey{testKey()} })
	got := w.browser().get(w.base + "/oauth/encryption-keys")
	keys, _ := got.json(t)["keys"].([]any)
	expect(t, "keys", len(keys), 1)
	key, _ := keys[0].(map[string]any)
	expect(t, "use and algorithm", text(key, "use")+" "+text(key, "alg"), "enc RSA-OAEP")
	expect(t, "private", key["d"] != nil || strings.Contains(got.body, `"p"`), false)
	plain := newWorld(t, redistest.Mini(t), nil)
	none, _ := plain.browser().get(plain.base + "/oauth/encryption-keys").json(t)["keys"].([]any)
	expect(t, "none", len(none), 0)

	weak, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := w.config
	c.Patients.DecryptionKeys = []crypto.PrivateKey{weak}
	if _, err := New(c); err == nil {
		t.Error("a key of another curve was accepted")
	}
}
