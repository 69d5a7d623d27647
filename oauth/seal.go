package oauth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// sealKeyBytes is the length of the sealing key and of the keys derived from it: AES-256.
const sealKeyBytes = 32

// sealer encrypts records before they reach Redis. Each record has a key of its own, derived from
// the sealing key and the record's Redis key: a record copied to another place cannot be opened,
// and the bound on random nonces per key (2^32 messages) is never near.
type sealer struct{ master []byte }

func (s sealer) aead(name string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, s.master, nil, "mesbridge oauth record "+name, sealKeyBytes)
	if err != nil {
		return nil, fmt.Errorf("derive record key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealJSON returns v as sealed JSON for the Redis key name.
func (s sealer) sealJSON(name string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	aead, err := s.aead(name)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, nil), nil //nolint:gosec // this AEAD draws its nonce itself and refuses any other
}

// openJSON reads into v what sealJSON made for the same name. Any fault is one error without
// detail: the caller treats the record as absent.
func (s sealer) openJSON(name string, sealed []byte, v any) error {
	aead, err := s.aead(name)
	if err != nil {
		return err
	}
	plain, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return fmt.Errorf("open record: %w", err)
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return fmt.Errorf("decode record: %w", err)
	}
	return nil
}

// randomChars is the length of what randomText returns: 256 bits in base64.
const randomChars = 43

// randomText returns 256 random bits in URL-safe characters; FranceConnect+ asks at least 32 of
// them for state and nonce (I72).
func randomText() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// digest is the form in which a secret may be a Redis key or stand in a record.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// same compares two secrets in constant time; two empty ones are not the same.
func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
