package bodies

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations"
	"mesbridge/conversations/localdb"
)

// Directories under the data directory: one for each shard of patients, and one for files that nobody
// may read yet.
const (
	bodyDir       = "bodies"
	unfinishedDir = "unfinished"
)

func (s *Store) path(n name) string {
	return s.db.Path(bodyDir, n.patient[:2], n.patient+"."+n.body)
}

func (s *Store) unfinishedPath(n name) string {
	return s.db.Path(bodyDir, unfinishedDir, n.patient+"."+n.body)
}

// makeDirs makes the directories, durably, when they are not there.
func (s *Store) makeDirs() error {
	dir := s.db.Path(bodyDir)
	if err := localdb.MakeDir(s.files, dir); err != nil {
		return err
	}
	names := []string{unfinishedDir}
	for shard := range 256 {
		names = append(names, fmt.Sprintf("%02x", shard))
	}
	for _, name := range names {
		if err := s.files.MkdirAll(s.files.PathJoin(dir, name), 0o700); err != nil {
			return err
		}
	}
	return localdb.SyncDir(s.files, dir)
}

// dropUnfinished removes the files that a crash left. The lock of the database keeps other writers out.
func (s *Store) dropUnfinished() error {
	dir := s.db.Path(bodyDir, unfinishedDir)
	left, err := s.files.List(dir)
	if err != nil {
		return err
	}
	for _, file := range left {
		if err := s.files.Remove(s.files.PathJoin(dir, file)); err != nil {
			return err
		}
	}
	return nil
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
	if err := s.db.Err(); err != nil {
		return nil, err
	}
	file, err := s.files.Create(s.unfinishedPath(n), vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	u := &unfinishedFile{store: s, name: n, file: file}
	if err := u.start(key); err != nil {
		return nil, errors.Join(err, u.drop())
	}
	return u, nil
}

// start writes what comes before the first sealed byte.
func (u *unfinishedFile) start(key conversations.DataKey) error {
	if _, err := u.file.Write([]byte{recordVersion}); err != nil {
		return err
	}
	cipher, err := streaming(key)
	if err != nil {
		return err
	}
	u.WriteCloser, err = cipher.NewEncryptingWriter(u.file, u.name.bound())
	return err
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
	if err := s.files.Rename(s.unfinishedPath(u.name), s.path(u.name)); err != nil {
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
	return errors.Join(u.file.Close(), u.store.files.Remove(u.store.unfinishedPath(u.name)))
}

// openFile reads the file of a body.
func (s *Store) openFile(n name, key conversations.DataKey) (io.ReadCloser, error) {
	file, err := s.files.Open(s.path(n), vfs.SequentialReadsOption)
	if err != nil {
		return nil, err
	}
	body, err := startReading(file, n, key)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &largeBody{file: file, body: body}, nil
}

// startReading reads what comes before the first sealed byte.
func startReading(file io.Reader, n name, key conversations.DataKey) (io.Reader, error) {
	var version [1]byte
	if _, err := io.ReadFull(file, version[:]); err != nil || version[0] != recordVersion {
		return nil, ErrAltered
	}
	cipher, err := streaming(key)
	if err != nil {
		return nil, err
	}
	body, err := cipher.NewDecryptingReader(file, n.bound())
	if err != nil {
		return nil, ErrAltered // not err: it may be io.EOF, which would pass for a short body
	}
	return body, nil
}

// largeBody reads a body segment by segment.
type largeBody struct {
	file  vfs.File
	body  io.Reader
	err   error
	close sync.Once
}

// Read gives the next authenticated bytes. Its first error stays: the cipher itself reports the end of
// the file when it is read again after a last segment that did not open.
func (b *largeBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.body.Read(p)
	switch {
	case err == nil || errors.Is(err, io.EOF):
		b.err = err
	default:
		b.err = fmt.Errorf("%w: %w", ErrAltered, err)
	}
	return n, b.err
}

// Close closes the file. A second time it does nothing.
func (b *largeBody) Close() (err error) {
	b.close.Do(func() { err = b.file.Close() })
	return err
}
