package xdm

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"hash"
	"io"
	"strings"
)

// Media is a file that a document embeds, or that stands in an archive beside its metadata.
type Media struct {
	Type    string // media type; its content begins as that type does
	Bytes   int64
	SHA256  [32]byte
	Primary bool // it is the body of the document (CDA level 1)
	Index   int  // by which it can be fetched
}

// opens tells how the content of the types begins that are offered: those that a patient can open and that
// Mon espace santé takes (I179). Anything else stays in the document.
func opens(mediaType string) [][]byte {
	switch mediaType {
	case "application/pdf":
		return [][]byte{[]byte("%PDF-")}
	case "image/jpeg", "image/jpg":
		return [][]byte{[]byte("\xFF\xD8\xFF")}
	case "image/png":
		return [][]byte{[]byte("\x89PNG\r\n\x1a\n")}
	case "image/tiff":
		return [][]byte{[]byte("II*\x00"), []byte("MM\x00*")}
	case "text/rtf", "application/rtf":
		return [][]byte{[]byte(`{\rtf`)}
	}
	return nil
}

// content measures a file as it passes.
type content struct {
	head  []byte
	bytes int64
	sum   hash.Hash
	out   io.Writer // nil unless the file is wanted
}

func newContent(out io.Writer) *content { return &content{sum: sha256.New(), out: out} }

// maxHead is how much of a file tells its type.
const maxHead = 16

// maxMediaBytes is how large an embedded file may be, in octets: as large as a message (D19).
const maxMediaBytes = 26_214_400

// Write takes octets. It fails with the error of out, or with ErrTooLarge when out would get too much.
func (c *content) Write(p []byte) (int, error) {
	c.head = append(c.head, p[:min(len(p), maxHead-len(c.head))]...)
	c.bytes += int64(len(p))
	c.sum.Write(p)
	switch {
	case c.out == nil:
		return len(p), nil
	case c.bytes > maxMediaBytes:
		return 0, ErrTooLarge
	}
	return c.out.Write(p)
}

// media is what the content is under a declared type; ok is false for what is not offered.
func (c *content) media(declared string) (m Media, ok bool) {
	m = Media{Type: strings.ToLower(strings.TrimSpace(declared)), Bytes: c.bytes}
	c.sum.Sum(m.SHA256[:0])
	for _, opening := range opens(m.Type) {
		ok = ok || bytes.HasPrefix(c.head, opening)
	}
	return m, ok && m.Bytes <= maxMediaBytes
}

// mediaReader reads the files embedded in a CDA document, one after the other.
type mediaReader struct {
	wanted  int
	out     io.Writer
	entered int // files so far, those included that turned out to be nothing to offer
	found   []Media
	err     error // of out, or errFound when the wanted file has passed

	open    *base64Writer
	content *content
	kind    string
	primary bool
}

// enter begins the text of an element that may embed a file and returns where it goes, nil when the file is
// not offered: it is compressed, stands elsewhere, or has a type of no use to the reader.
func (r *mediaReader) enter(e xml.StartElement, primary bool) io.Writer {
	r.kind, r.primary = attribute(e, "mediaType"), primary
	if attribute(e, "representation") != "B64" || attribute(e, "compression") != "" || r.entered == maxMedia ||
		opens(strings.ToLower(strings.TrimSpace(r.kind))) == nil {
		return nil
	}
	var out io.Writer
	if r.entered == r.wanted {
		out = r.out
	}
	r.entered++
	r.content = newContent(out)
	r.open = &base64Writer{dst: r.content}
	return r
}

// Write takes text. A fault of out ends the reading.
func (r *mediaReader) Write(p []byte) (int, error) {
	n, err := r.open.Write(p)
	if err != nil {
		r.err = err
	}
	return n, err
}

// leave ends the file, if one is open. It fails with the error of out, or with errFound.
func (r *mediaReader) leave() error {
	if r.open == nil {
		return nil
	}
	if err := r.open.flush(); err != nil {
		r.err = err
	}
	m, ok := r.content.media(r.kind)
	m.Primary, m.Index = r.primary, r.entered-1
	if ok && !r.open.broken {
		r.found = append(r.found, m)
		if m.Index == r.wanted && r.err == nil {
			r.err = errFound
		}
	}
	r.open, r.content = nil, nil
	return r.err
}

// errFound ends the reading of a document whose wanted file has been written.
var errFound = errors.New("embedded file found")
