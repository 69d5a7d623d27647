package fhir

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"mesbridge/bridge/directory"
	"mesbridge/bridge/trust/fetch"
)

// Periods of a copy.
const (
	// FullEvery is how often all is asked for anew, so that a change that was missed does not stay.
	FullEvery = 7 * 24 * time.Hour
	// MaxAge is how old a copy may become; an older one is not used any more (I94).
	MaxAge = 30 * 24 * time.Hour
	// overlap is how much of the time before the last crawl is asked for again: the server's clock is not ours, and
	// what it indexes it shows later.
	overlap = 2 * time.Hour
)

// ErrShrunk means that the server told less than half of what it told before; that is its failure rather than that of
// half of all professionals.
var ErrShrunk = errors.New("the directory lost more than half of its mailboxes at once; the copy of before stays")

// state is which copy is in service. It is replaced in one step.
type state struct {
	Rows    string    `json:"rows"`    // name of the file
	Since   time.Time `json:"since"`   // from when on changes are asked for
	Full    time.Time `json:"full"`    // when all was asked for
	Checked time.Time `json:"checked"` // when the copy was last known to be whole and new
}

const stateFile = "state.json"

// Copy is a copy of the mailboxes of the directory, on disk. It is safe for concurrent use, but for Refresh, which is
// one task's.
type Copy struct {
	dir    string
	client *Client
	now    func() time.Time
	log    *slog.Logger

	mu    sync.Mutex
	state state
}

// Open opens the copy in a directory of its own, which is made when it is not there. A copy that is too old, or that
// cannot be read, is no copy.
func Open(dir string, client *Client, now func() time.Time, log *slog.Logger) (*Copy, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the copy of the directory: %w", err)
	}
	c := &Copy{dir: dir, client: client, now: now, log: log}
	text, err := os.ReadFile(filepath.Join(dir, stateFile)) //nolint:gosec // our own directory
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the copy of the directory: %w", err)
	}
	var s state
	if json.Unmarshal(text, &s) != nil || s.Rows == "" || s.Rows != filepath.Base(s.Rows) || now().Sub(s.Checked) > MaxAge {
		return c, c.forget()
	}
	if _, err := os.Stat(filepath.Join(dir, s.Rows)); err != nil {
		return c, c.forget()
	}
	c.state = s
	return c, nil
}

// forget drops the copy: the next crawl asks for all.
func (c *Copy) forget() error {
	c.mu.Lock()
	c.state = state{}
	c.mu.Unlock()
	if err := os.Remove(filepath.Join(c.dir, stateFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("forget the copy of the directory: %w", err)
	}
	return c.sweep("")
}

// Checked tells when the copy was last known to be whole and new; zero: there is none.
func (c *Copy) Checked() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.Checked
}

// Entries lists the mailboxes of the copy, and the functions of students (I117), as [directory.Table.Replace] takes
// them; nil when there is no copy.
func (c *Copy) Entries() iter.Seq2[directory.Entry, error] {
	c.mu.Lock()
	name := c.state.Rows
	c.mu.Unlock()
	if name == "" {
		return nil
	}
	return func(yield func(directory.Entry, error) bool) {
		for r, err := range readRows(filepath.Join(c.dir, name)) {
			if err != nil {
				yield(directory.Entry{}, err)
				return
			}
			if !r.entries(func(e directory.Entry) bool { return yield(e, nil) }) {
				return
			}
		}
	}
}

// Damaged forgets a copy that could not be read when its entries were listed.
func (c *Copy) Damaged(err error) bool {
	if !errors.Is(err, errRows) && !errors.Is(err, os.ErrNotExist) {
		return false
	}
	if err := c.forget(); err != nil {
		c.log.Error("the copy of the directory is damaged and cannot be removed", "error", err)
	}
	return true
}

// Refresh brings the copy up to date: by what changed since, or anew when there is no copy or it is a week old. It
// reports whether the mailboxes may be others. After an error the copy is as it was, and the next call goes on where
// this one stopped.
func (c *Copy) Refresh(ctx context.Context) (changed bool, err error) {
	began := c.now()
	c.mu.Lock()
	old := c.state
	c.mu.Unlock()
	run, err := openCrawl(c.client, c.dir, plan(old, began), began)
	if err != nil {
		return false, err
	}
	if !run.Full && old.Rows == "" { // the copy that it was about is gone
		if err := errors.Join(run.close(), run.drop()); err != nil {
			return false, err
		}
		if run, err = openCrawl(c.client, c.dir, plan(old, began), began); err != nil {
			return false, err
		}
	}
	err = run.run(ctx)
	if cerr := run.close(); err == nil {
		err = cerr
	}
	if err != nil {
		if errors.Is(err, ErrTooLarge) && !run.Full { // more changed than is worth following
			err = errors.Join(err, c.fullNext(old))
		}
		return false, fmt.Errorf("crawl the directory, %d pages: %w", run.Pages, err)
	}
	c.log.InfoContext(ctx, "directory crawled", "full", run.Full, "pages", run.Pages, "resources", run.Read, "skipped", run.Skipped)
	next := state{Since: run.Started.Add(-overlap).Truncate(time.Hour), Full: old.Full, Checked: run.Started, Rows: old.Rows}
	if run.Full {
		next.Full = run.Started
	}
	if changed = run.Full || run.Size > 0; changed {
		next.Rows = fmt.Sprintf("rows-%d.ndjson", run.Started.UnixNano())
		if err := c.compose(run, old.Rows, next.Rows); err != nil {
			return false, err
		}
	}
	return changed, errors.Join(c.keep(next), run.drop())
}

// plan says what to ask for.
func plan(s state, now time.Time) progress {
	if s.Rows == "" || now.Sub(s.Full) > FullEvery {
		return progress{Full: true, Started: now}
	}
	return progress{Since: s.Since, Started: now}
}

// fullNext makes the next crawl one for all.
func (c *Copy) fullNext(s state) error {
	s.Full = time.Time{}
	return c.keep(s)
}

// compose writes the rows of the new copy, durable when it returns.
func (c *Copy) compose(run *crawl, old, name string) error {
	if run.Full {
		if info, err := os.Stat(filepath.Join(c.dir, old)); err == nil && old != "" && run.Size < info.Size()/2 {
			return errors.Join(ErrShrunk, run.drop())
		}
		if err := os.Rename(filepath.Join(c.dir, crawlFile), filepath.Join(c.dir, name)); err != nil {
			return fmt.Errorf("compose the copy of the directory: %w", err)
		}
		return nil
	}
	all, err := readChanges(filepath.Join(c.dir, crawlFile))
	if err != nil {
		return errors.Join(err, run.drop())
	}
	f, err := os.OpenFile(filepath.Join(c.dir, name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // our own directory
	if err != nil {
		return fmt.Errorf("compose the copy of the directory: %w", err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	err = all.merge(filepath.Join(c.dir, old), out)
	err = errors.Join(err, out.Flush(), f.Sync(), f.Close())
	if err != nil {
		c.Damaged(err)
		return fmt.Errorf("compose the copy of the directory: %w", err)
	}
	return nil
}

// keep takes a copy into service, and removes what no copy needs any more.
func (c *Copy) keep(s state) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("keep the copy of the directory: %w", err)
	}
	if err := fetch.Keep(filepath.Join(c.dir, stateFile), text); err != nil {
		return fmt.Errorf("keep the copy of the directory: %w", err)
	}
	c.mu.Lock()
	c.state = s
	c.mu.Unlock()
	return c.sweep(s.Rows)
}

// sweep removes the rows of older copies.
func (c *Copy) sweep(but string) error {
	names, err := filepath.Glob(filepath.Join(c.dir, "rows-*.ndjson"))
	if err != nil {
		return fmt.Errorf("sweep the copies of the directory: %w", err)
	}
	for _, name := range names {
		if filepath.Base(name) == but {
			continue
		}
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("sweep the copies of the directory: %w", err)
		}
	}
	return nil
}
