package bodies

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations/localdb"
	"mesbridge/conversations/objects"
)

// Directories under the data directory: one for each shard of patients, and one for files that nobody
// may read yet.
const (
	bodyDir       = "bodies"
	unfinishedDir = "unfinished"
)

// drafts are the files of bodies that are being written.
type drafts struct{ db *localdb.DB }

// open makes the directory, durably, and drops what a crash left in it. The lock of the database keeps other
// writers out.
func (d drafts) open() error {
	files, dir := d.db.FS(), d.db.Path(bodyDir, unfinishedDir)
	if err := localdb.MakeDir(files, dir); err != nil {
		return fmt.Errorf("make body directories: %w", err)
	}
	left, err := files.List(dir)
	if err != nil {
		return fmt.Errorf("drop unfinished bodies: %w", err)
	}
	for _, file := range left {
		if err := files.Remove(files.PathJoin(dir, file)); err != nil {
			return fmt.Errorf("drop unfinished bodies: %w", err)
		}
	}
	return nil
}

func (d drafts) path(n name) string { return d.db.Path(bodyDir, unfinishedDir, n.patient+"."+n.body) }

// create starts a file.
func (d drafts) create(n name) (vfs.File, error) {
	if err := d.db.Err(); err != nil {
		return nil, err
	}
	return d.db.FS().Create(d.path(n), vfs.WriteCategoryUnspecified)
}

func (d drafts) remove(n name) error { return d.db.FS().Remove(d.path(n)) }

// draft takes the sealed bytes of one body that goes elsewhere once it is whole: into memory, and into a
// file once they are too many.
type draft struct {
	drafts drafts
	name   name
	buf    []byte
	file   vfs.File // nil: all is in buf
	bytes  int64
	sum    hash.Hash
}

// Write takes the next bytes.
func (d *draft) Write(p []byte) (int, error) {
	if d.file == nil && len(d.buf)+len(p) > maxInline {
		var err error
		if d.file, err = d.drafts.create(d.name); err != nil {
			return 0, err
		}
		if _, err := d.file.Write(d.buf); err != nil {
			return 0, err
		}
		d.buf = nil
	}
	if d.sum == nil {
		d.sum = sha256.New()
	}
	d.sum.Write(p)
	d.bytes += int64(len(p))
	if d.file == nil {
		d.buf = append(d.buf, p...)
		return len(p), nil
	}
	return d.file.Write(p)
}

// content is all that was written.
func (d *draft) content() objects.Content {
	c := objects.Content{Bytes: d.bytes, SHA256: [sha256.Size]byte(d.sum.Sum(nil))}
	if d.file == nil {
		c.Reader = bytes.NewReader(d.buf)
	} else {
		c.Reader = io.NewSectionReader(d.file, 0, d.bytes)
	}
	return c
}

// drop removes the file. A second time it does nothing.
func (d *draft) drop() error {
	file := d.file
	d.file, d.buf = nil, nil
	if file == nil {
		return nil
	}
	return errors.Join(file.Close(), d.drafts.remove(d.name))
}
