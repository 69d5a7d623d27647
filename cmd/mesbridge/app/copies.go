package app

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/objects"
)

// journalPrefix begins the keys of the copies of archives in a bucket.
const journalPrefix = "journal/"

// journalShelf keeps copies of archives in a bucket.
type journalShelf struct{ bucket *objects.Bucket }

// Put implements archive.Shelf.
func (s journalShelf) Put(ctx context.Context, folder, name string, f *os.File) error {
	c, err := objects.FileContent(f)
	if err != nil {
		return err
	}
	return s.bucket.Put(ctx, journalPrefix+folder+"/"+name, c)
}

// Has implements archive.Shelf.
func (s journalShelf) Has(ctx context.Context, folder, name string) (bool, error) {
	return s.bucket.Has(ctx, journalPrefix+folder+"/"+name)
}

// Sweep implements archive.Shelf.
func (s journalShelf) Sweep(ctx context.Context, folder string, gone func(name string) bool) error {
	prefix := journalPrefix + folder + "/"
	var keys []string
	err := s.bucket.List(ctx, prefix, func(o objects.Object) (bool, error) {
		if gone(strings.TrimPrefix(o.Key, prefix)) {
			keys = append(keys, o.Key)
		}
		return true, nil
	})
	for _, key := range keys {
		if err == nil {
			err = s.bucket.Remove(ctx, key)
		}
	}
	return err
}

// copyArchive copies what is sealed to the bucket, where there is one. What fails is copied with the next
// round: the archive itself is on our disk.
func (a *App) copyArchive(ctx context.Context) {
	if a.mirror == nil {
		return
	}
	if err := a.mirror.Copy(ctx); err != nil {
		a.Log.WarnContext(ctx, "journal sealed, and not copied to the bucket yet", "error", err)
	}
}

// fillMissing takes over from the archives in the bucket what redis has forgotten and this journal lacks: this
// bridge is new, or was away for too long. It does nothing when the trouble is another one: then redis itself
// is not to be trusted.
func (a *App) fillMissing(ctx context.Context, faults []journal.Fault) (taken int, err error) {
	for _, f := range faults {
		if f.Trouble != journal.Missing {
			return 0, nil
		}
	}
	return a.fillFromBucket(ctx)
}

// fillFromBucket takes over what this journal lacks from the archives in the bucket, where there is one. It
// believes those alone that are signed with our key.
func (a *App) fillFromBucket(ctx context.Context) (taken int, err error) {
	if a.bucket == nil {
		return 0, nil
	}
	copies, err := openCopies(ctx, a.bucket)
	if err != nil {
		return 0, err
	}
	for folder, files := range copies {
		ours, err := a.archive.SignedBy(files)
		if err != nil {
			return taken, err
		}
		if !ours {
			a.Log.WarnContext(ctx, "an archive in the bucket is signed with another key; give all bridges the same journal.signingKey", "folder", folder)
			continue
		}
		n, err := archive.Fill(ctx, files, a.trail)
		taken += n
		if err != nil {
			return taken, fmt.Errorf("take over from archive %s: %w", folder, err)
		}
	}
	return taken, nil
}

// openCopies returns the archives that are in a bucket, by the names of their folders.
func openCopies(ctx context.Context, bucket *objects.Bucket) (map[string]fs.FS, error) {
	folders, err := bucket.Folders(ctx, journalPrefix)
	if err != nil {
		return nil, fmt.Errorf("list archives: %w", err)
	}
	all := map[string]fs.FS{}
	for _, f := range folders {
		all[f] = bucket.Files(ctx, journalPrefix+f+"/")
	}
	return all, nil
}

// Copies returns the archives in the bucket of the settings, by the names of their folders.
func Copies(ctx context.Context, settings config.Config) (map[string]fs.FS, error) {
	a := &App{Options: Options{Config: settings}}
	if err := a.openBucket(ctx); err != nil {
		return nil, err
	}
	if a.bucket == nil {
		return nil, SettingsError{fmt.Errorf("the settings name no bucket: store.kind is %s", settings.Store.Kind)}
	}
	return openCopies(ctx, a.bucket)
}
