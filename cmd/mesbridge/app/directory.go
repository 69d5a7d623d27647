package app

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"mesbridge/bridge/directory"
	"mesbridge/bridge/directory/fhir"
	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/fetch"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations"
)

// Periods of the directory.
const (
	directoryEvery = 24 * time.Hour // the file is read again (O139)
	directoryRetry = time.Minute    // after a failure of the API; doubled with each further one
)

// keptDirectory is the folder of a data directory that keeps the copy of what the API told.
const keptDirectory = "directory"

// mailboxes is the table of mailboxes with what keeps it fresh.
type mailboxes struct {
	table directory.Table
	file  string
	copy  *fhir.Copy // nil: the API is not asked
	wake  chan struct{}

	fill   sync.Mutex   // one load at a time
	loaded atomic.Int64 // Unix time when the file was last read; 0: never
	asked  *prometheus.CounterVec
}

// openDirectory loads the table of mailboxes, when there is one, and keeps it fresh. A file that cannot be read
// keeps the bridge from starting; the API never does, and nothing that is accepted waits for it (O139).
func (a *App) openDirectory(ctx context.Context) error {
	d := &a.directory
	d.file, d.wake = string(a.Config.Directory.File), make(chan struct{}, 1)
	d.asked = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "mesbridge_directory_refreshes_total", Help: "Attempts to have newer mailboxes, by source and outcome.",
	}, []string{"source", "outcome"})
	if err := a.metrics.Register(d); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	if err := a.openDirectoryCopy(ctx); err != nil {
		return err
	}
	if err := a.fillDirectory(ctx); err != nil {
		return err
	}
	if d.file != "" {
		a.every("directory", directoryEvery, a.fillDirectory)
	}
	if d.copy != nil {
		fetch.Wake(d.wake)
		pace := fetch.Pace{Every: a.Config.Directory.FHIR.Every, Retry: directoryRetry}
		a.loop("directory api", func(ctx context.Context) error {
			fetch.Repeat(ctx, pace, d.wake, a.refreshDirectory)
			return nil
		})
	}
	return nil
}

// openDirectoryCopy opens the copy of what the API told, when the API is asked at all.
func (a *App) openDirectoryCopy(ctx context.Context) error {
	c := a.Config.Directory.FHIR
	if c.URL == "" {
		return nil
	}
	client, err := directoryClient(c)
	if err != nil {
		return err
	}
	a.onStop("connections to the directory", time.Second, func(context.Context) error { client.Close(); return nil })
	a.directory.copy, err = fhir.Open(filepath.Join(a.Config.DataDir, keptDirectory), client, time.Now, a.Log.With("part", "directory"))
	if err != nil {
		a.Log.ErrorContext(ctx, "the copy of the directory cannot be opened; names come from the file and from messages", "error", err)
		a.directory.copy = nil
	}
	return nil
}

// directoryClient makes the client of the API.
func directoryClient(c config.DirectoryFHIR) (*fhir.Client, error) {
	key, err := c.Key.Read()
	if err != nil {
		return nil, fmt.Errorf("read the key of the directory: %w", err)
	}
	var roots *x509.CertPool
	if c.Roots != "" {
		believed, err := trust.LoadAuthorities(string(c.Roots))
		if err != nil {
			return nil, fmt.Errorf("read the roots of the directory's server: %w", err)
		}
		roots = x509.NewCertPool()
		for _, one := range believed {
			roots.AddCert(one)
		}
	}
	return fhir.NewClient(fhir.ClientOptions{
		Base: c.URL, Key: string(bytes.TrimSpace(key)), Roots: roots, PerSecond: c.PerSecond, Now: time.Now,
	})
}

// fillDirectory makes the table anew from what is on disk: the copy of what the API told, completed by the file, or
// the file alone.
func (a *App) fillDirectory(ctx context.Context) error {
	d := &a.directory
	d.fill.Lock()
	defer d.fill.Unlock()
	sum, err := d.load()
	if err != nil && d.copy != nil && d.copy.Damaged(err) {
		a.Log.WarnContext(ctx, "the copy of the directory is damaged and is made anew", "error", err)
		fetch.Wake(d.wake)
		sum, err = d.load()
	}
	if err != nil {
		d.count("file", err)
		return fmt.Errorf("read the directory: %w", err)
	}
	d.count("file", nil)
	if sum.Mailboxes > 0 {
		a.Log.InfoContext(ctx, "directory loaded", "mailboxes", sum.Mailboxes, "skipped", sum.Skipped)
	}
	return nil
}

// load reads what is on disk into the table.
func (d *mailboxes) load() (directory.Summary, error) {
	var file io.Reader
	if d.file != "" {
		f, err := os.Open(d.file)
		if err != nil {
			return directory.Summary{}, err
		}
		defer f.Close() //nolint:errcheck // only read
		file = f
	}
	began := time.Now()
	var sum directory.Summary
	var err error
	switch entries := d.told(); {
	case entries != nil:
		sum, err = d.table.Replace(entries, file)
	case file != nil:
		sum, err = d.table.Load(file)
	default:
		return directory.Summary{}, nil
	}
	if err == nil && file != nil {
		d.loaded.Store(began.Unix())
	}
	return sum, err
}

// told lists what the API told; nil: nothing yet.
func (d *mailboxes) told() iter.Seq2[directory.Entry, error] {
	if d.copy == nil {
		return nil
	}
	return d.copy.Entries()
}

// refreshDirectory asks the API what is new.
func (a *App) refreshDirectory(ctx context.Context) error {
	changed, err := a.directory.copy.Refresh(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	a.directory.count("api", err)
	if err != nil {
		a.Log.WarnContext(ctx, "directory not refreshed; what is in service stays", "error", err)
		return err
	}
	if !changed {
		return nil
	}
	if err := a.fillDirectory(ctx); err != nil {
		a.Log.ErrorContext(ctx, "directory not loaded; what is in service stays", "error", err)
		return err
	}
	return nil
}

// count counts an attempt.
func (d *mailboxes) count(source string, err error) {
	outcome := "success"
	if err != nil {
		outcome = "failed"
	}
	d.asked.WithLabelValues(source, outcome).Inc()
}

// Describe implements prometheus.Collector. The metrics have no fixed set of labels, so none is announced.
func (*mailboxes) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector. No label names a person, a mailbox or a structure.
func (d *mailboxes) Collect(out chan<- prometheus.Metric) {
	d.asked.Collect(out)
	send := func(desc *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	send(gauge("mesbridge_directory_mailboxes", "Mailboxes in the table in service."), float64(d.table.Len()))
	confirmed := gauge("mesbridge_directory_confirmed_seconds", "When the source was last read whole; 0: never.", "source")
	send(confirmed, float64(d.loaded.Load()), "file")
	if d.copy != nil {
		send(confirmed, unixOrZero(d.copy.Checked()), "api")
	}
}

// unixOrZero is an instant in seconds, 0 for none.
func unixOrZero(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}

// book is the conversations.Directory of a bridge: names from the table, trust from the white list.
type book struct{ a *App }

// Mailbox returns what the table knows of an address.
func (b book) Mailbox(at conversations.Address) conversations.Mailbox {
	return b.a.directory.table.Mailbox(at)
}

// Held lists the mailboxes of a person by the directory (I120).
func (b book) Held(person string) []conversations.Mailbox { return b.a.directory.table.Held(person) }

// Trusted reports whether the white list in service holds the domain, whatever its age: this tells
// whether a correspondent is gone (O45), not whether mail is accepted.
func (b book) Trusted(domain string) bool { return b.a.lists.InService().Listed(domain) }

// Search lists mailboxes by name, profession, speciality and place (I208). One outside the trust space, to which
// nothing could be sent, is left out, so that a page may be shorter than asked.
func (b book) Search(q conversations.MailboxQuery, cursor string, limit int) ([]conversations.Mailbox, string, error) {
	found, next, err := b.a.directory.table.Search(q, cursor, limit)
	return slices.DeleteFunc(found, func(m conversations.Mailbox) bool { return !b.Trusted(m.Address.Domain) }), next, err
}
