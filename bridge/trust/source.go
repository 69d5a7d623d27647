package trust

import (
	"context"
	"os"
	"time"

	"mesbridge/bridge/trust/fetch"
)

// Source is where lists come from: [FileSource] or [WebSource].
type Source interface {
	// get returns the newest bytes, or that those of mark are the newest, and when that was confirmed.
	get(ctx context.Context, mark fetch.Validators, now func() time.Time) (fetch.Document, time.Time, error)
	// remote reports whether an answer may be long in coming.
	remote() bool
}

// FileSource is a file that somebody else keeps fresh. Its modification time is when its bytes were last
// confirmed: whoever fetches the list touches it even when nothing changed.
type FileSource string

func (f FileSource) remote() bool { return false }

func (f FileSource) get(context.Context, fetch.Validators, func() time.Time) (fetch.Document, time.Time, error) {
	info, err := os.Stat(string(f))
	if err != nil {
		return fetch.Document{}, time.Time{}, err
	}
	if err := checkSize(info.Size()); err != nil {
		return fetch.Document{}, time.Time{}, &VerifyError{StepSize, err}
	}
	data, err := os.ReadFile(string(f))
	return fetch.Document{Data: data}, info.ModTime(), err
}

// WebSource is the publisher's server (O10), asked with the validators of the list in service.
type WebSource struct {
	URL    string
	Client *fetch.Client // with the roots of that server (O11)
}

func (w WebSource) remote() bool { return true }

func (w WebSource) get(ctx context.Context, mark fetch.Validators, now func() time.Time) (fetch.Document, time.Time, error) {
	d, err := w.Client.Get(ctx, w.URL, mark)
	return d, now(), err
}
