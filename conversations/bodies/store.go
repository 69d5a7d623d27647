package bodies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// maxInline is the size, in bytes, from which a body becomes a file of its own: where the database
// starts to be slower than a file and its directory, both synced.
const maxInline = 64 << 10

// ErrAltered means that a stored body is not what was written: a byte changed, the end is missing, or
// the key is not the one that it was sealed with.
var ErrAltered = errors.New("stored body is altered")

// errID means that an id has not the form of ours. It is never a path.
var errID = errors.New("not the id of a body")

// Store is the local engine of [conversations.Bodies]. It is safe for concurrent use.
type Store struct {
	db     *localdb.DB
	files  vfs.FS
	marks  marks
	drafts drafts
	small  sync.Pool // *[]byte of capacity maxInline
}

var _ conversations.Bodies = (*Store)(nil)

// Open returns the bodies of db, making their directories when they are not there and dropping what
// a crash left half-written. Now gives the time at which a body is committed.
func Open(db *localdb.DB, now func() time.Time) (*Store, error) {
	s := &Store{db: db, files: db.FS(), marks: marks{db, now}, drafts: drafts{db}}
	if err := s.drafts.open(); err != nil {
		return nil, err
	}
	if err := s.makeDirs(); err != nil {
		return nil, fmt.Errorf("make body directories: %w", err)
	}
	return s, nil
}

// Create starts a body. Its bytes are kept in memory until they are too many, then in an unfinished
// file; nothing is readable before Commit.
func (s *Store) Create(_ context.Context, p conversations.PatientID, id conversations.ID, key conversations.DataKey) (conversations.BodyWriter, error) {
	n, err := nameOf(p, id)
	if err != nil {
		return nil, err
	}
	taken, err := s.db.Get(n.key(), func([]byte) error { return nil })
	if err != nil {
		return nil, fmt.Errorf("look for body: %w", err)
	}
	if taken {
		return nil, fmt.Errorf("create body: %w: it is taken", errID)
	}
	return &writer{store: s, name: n, data: key, buf: s.buffer()}, nil
}

// Open reads a body from the start. It fails with [conversations.ErrNotFound] when there is none, and
// with [ErrAltered], then or while it is read, when it is not what was written.
func (s *Store) Open(_ context.Context, p conversations.PatientID, id conversations.ID, key conversations.DataKey) (io.ReadCloser, error) {
	n, err := nameOf(p, id)
	if err != nil {
		return nil, conversations.ErrNotFound
	}
	var body io.ReadCloser
	found, err := s.db.Get(n.key(), func(value []byte) error {
		r, err := parseRecord(value)
		switch {
		case err != nil:
			return err
		case r.place == inline:
			body, err = s.unseal(n, key, r.sealed)
			return err
		}
		body, err = s.openFile(n, key)
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("open body: %w", err)
	case !found:
		return nil, conversations.ErrNotFound
	}
	return body, nil
}

// buffer returns an empty buffer for a small body; small takes it back.
func (s *Store) buffer() *[]byte {
	if b, ok := s.small.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, 0, maxInline)
	return &b
}

// name is the place of one body: patient id, then body id.
type name struct {
	patient, body string
}

// nameOf checks that both ids have the form of ours, so that they can stand in a key and a file name.
func nameOf(p conversations.PatientID, id conversations.ID) (name, error) {
	n := name{string(p), string(id)}
	if !isPatient(p) {
		return name{}, errID
	}
	if n.body == "" || len(n.body) > maxBodyID || !all(n.body, isIDChar) {
		return name{}, errID
	}
	return n, nil
}

func isPatient(p conversations.PatientID) bool {
	return len(p) == patientDigits && all(string(p), isHex)
}

// Lengths of the ids, in bytes. A patient id is fixed, so that the two can be told apart again.
const (
	patientDigits = 32
	maxBodyID     = 128
)

func all(s string, ok func(byte) bool) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return !ok(c) })
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }

func isIDChar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_'
}

// key is the key of the body's record.
func (n name) key() []byte { return localdb.Bodies.Key(n.patient, n.body) }

// bound is what the sealed bytes are bound to: moved to another place, they do not open.
func (n name) bound() []byte { return []byte("mesbridge body 1\x00" + n.patient + n.body) }
