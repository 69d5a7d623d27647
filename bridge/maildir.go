package bridge

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"time"

	"mesbridge/conversations"
)

// Maildir is a mailbox of files that people read with software of their own. It is safe for concurrent
// use, also by several processes.
type Maildir struct{ root *os.Root }

// NewMaildir makes the three directories of a Maildir below root, which stays the caller's.
func NewMaildir(root *os.Root) (*Maildir, error) {
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := root.MkdirAll(sub, 0o700); err != nil {
			return nil, fmt.Errorf("make maildir: %w", err)
		}
	}
	return &Maildir{root}, nil
}

// Create begins a message in tmp. Commit files it in new, so that a reader of new only ever sees whole
// messages, and what was acknowledged survives a power cut.
func (m *Maildir) Create(now time.Time) (conversations.BodyWriter, error) {
	name := fmt.Sprintf("%d.%s.mesbridge", now.UnixMicro(), rand.Text())
	f, err := m.root.OpenFile(path.Join("tmp", name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin message: %w", err)
	}
	return &maildirMessage{File: f, root: m.root, name: name}, nil
}

// maildirMessage is a message that is being written.
type maildirMessage struct {
	*os.File
	root  *os.Root
	name  string
	filed bool
}

// Commit implements conversations.BodyWriter.
func (m *maildirMessage) Commit() error {
	if err := errors.Join(m.Sync(), m.Close()); err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	if err := m.root.Rename(path.Join("tmp", m.name), path.Join("new", m.name)); err != nil {
		return fmt.Errorf("file message: %w", err)
	}
	m.filed = true
	d, err := m.root.Open("new")
	if err != nil {
		return fmt.Errorf("open maildir: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync maildir: %w", err)
	}
	return nil
}

// Abort implements conversations.BodyWriter.
func (m *maildirMessage) Abort() error {
	if m.filed {
		return nil
	}
	_ = m.Close() // it may be closed already
	if err := m.root.Remove(path.Join("tmp", m.name)); err != nil {
		return fmt.Errorf("drop message: %w", err)
	}
	return nil
}
