package bodies

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"mesbridge/conversations"
)

// gcm is AES-256-GCM with the nonce, drawn at random, in front of the text. One data key seals one
// patient's bodies: far from the 2^32 messages after which a random nonce may repeat (NIST SP 800-38D
// section 8.3).
func gcm(key conversations.DataKey) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// sealInto writes the record of a small body into a batch, sealing it in place.
func sealInto(b *pebble.Batch, n name, key conversations.DataKey, text []byte) error {
	aead, err := gcm(key)
	if err != nil {
		return fmt.Errorf("seal body: %w", err)
	}
	where := n.key()
	op := b.SetDeferred(len(where), recordHead+len(text)+aead.Overhead())
	copy(op.Key, where)
	op.Value[0], op.Value[1] = recordVersion, byte(inline)
	aead.Seal(op.Value[:recordHead], nil, text, n.bound()) //nolint:gosec // the nonce is drawn inside
	return op.Finish()
}

// unseal opens a small body into a buffer of the store, which Close gives back.
func (s *Store) unseal(n name, key conversations.DataKey, sealed []byte) (io.ReadCloser, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, fmt.Errorf("unseal body: %w", err)
	}
	buf := s.buffer()
	text, err := aead.Open((*buf)[:0], nil, sealed, n.bound())
	if err != nil {
		s.small.Put(buf)
		return nil, ErrAltered
	}
	r := &smallBody{store: s, buf: buf}
	r.text.Reset(text)
	return r, nil
}

// smallBody reads a body that was authenticated whole.
type smallBody struct {
	text  bytes.Reader
	close sync.Once
	store *Store
	buf   *[]byte
}

// Read gives the next bytes; none after Close.
func (b *smallBody) Read(p []byte) (int, error) { return b.text.Read(p) }

// Close gives the buffer back.
func (b *smallBody) Close() error {
	b.close.Do(func() {
		b.text.Reset(nil)
		b.store.small.Put(b.buf)
	})
	return nil
}
