package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/archive"
	"mesbridge/conversations/journal"
	"mesbridge/conversations/keystore"
	"mesbridge/web"
)

// Files of the journal beside the local database.
const (
	archiveFolder  = "journal"
	signingKeyFile = "signing.key"
)

// ArchiveDir is where a bridge with that data directory keeps its archive.
func ArchiveDir(dataDir string) string { return filepath.Join(dataDir, localFolder, archiveFolder) }

// openJournal opens the data keys, the journal and its archive.
func (a *App) openJournal(ctx context.Context) error {
	for _, step := range []func(context.Context) error{a.openBucket, a.openKeys, a.openTrail, a.openArchive} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// openKeys opens the data keys.
func (a *App) openKeys(ctx context.Context) error {
	master, err := keystore.ReadMasterKey(string(a.Config.Keys.Master))
	if err != nil {
		return fmt.Errorf("read the master key: %w", err)
	}
	if a.keys, err = a.keyStore(ctx, master); err != nil {
		return fmt.Errorf("open the data keys: %w", err)
	}
	a.loop("data keys", func(ctx context.Context) error { a.keys.Run(ctx); return nil })
	return nil
}

// openTrail opens the journal.
func (a *App) openTrail(context.Context) (err error) {
	a.trail, err = journal.Open(a.local)
	return err
}

// registerEvery is how often a bridge says that it is there, on a shared store.
const registerEvery = time.Hour

// catchUp takes over what only the store has. Where the store is shared, no other bridge lets go of it
// meanwhile.
func (a *App) catchUp(ctx context.Context) (int, []journal.Fault, error) {
	if a.shared() {
		if err := a.trail.Register(ctx, a.store); err != nil {
			return 0, nil, err
		}
	}
	return a.trail.CatchUp(ctx, a.store)
}

// keep keeps the journal and the store's stream in step, and on a shared store takes over what other bridges
// wrote.
func (a *App) keep(ctx context.Context) error {
	var err error
	if a.shared() {
		_, err = a.trail.Follow(ctx, a.store)
	}
	return errors.Join(err, a.trail.Keep(ctx, a.store))
}

// openArchive opens the archive of the journal, making the signing key when none is named.
func (a *App) openArchive(context.Context) error {
	path, read := string(a.Config.Journal.SigningKey), archive.ReadKey
	if path == "" {
		path, read = a.local.Path(signingKeyFile), archive.MakeKey
	}
	key, err := read(path)
	if err != nil {
		return err
	}
	if a.archive, err = archive.Open(a.local.Path(archiveFolder), a.trail, key, time.Now); err != nil {
		return fmt.Errorf("open the archive of the journal: %w; run mesbridge audit verify", err)
	}
	if a.bucket != nil {
		a.mirror = archive.NewMirror(a.archive, journalShelf{a.bucket})
	}
	return nil
}

// seal seals what is new. A file that could not be written is a failure of the disk like any other: what
// it holds is unknown.
func (a *App) seal(ctx context.Context) error {
	entries, err := a.archive.Round(ctx)
	if err == nil && entries > 0 {
		number, _ := a.archive.Head()
		a.Log.DebugContext(ctx, "journal sealed", "entries", entries, "manifest", number)
	}
	if err == nil {
		a.copyArchive(ctx)
	}
	return err
}

// operations are health, metrics, the sealing of the journal on demand, by which the commands of audit know the
// end of the archive of a running bridge, and the life events that an agent brings in.
func (a *App) operations() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", web.Operations(a.probed, a.metrics))
	mux.HandleFunc("POST /journal/round", a.roundNow)
	mux.HandleFunc("POST "+eventPath, sealedCall(a, a.answerEvent))
	mux.HandleFunc("POST "+actPath, sealedCall(a, a.answerAct))
	return mux
}

// Head is the answer to a round on demand: the end of the archive.
type Head struct {
	Number   uint64 `json:"number"`
	Manifest string `json:"manifest"`
	Waiting  uint64 `json:"-"` // entries that are not sealed yet
}

// roundNow seals, and traces who asks for it: trace consultation and export are traced themselves (O155).
func (a *App) roundNow(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Query().Get("act") {
	case "export":
		a.Conversations.Trace(r.Context(), conversations.Event{Kind: conversations.TraceExport, Actor: conversations.ActorSystem})
	case "verify":
		a.Conversations.Trace(r.Context(), conversations.Event{Kind: conversations.TraceVerify, Actor: conversations.ActorSystem})
	}
	if err := a.seal(r.Context()); err != nil {
		a.Log.ErrorContext(r.Context(), "journal not sealed", "error", err)
		http.Error(w, "not sealed", http.StatusServiceUnavailable)
		return
	}
	number, manifest := a.archive.Head()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(Head{Number: number, Manifest: manifest}) // a caller who left needs nothing
}
