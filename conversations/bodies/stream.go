package bodies

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"

	"mesbridge/conversations"
)

// segmentBytes is the size of the pieces in which a file is sealed: each is authenticated before any
// of it is given out, so that many bytes are held at a time, sealed and open.
const segmentBytes = 64 << 10

// streaming is AES-256-GCM in segments under a key derived for each file; segments can neither be
// reordered nor left out, and the last one is marked.
func streaming(key conversations.DataKey) (*subtle.AESGCMHKDF, error) {
	return subtle.NewAESGCMHKDF(key[:], "SHA256", len(key), segmentBytes, 0)
}

// sealing begins to write a body in segments, and seals what is written until it is closed.
func sealing(w io.Writer, n name, key conversations.DataKey) (io.WriteCloser, error) {
	if _, err := w.Write([]byte{recordVersion}); err != nil {
		return nil, err
	}
	cipher, err := streaming(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewEncryptingWriter(w, n.bound())
}

// openSealed reads what sealing wrote. Closing the body closes the source; a failure leaves that to the
// caller.
func openSealed(from io.ReadCloser, n name, key conversations.DataKey) (io.ReadCloser, error) {
	b := &largeBody{source: source{ReadCloser: from}}
	var version [1]byte
	if _, err := io.ReadFull(&b.source, version[:]); err != nil || version[0] != recordVersion {
		return nil, b.source.verdict()
	}
	cipher, err := streaming(key)
	if err != nil {
		return nil, err
	}
	if b.body, err = cipher.NewDecryptingReader(&b.source, n.bound()); err != nil {
		return nil, b.source.verdict()
	}
	return b, nil
}

// source remembers why sealed bytes could not be read. The cipher takes any failure for an alteration, and
// some for the end.
type source struct {
	io.ReadCloser
	err error
}

// Read gives the next sealed bytes.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// verdict says why what was read does not open: it could not be read, or it is altered.
func (s *source) verdict() error {
	if s.err != nil {
		return fmt.Errorf("read body: %w", s.err)
	}
	return ErrAltered
}

// largeBody reads a body segment by segment.
type largeBody struct {
	source source
	body   io.Reader
	err    error
	close  sync.Once
}

// Read gives the next authenticated bytes. Its first error stays: the cipher itself reports the end of
// the file when it is read again after a last segment that did not open.
func (b *largeBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.body.Read(p)
	switch {
	case err == nil || errors.Is(err, io.EOF) && b.source.err == nil:
		b.err = err
	default:
		b.err = b.source.verdict()
	}
	return n, b.err
}

// Close closes the source. A second time it does nothing.
func (b *largeBody) Close() (err error) {
	b.close.Do(func() { err = b.source.Close() })
	return err
}
