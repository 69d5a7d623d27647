package fhir

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"mesbridge/bridge/directory"
	"mesbridge/bridge/trust/fetch"
)

// Bounds of a crawl. The directory has two million practitioners, and half a million mailboxes (I124).
const (
	maxPages        = 100_000
	maxChanges      = 300_000        // of one crawl for changes, in resources; with more of them a whole one is shorter
	crawlFor        = 24 * time.Hour // a crawl that was cut before goes on; later its pages are not known any more
	checkpointPages = 20             // so many pages at most are asked for again after a crash
)

// progress is how far a crawl came. It is on disk, so that a crawl goes on after a failure.
type progress struct {
	Full    bool      `json:"full"`  // all mailboxes, or what changed since
	Since   time.Time `json:"since"` // of a crawl for changes
	Started time.Time `json:"started"`
	Phase   int       `json:"phase"`
	Next    string    `json:"next"` // page to ask for; empty: the first one of the phase
	Size    int64     `json:"size"` // octets of the rows that count
	Pages   int       `json:"pages"`
	Read    int       `json:"read"`
	Skipped int       `json:"skipped"`
}

// phase is one search of a crawl.
type phase struct {
	resource   string
	parameters url.Values
}

// phases lists the searches: resources one by one, for _type is not served (O135). Students' functions are asked for
// also where the role bears no mailbox (I117).
func (p *progress) phases() []phase {
	whom := []string{"PractitionerRole:practitioner"}
	both := append(whom, "PractitionerRole:organization")
	if p.Full {
		any := []string{"@"}
		return []phase{
			{practitioner, url.Values{"mailbox-mss:contains": any}},
			{role, url.Values{"mailbox-mss:contains": any, "_include": both}},
			{role, url.Values{"role": {"FON-47,FON-48,FON-57"}, "_include": whom}},
			{organization, url.Values{"mailbox-mss:contains": any}},
		}
	}
	since := []string{"ge" + p.Since.UTC().Format(time.RFC3339)}
	return []phase{
		{practitioner, url.Values{"_lastUpdated": since}},
		{role, url.Values{"_lastUpdated": since, "_include": both}},
		{organization, url.Values{"_lastUpdated": since}},
	}
}

// crawl is a crawl under way.
type crawl struct {
	progress
	client *Client
	dir    string
	file   *os.File
	out    *bufio.Writer
}

// Files of a crawl, in the directory of a copy.
const (
	progressFile = "crawl.json"
	crawlFile    = "crawl.ndjson"
)

// openCrawl goes on with the crawl that was cut, or begins another.
func openCrawl(client *Client, dir string, begin progress, now time.Time) (*crawl, error) {
	c := &crawl{progress: begin, client: client, dir: dir}
	var cut progress
	if text, err := os.ReadFile(filepath.Join(dir, progressFile)); err == nil && json.Unmarshal(text, &cut) == nil && //nolint:gosec // our own directory
		now.Sub(cut.Started) < crawlFor && !cut.Started.After(now) && cut.Phase >= 0 && client.asks(cut.Next) {
		c.progress = cut
	}
	var err error
	if c.file, err = os.OpenFile(filepath.Join(dir, crawlFile), os.O_RDWR|os.O_CREATE, 0o600); err != nil { //nolint:gosec // our own directory
		return nil, fmt.Errorf("open the crawl: %w", err)
	}
	info, err := c.file.Stat()
	if err == nil && info.Size() < c.Size { // what was noted was not all written
		c.progress = begin
	}
	if err == nil {
		err = c.file.Truncate(c.Size)
	}
	if err == nil {
		_, err = c.file.Seek(c.Size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the crawl: %w", err), c.file.Close())
	}
	c.out = bufio.NewWriter(c.file)
	return c, nil
}

// run asks for all pages. After an error what came is kept for the next run, but for one that makes it worthless.
func (c *crawl) run(ctx context.Context) error {
	all := c.phases()
	for ; c.Phase < len(all); c.Phase, c.Next = c.Phase+1, "" {
		if c.Next == "" {
			c.Next = c.client.search(all[c.Phase].resource, all[c.Phase].parameters)
		}
		for c.Next != "" {
			if err := c.step(ctx); err != nil {
				return errors.Join(err, c.after(err))
			}
		}
	}
	err := c.checkpoint()
	switch {
	case err != nil:
		return err
	case c.Skipped > c.Read/directory.MaxSkipped:
		return errors.Join(directory.ErrDamaged, c.drop())
	case c.Full && c.Size == 0:
		return errors.Join(directory.ErrEmpty, c.drop())
	}
	return nil
}

// after keeps what came before an error, or drops it when another run would meet the same error.
func (c *crawl) after(err error) error {
	if errors.Is(err, ErrGone) || errors.Is(err, ErrTooLarge) || errors.Is(err, ErrElsewhere) {
		return c.drop()
	}
	return c.checkpoint()
}

// step takes one page.
func (c *crawl) step(ctx context.Context) error {
	body, err := c.client.get(ctx, c.Next)
	if err != nil {
		return err
	}
	p, err := parsePage(body)
	if err != nil {
		return err
	}
	next := ""
	if p.next != "" {
		if next, err = c.client.follow(c.Next, p.next); err != nil {
			return err
		}
	}
	c.Pages, c.Read, c.Skipped = c.Pages+1, c.Read+p.read, c.Skipped+p.skipped
	if next == c.Next || c.Pages > maxPages || !c.Full && c.Read > maxChanges {
		return ErrTooLarge // or a circle, which never ends
	}
	if err := c.write(p.rows); err != nil {
		return err
	}
	c.Next = next
	if c.Pages%checkpointPages == 0 && next != "" {
		return c.checkpoint()
	}
	return nil
}

// write keeps rows: of a whole crawl those that matter, of one for changes all, for any may end a mailbox.
func (c *crawl) write(rows []row) error {
	to := json.NewEncoder(c.out)
	for i := range rows {
		if c.Full && !rows[i].kept() {
			continue
		}
		if err := to.Encode(&rows[i]); err != nil {
			return fmt.Errorf("write the crawl: %w", err)
		}
	}
	return nil
}

// checkpoint makes what came durable.
func (c *crawl) checkpoint() error {
	if err := errors.Join(c.out.Flush(), c.file.Sync()); err != nil {
		return fmt.Errorf("keep the crawl: %w", err)
	}
	size, err := c.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("keep the crawl: %w", err)
	}
	c.Size = size
	text, err := json.Marshal(c.progress)
	if err != nil {
		return fmt.Errorf("keep the crawl: %w", err)
	}
	return fetch.Keep(filepath.Join(c.dir, progressFile), text)
}

// drop forgets the crawl.
func (c *crawl) drop() error {
	for _, name := range []string{progressFile, crawlFile} {
		if err := os.Remove(filepath.Join(c.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("drop the crawl: %w", err)
		}
	}
	return nil
}

// close ends the use of the file.
func (c *crawl) close() error { return c.file.Close() }
