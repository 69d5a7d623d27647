package bodies

import (
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

func (s *Store) path(n name) string {
	return s.db.Path(bodyDir, n.patient[:2], n.patient+"."+n.body)
}

// makeDirs makes the directories, durably, when they are not there.
func (s *Store) makeDirs() error {
	dir := s.db.Path(bodyDir)
	for shard := range 256 {
		if err := s.files.MkdirAll(s.files.PathJoin(dir, fmt.Sprintf("%02x", shard)), 0o700); err != nil {
			return err
		}
	}
	return localdb.SyncDir(s.files, dir)
}

// unfinishedFile is a body file that is being written.
type unfinishedFile struct {
	io.WriteCloser // seals what is written
	store          *Store
	name           name
	file           vfs.File
}

// createFile starts the file of a body.
func (s *Store) createFile(n name, key conversations.DataKey) (*unfinishedFile, error) {
	file, err := s.drafts.create(n)
	if err != nil {
		return nil, err
	}
	u := &unfinishedFile{store: s, name: n, file: file}
	if u.WriteCloser, err = sealing(file, n, key); err != nil {
		return nil, errors.Join(err, u.drop())
	}
	return u, nil
}

// commit makes the file durable under its name. Its record, with the mark by which Collect finds it,
// is durable before the name appears: no crash leaves a file that nothing knows of. File and record are
// synced at the same time, which is one wait for the disk less; a crash may leave the record alone, which
// Collect removes like that of any body that nothing refers to.
func (u *unfinishedFile) commit(mark []byte) error {
	s := u.store
	if err := u.Close(); err != nil {
		return errors.Join(fmt.Errorf("write last segment: %w", err), u.drop())
	}
	synced := make(chan error, 1)
	go func() { synced <- u.file.Sync() }()
	recorded := s.db.Sync(func(b *pebble.Batch) error {
		return errors.Join(b.Set(mark, nil, nil), b.Set(u.name.key(), []byte{recordVersion, byte(inFile)}, nil))
	})
	if err := <-synced; err != nil {
		s.db.Fail(fmt.Errorf("sync body file: %w", err))
		return s.db.Err()
	}
	if recorded != nil {
		return errors.Join(recorded, u.drop())
	}
	if err := u.file.Close(); err != nil {
		return errors.Join(err, s.remove(u.name, mark))
	}
	if err := s.files.Rename(s.drafts.path(u.name), s.path(u.name)); err != nil {
		return errors.Join(err, s.remove(u.name, mark))
	}
	if err := localdb.SyncDir(s.files, s.files.PathDir(s.path(u.name))); err != nil {
		s.db.Fail(fmt.Errorf("sync body directory: %w", err))
		return s.db.Err()
	}
	return nil
}

// drop removes the file.
func (u *unfinishedFile) drop() error {
	return errors.Join(u.file.Close(), u.store.drafts.remove(u.name))
}

// openFile reads the file of a body.
func (s *Store) openFile(n name, key conversations.DataKey) (io.ReadCloser, error) {
	file, err := s.files.Open(s.path(n), vfs.SequentialReadsOption)
	if err != nil {
		return nil, err
	}
	body, err := openSealed(file, n, key)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return body, nil
}
