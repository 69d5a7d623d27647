package objects

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"

	"github.com/minio/minio-go/v7"
)

// Content is what an object is to hold. The reader can go back, so that a call can be repeated.
type Content struct {
	Reader interface {
		io.ReadSeeker
		io.ReaderAt
	}
	Bytes  int64
	SHA256 [sha256.Size]byte
}

// NewContent is content that is in memory.
func NewContent(text []byte) Content {
	return Content{Reader: bytes.NewReader(text), Bytes: int64(len(text)), SHA256: sha256.Sum256(text)}
}

// FileContent is what a file holds, which stays as it is until it was put.
func FileContent(f *os.File) (Content, error) {
	h := sha256.New()
	n, err := io.Copy(h, io.NewSectionReader(f, 0, math.MaxInt64))
	if err != nil {
		return Content{}, fmt.Errorf("read file: %w", err)
	}
	return Content{Reader: io.NewSectionReader(f, 0, n), Bytes: n, SHA256: [sha256.Size]byte(h.Sum(nil))}, nil
}

// hashField is the name under which the server keeps our own hash beside the object. Its own is another one
// for objects in parts or sealed by it.
const hashField = "sha256"

// mostBytes bounds one object: the server takes no more in one request.
const mostBytes = 5 << 30

// Put makes an object, durable on the server when it returns. It fails with [ErrTaken] when the key is
// another object's. The same content again is no failure: a call that is repeated, because its answer was
// lost, finds its own object.
func (b *Bucket) Put(ctx context.Context, key string, c Content) error {
	ctx, cancel := b.limit(ctx)
	defer cancel()
	if c.Bytes > mostBytes {
		return fmt.Errorf("put object: %d bytes are too many", c.Bytes)
	}
	o := minio.PutObjectOptions{
		DisableMultipart: true, // one request: whole or not at all, and nothing to tidy up
		UserMetadata: map[string]string{
			"x-amz-checksum-sha256": base64.StdEncoding.EncodeToString(c.SHA256[:]),
			hashField:               hex.EncodeToString(c.SHA256[:]),
		},
	}
	o.SetMatchETagExcept("*")
	_, err := b.client.PutObject(ctx, b.name, key, c.Reader, c.Bytes, o)
	switch {
	case err == nil:
		return nil
	case code(err) != minio.PreconditionFailed:
		return fmt.Errorf("put object: %w", told(ctx, err))
	}
	return b.ours(ctx, key, c)
}

// ours reports, as an error, that the object under a key is not c.
func (b *Bucket) ours(ctx context.Context, key string, c Content) error {
	info, err := b.client.StatObject(ctx, b.name, key, minio.StatObjectOptions{})
	if err != nil {
		return fmt.Errorf("look at the object in the way: %w", told(ctx, err))
	}
	for name, value := range info.UserMetadata {
		if http.CanonicalHeaderKey(name) == http.CanonicalHeaderKey(hashField) && value == hex.EncodeToString(c.SHA256[:]) {
			return nil
		}
	}
	return ErrTaken
}
