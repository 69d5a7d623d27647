package localdbtest

import (
	"log/slog"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"mesbridge/conversations/localdb"
)

// Open opens the database in dir of files; nil are those of the system. It is closed with the test: one that needs
// that to succeed closes it itself.
func Open(t testing.TB, files vfs.FS, dir string) *localdb.DB {
	t.Helper()
	db, err := localdb.Open(localdb.Options{Dir: dir, FS: files, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
