package fhir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// errRows means that a file of ours does not hold rows.
var errRows = errors.New("the copy of the directory is damaged")

// maxRow bounds one row, in octets: maxBoxes mailboxes with all their texts.
const maxRow = 4 << 20

// readRows hands the rows of a file on, one after the other. The row is the caller's until the next one.
func readRows(name string) iter.Seq2[*row, error] {
	return func(yield func(*row, error) bool) {
		f, err := os.Open(name) //nolint:gosec // our own directory
		if err != nil {
			yield(nil, fmt.Errorf("read the copy of the directory: %w", err))
			return
		}
		defer f.Close() //nolint:errcheck // only read
		lines := bufio.NewScanner(f)
		lines.Buffer(make([]byte, 0, 64<<10), maxRow)
		for lines.Scan() {
			line := bytes.TrimSpace(lines.Bytes())
			if len(line) == 0 {
				continue
			}
			r := new(row)
			if json.Unmarshal(line, r) != nil {
				yield(nil, errRows) // the error of the parser would quote the row
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if lines.Err() != nil {
			yield(nil, errRows)
		}
	}
}

// changes is what a crawl for changes brought.
type changes struct {
	rows  map[string]*row // by key
	place map[string]*row // by technical id
	used  map[string]bool // keys that stand in the new copy
}

func readChanges(name string) (*changes, error) {
	c := &changes{rows: map[string]*row{}, place: map[string]*row{}, used: map[string]bool{}}
	for r, err := range readRows(name) {
		if err != nil {
			return nil, err
		}
		c.rows[r.key()], c.place[r.place()] = r, r
	}
	return c, nil
}

// apply returns what becomes of a row of the old copy; nil: it is gone.
func (c *changes) apply(old *row) *row {
	next, ok := c.rows[old.key()]
	if !ok {
		if next, ok = c.place[old.place()]; ok && !next.Gone { // its business id changed: the new one stands for it
			return nil
		}
	}
	if !ok {
		return c.refer(old)
	}
	if c.used[next.key()] {
		return nil
	}
	c.used[next.key()] = true
	if !next.kept() {
		return nil
	}
	if next.Type == role { // what was not told anew is as it was
		if next.Who == old.Who && (next.Person == nil || next.Person.ID == "") && old.Person != nil {
			w := *old.Person
			if next.Person != nil {
				next.Person.over(&w)
			}
			next.Person = &w
		}
		if next.Where == old.Where && next.Site == nil {
			next.Site = old.Site
		}
	}
	return c.refer(next)
}

// refer gives a role what changed of those whom it refers to; a role of a practitioner who is gone is gone with him.
func (c *changes) refer(r *row) *row {
	if r.Type != role {
		return r
	}
	p, o := c.place[practitioner+"/"+r.Who], c.place[organization+"/"+r.Where]
	if p != nil && p.Gone {
		return nil
	}
	if p != nil && r.Person != nil && p.Person != nil { // what he says of himself is new, also over what was taken from him before
		own := *r.Person
		p.Person.over(&own)
		r.Person = &own
	} else {
		r.take(p, nil)
	}
	r.take(nil, o)
	return r
}

// merge writes the rows of an old copy with the changes to w.
func (c *changes) merge(old string, w io.Writer) error {
	to := json.NewEncoder(w)
	for r, err := range readRows(old) {
		if err != nil {
			return err
		}
		if r = c.apply(r); r == nil {
			continue
		}
		if err := to.Encode(r); err != nil {
			return fmt.Errorf("write the copy of the directory: %w", err)
		}
	}
	keys := make([]string, 0, len(c.rows))
	for key, r := range c.rows {
		if !c.used[key] && r.kept() {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if r := c.refer(c.rows[key]); r != nil {
			if err := to.Encode(r); err != nil {
				return fmt.Errorf("write the copy of the directory: %w", err)
			}
		}
	}
	return nil
}
