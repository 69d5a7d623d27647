package operator

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"mesbridge/rules"
)

// maildirs keeps one Maildir for each address below root. It is safe for concurrent use.
type maildirs struct {
	root    *os.Root
	process string // random, so that two processes never choose one name
	count   atomic.Uint64
	full    sync.Map // boxes that take no more mail
}

func (m *maildirs) fill(box string, full bool) {
	if full {
		m.full.Store(box, true)
	} else {
		m.full.Delete(box)
	}
}

func (m *maildirs) isFull(box string) bool {
	_, full := m.full.Load(box)
	return full
}

// boxName reports whether an address may name a directory.
func boxName(address string) bool {
	_, err := rules.ParseAddress(address)
	return err == nil && !strings.ContainsAny(address, `/\`)
}

// deliver writes message to new/ of a box: first into tmp/, synced, then renamed, so that a reader of
// new/ only ever sees whole messages, and what was acknowledged survives a power cut.
func (m *maildirs) deliver(box string, message []byte) error {
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := m.root.MkdirAll(path.Join(box, sub), 0o700); err != nil {
			return fmt.Errorf("make maildir: %w", err)
		}
	}
	name := fmt.Sprintf("%d.%s_%d.mesbridge", time.Now().UnixMicro(), m.process, m.count.Add(1))
	tmp, final := path.Join(box, "tmp", name), path.Join(box, "new", name)
	if err := m.write(tmp, message); err != nil {
		return errors.Join(fmt.Errorf("write message: %w", err), m.root.Remove(tmp))
	}
	if err := m.root.Rename(tmp, final); err != nil {
		return errors.Join(fmt.Errorf("file message: %w", err), m.root.Remove(tmp))
	}
	return m.sync(path.Join(box, "new"))
}

// write makes a durable file of its own.
func (m *maildirs) write(name string, content []byte) error {
	f, err := m.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// sync makes the names in a directory durable.
func (m *maildirs) sync(dir string) error {
	d, err := m.root.Open(dir)
	if err != nil {
		return fmt.Errorf("open maildir: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync maildir: %w", err)
	}
	return nil
}
