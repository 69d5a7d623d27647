package web

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
)

// querySought is the parameter that holds a sealed search.
const querySought = "recherche"

// soughtRoom is the multiple of octets to which a search is filled up, so that its length tells nothing of a name.
const soughtRoom = 64

// sealSought seals what was typed into a search, for a URL: nobody can read it there, and it serves no session but the
// visitor's own.
func (a *App) sealSought(v visit, text string) (string, error) {
	seal, err := a.soughtSeal()
	if err != nil {
		return "", err
	}
	plain := append([]byte(text), make([]byte, soughtRoom-len(text)%soughtRoom)...)
	return base64.RawURLEncoding.EncodeToString(seal.Seal(nil, nil, plain, []byte(v.cookie))), nil //nolint:gosec // G407: the seal draws its nonce itself
}

// openSought reads the search that the visitor's URL holds; ok is false for none, and for one that another session
// sealed.
func (a *App) openSought(v visit) (text string, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(v.query(querySought))
	if err != nil || len(sealed) == 0 || v.cookie == "" {
		return "", false
	}
	seal, err := a.soughtSeal()
	if err != nil {
		return "", false
	}
	plain, err := seal.Open(nil, nil, sealed, []byte(v.cookie))
	if err != nil {
		return "", false
	}
	return string(bytes.TrimRight(plain, "\x00")), true
}

// soughtSeal is AES-256 in GCM, whose random nonce begins what it seals.
func (a *App) soughtSeal() (cipher.AEAD, error) {
	block, err := aes.NewCipher(a.keyed("sought"))
	if err != nil {
		return nil, fmt.Errorf("make the seal of searches: %w", err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make the seal of searches: %w", err)
	}
	return seal, nil
}
