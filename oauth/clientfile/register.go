package clientfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"mesbridge/oauth"
	"mesbridge/oauth/sharedfile"
)

// Register answers from the file, which it reads again whenever it was replaced. A file that is not
// there is an empty list. It is safe for concurrent use.
type Register struct {
	path string
	now  func() time.Time
	log  *slog.Logger

	mu   sync.Mutex
	seen fs.FileInfo // of the file in all; nil: there was none
	all  stored
	err  error // why the file in place cannot be used
}

var _ oauth.Clients = (*Register)(nil)

// Open reads the file, and fails when it cannot be used: a fault is better told at the start.
func Open(path string, now func() time.Time, log *slog.Logger) (*Register, error) {
	r := &Register{path: path, now: now, log: log}
	_, err := r.current()
	return r, err
}

// Client gives the client with this id and the secrets that count now; see [oauth.Clients].
func (r *Register) Client(_ context.Context, id string) (oauth.Client, error) {
	record, err := r.record(id)
	if err != nil {
		return oauth.Client{}, err
	}
	return record.client(r.now())
}

// Mailboxes lists the addresses that an application may act for; none when it is not known, or when
// that cannot be told.
func (r *Register) Mailboxes(id string) []string {
	record, err := r.record(id)
	if err != nil {
		return nil
	}
	return record.Mailboxes
}

func (r *Register) record(id string) (Record, error) {
	all, err := r.current()
	if err != nil {
		return Record{}, fmt.Errorf("%w: %w", oauth.ErrUnavailable, err)
	}
	i := slices.IndexFunc(all.Clients, func(c Record) bool { return c.ID == id })
	if i < 0 {
		return Record{}, oauth.ErrUnknownClient
	}
	return all.Clients[i], nil
}

// current gives the file's content. Looking costs a few microseconds; reading happens after a change.
func (r *Register) current() (stored, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	info, err := os.Stat(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.seen, r.all, r.err = nil, stored{}, nil
		return r.all, nil
	case err != nil:
		return stored{}, fmt.Errorf("look at the clients: %w", err)
	case sharedfile.Same(r.seen, info):
		return r.all, r.err
	}
	text, err := os.ReadFile(r.path)
	if err != nil {
		return stored{}, fmt.Errorf("read clients: %w", err)
	}
	r.seen = info
	if r.all, r.err = decode(text); r.err != nil {
		r.log.Error("the file of OAuth clients cannot be used; none of its clients is served until it is mended", "error", r.err)
	}
	return r.all, r.err
}
