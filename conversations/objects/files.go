package objects

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// Files shows the objects under a prefix, which ends with a slash, as files of one directory. Ctx is that of
// every call. Files can seek.
func (b *Bucket) Files(ctx context.Context, prefix string) fs.FS {
	return files{ctx: ctx, bucket: b, prefix: prefix}
}

// files is a directory without others in it.
type files struct {
	ctx    context.Context // of a command, or of a start, which reads
	bucket *Bucket
	prefix string
}

var (
	_ fs.ReadDirFS = files{}
	_ fs.StatFS    = files{}
)

// Open opens a file.
func (f files) Open(name string) (fs.File, error) {
	info, err := f.Stat(name)
	if err != nil {
		return nil, err
	}
	return &file{files: f, info: info}, nil
}

// Stat describes a file.
func (f files) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) || strings.Contains(name, "/") || name == "." {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	ctx, cancel := f.bucket.limit(f.ctx)
	defer cancel()
	o, err := f.bucket.client.StatObject(ctx, f.bucket.name, f.prefix+name, minio.StatObjectOptions{})
	switch {
	case code(err) == minio.NoSuchKey:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case err != nil:
		return nil, &fs.PathError{Op: "open", Path: name, Err: told(ctx, err)}
	}
	return info{name: name, bytes: o.Size, at: o.LastModified}, nil
}

// ReadDir lists the directory, which is ".".
func (f files) ReadDir(name string) (list []fs.DirEntry, err error) {
	if name != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	err = f.bucket.List(f.ctx, f.prefix, func(o Object) (bool, error) {
		list = append(list, fs.FileInfoToDirEntry(info{name: strings.TrimPrefix(o.Key, f.prefix), bytes: o.Bytes, at: o.At}))
		return true, nil
	})
	return list, err
}

// Folders lists the names that stand between a prefix, which ends with a slash, and the next slash.
func (b *Bucket) Folders(ctx context.Context, prefix string) (names []string, err error) {
	err = b.walk(ctx, minio.ListObjectsOptions{Prefix: prefix}, func(o minio.ObjectInfo) (bool, error) {
		if strings.HasSuffix(o.Key, "/") {
			names = append(names, path.Base(o.Key))
		}
		return true, nil
	})
	return slices.Compact(names), err
}

// file reads one object from where it stands.
type file struct {
	files files
	info  fs.FileInfo
	at    int64
	body  io.ReadCloser // nil: nothing is read yet
}

// Stat describes the file.
func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }

// Seek moves to a place; the next Read asks the server for what follows.
func (f *file) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.at
	case io.SeekEnd:
		offset += f.info.Size()
	}
	if offset < 0 {
		return f.at, errors.New("seek: before the start")
	}
	err := f.Close()
	f.at = offset
	return f.at, err
}

// Read gives the next bytes.
func (f *file) Read(p []byte) (n int, err error) {
	if f.at >= f.info.Size() {
		return 0, io.EOF
	}
	if f.body == nil {
		if f.body, err = f.files.bucket.get(f.files.ctx, f.files.prefix+f.info.Name(), f.at); err != nil {
			return 0, fmt.Errorf("read %s: %w", f.info.Name(), err)
		}
	}
	n, err = f.body.Read(p)
	f.at += int64(n)
	return n, err
}

// Close ends the download that is under way.
func (f *file) Close() error {
	body := f.body
	f.body = nil
	if body == nil {
		return nil
	}
	return body.Close()
}

// info describes an object.
type info struct {
	name  string
	bytes int64
	at    time.Time
}

// Name implements fs.FileInfo.
func (i info) Name() string { return i.name }

// Size implements fs.FileInfo.
func (i info) Size() int64 { return i.bytes }

// Mode implements fs.FileInfo.
func (i info) Mode() fs.FileMode { return 0o400 }

// ModTime implements fs.FileInfo.
func (i info) ModTime() time.Time { return i.at }

// IsDir implements fs.FileInfo.
func (i info) IsDir() bool { return false }

// Sys implements fs.FileInfo.
func (i info) Sys() any { return nil }
