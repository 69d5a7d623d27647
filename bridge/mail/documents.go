package mail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"mesbridge/bridge/xdm"
	"mesbridge/conversations"
)

// newDocuments returns the reader of health documents. Where the system knows no time zones, times without
// an offset are taken for winter time.
func newDocuments() *xdm.Reader {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		zone = time.FixedZone("CET", 3600)
	}
	return xdm.NewReader(xdm.DefaultLimits(), zone)
}

// mayBeDocument reports whether the attachment may be a health document or hold one.
func (l *leaf) mayBeDocument() bool {
	return l.role == roleFile && xdm.KindOf(l.name(1), l.mediaType) != xdm.KindNone
}

// documents reads the health documents of a message while it passes, one attachment at a time.
type documents struct {
	*xdm.Message
	file *xdm.File // the attachment that passes; nil when it is nothing of ours
}

// begin returns where the decoded octets of a leaf go: to out, and to memory when it may be a document.
func (d *documents) begin(l *leaf, out io.Writer) io.Writer {
	d.file = nil
	if !l.mayBeDocument() {
		return out
	}
	d.file = d.Begin()
	return io.MultiWriter(out, d.file)
}

// describe adds to an attachment, which has passed, the documents that it holds, and tells what is wrong with
// them (D31: what cannot be read is delivered with a notice).
func (d *documents) describe(p *conversations.Part, n *notices) {
	if d.file == nil {
		return
	}
	found, err := d.file.Documents()
	d.file.Close()
	d.file = nil
	p.Matricules = matricules(found.Patients)
	for i, doc := range found.Documents {
		shown := document(doc, p.Index, i)
		p.Documents = append(p.Documents, shown)
		switch {
		case doc.Integrity == xdm.Altered:
			n.add(noticeAltered(shown.Title))
		case doc.Integrity == xdm.Missing:
			n.add(noticeMissing(p.Name))
		case doc.Broken:
			n.add(noticeUnreadable(p.Name))
		}
	}
	switch {
	case err != nil && (xdm.IsXDM(p.Name) || !errors.Is(err, xdm.ErrNotDocument) && len(found.Documents) > 0):
		n.add(noticeUnreadable(p.Name))
	case found.Skipped > 0 && len(found.Documents) > 0:
		n.add(noticeSkipped(p.Name))
	}
}

// document describes a document as it is shown.
func document(d xdm.Document, attachment, position int) conversations.HealthDocument {
	code := d.Code()
	shown := conversations.HealthDocument{
		Title: d.Title(), Kind: code.Display, Code: code.Code, At: d.At(), Author: d.Author(), Organisation: d.Organisation(),
		Confidentiality: d.Confidentiality(), Bytes: d.Bytes, Integrity: conversations.Integrity(d.Integrity),
	}
	if d.CDA != nil {
		shown.Sections = d.CDA.Sections
	}
	for _, m := range d.Media {
		shown.Embedded = append(shown.Embedded, conversations.Part{
			Index: embeddedPart{attachment, position, m.Index}.index(), Name: embeddedName(d.Title(), m.Type), Type: m.Type,
			Bytes: m.Bytes, SHA256: m.SHA256,
		})
	}
	return shown
}

// embeddedName names a file that a document holds: it has no name of its own, so it takes the title.
func embeddedName(title, mediaType string) string {
	ext := extension(mediaType)
	if name := cleanName(strings.NewReplacer("/", "-", `\`, "-").Replace(title) + ext); name != ext[1:] && name != ext {
		return name
	}
	return "document" + ext
}

// matricules lists the matricules INS of each place that names a patient by one.
func matricules(patients []xdm.Patient) [][]string {
	var all [][]string
	for _, p := range patients {
		if m := p.Matricules(); len(m) > 0 {
			all = append(all, m)
		}
	}
	return all
}

// Matricules implements [conversations.Mail].
func (c *Codec) Matricules(raw io.Reader) ([][]string, error) {
	i := &identifier{documents: documents{Message: c.documents.Message()}}
	defer i.documents.Close()
	if err := c.walk(raw, i); err != nil {
		return nil, err
	}
	return i.found, nil
}

// identifier reads whose the documents of a message are while it passes.
type identifier struct {
	documents documents
	leaf      *content
	found     [][]string
}

func (i *identifier) header([]byte, []field, bool) error { return nil }
func (i *identifier) drop()                              {}

// begin implements visitor.
func (i *identifier) begin(l *leaf) io.Writer {
	i.leaf = nil
	if !l.mayBeDocument() {
		return nil
	}
	i.leaf = newContent(l, i.documents.begin(l, io.Discard))
	return i.leaf
}

// end implements visitor.
func (i *identifier) end() error {
	if i.leaf == nil {
		return nil
	}
	if err := i.leaf.close(); err != nil {
		return err
	}
	patients, _ := i.documents.file.Patients() // what cannot be read names nobody (D31)
	i.documents.file.Close()
	i.found = append(i.found, matricules(patients)...)
	return nil
}

// embeddedPart tells a file that a document of an attachment holds.
type embeddedPart struct {
	attachment, document, media int
}

// Room for a document and a file in an index. An index without anything above them is an attachment's.
const (
	mediaBits    = 8
	documentBits = 12
)

// index is the index by which the file is listed and fetched, as attachments are by theirs.
func (e embeddedPart) index() int {
	return ((e.attachment+1)<<documentBits|e.document)<<mediaBits | e.media
}

// splitEmbedded takes such an index apart; ok is false for the index of an attachment.
func splitEmbedded(index int) (e embeddedPart, ok bool) {
	e = embeddedPart{
		index>>(documentBits+mediaBits) - 1, index >> mediaBits & (1<<documentBits - 1), index & (1<<mediaBits - 1),
	}
	return e, e.attachment >= 0
}

// maxEmbedded is how many embedded files may be on their way to readers at once, each in memory (at most 26 MB,
// some 100 kB as a rule).
const maxEmbedded = 16

// embedded writes a file that a document of an attachment holds. The reader may be slow, so the file is copied
// out of the document first: the place that reading takes is free again before the first octet is written.
func (c *Codec) embedded(raw io.Reader, e embeddedPart, out io.Writer) error {
	c.fetching <- struct{}{}
	defer func() { <-c.fetching }()
	var content bytes.Buffer
	err := c.fetch(raw, e, &content)
	if errors.Is(err, xdm.ErrNoMedia) || errors.Is(err, xdm.ErrNotDocument) {
		return ErrNoPart
	}
	if err != nil {
		return fmt.Errorf("fetch an embedded file: %w", err)
	}
	_, err = content.WriteTo(out)
	return err
}

// fetch copies an embedded file out of its document.
func (c *Codec) fetch(raw io.Reader, e embeddedPart, out io.Writer) error {
	m := c.documents.Message()
	defer m.Close()
	file := m.Begin()
	if err := c.Part(raw, e.attachment, file); err != nil {
		return err
	}
	return file.Fetch(e.document, e.media, out)
}
