package conversations

import (
	"crypto/sha256"
	"hash"
)

// tally counts and hashes the bytes written to it.
type tally struct {
	size int64
	hash hash.Hash
}

func newTally() *tally { return &tally{hash: sha256.New()} }

// Write never fails.
func (t *tally) Write(b []byte) (int, error) {
	t.size += int64(len(b))
	return t.hash.Write(b)
}

func (t *tally) sum() []byte { return t.hash.Sum(nil) }
