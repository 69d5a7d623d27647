package objectstest

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// client speaks to the server as an operator's own tools do.
func (s *Server) client(t testing.TB) *minio.Client {
	t.Helper()
	c, err := minio.New(s.addr, &minio.Options{Creds: credentials.NewStaticV4(user, secret, ""), Region: Region})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// EnableVersions has the bucket keep old versions from now on.
func (s *Server) EnableVersions(t testing.TB) {
	t.Helper()
	if err := s.client(t).EnableVersioning(t.Context(), Bucket); err != nil {
		t.Fatal(err)
	}
}

// Hide deletes an object of a bucket with versions: its bytes stay behind a marker.
func (s *Server) Hide(t testing.TB, key string) {
	t.Helper()
	if err := s.client(t).RemoveObject(t.Context(), Bucket, key, minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
}

// Replace writes other bytes under a key, whatever is there, as an attacker or a fault would.
func (s *Server) Replace(t testing.TB, key string, content []byte) {
	t.Helper()
	_, err := s.client(t).PutObject(t.Context(), Bucket, key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// Holds counts the server's files, old versions included, in which a text is.
func (s *Server) Holds(t testing.TB, text string) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Dir(filepath.Dir(s.Dir)), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // a file of the test
		if bytes.Contains(content, []byte(text)) {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
