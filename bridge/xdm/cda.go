package xdm

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"
)

// CDA is what a CDA R2 document says of itself (HL7 CDA R2, French volet Structuration minimale).
type CDA struct {
	ID, SetID       Identifier
	Version         string
	Title           string
	Code            Code
	At              time.Time // effectiveTime; UTC, zero when it cannot be read
	Confidentiality []Code
	Patients        []Patient // of each recordTarget
	PatientName     []NamePart
	Authors         []Author
	Custodian       string // name of the organisation that keeps the document
	Body            Body
	Sections        []string // titles of a structured body, in order
	Media           []Media  // embedded files: a nonXMLBody, or the media of a structured body

	// SelfPresenting tells that the root of the file is a style sheet that holds the document: only Patients
	// is set. Such a file is never executed and not shown as a document.
	SelfPresenting bool
}

// Code is a coded value.
type Code struct {
	Code, System, Display string
}

// Author is one author, a person or a device, with the organisation that he acted for.
type Author struct {
	Name         []NamePart
	Organisation string
}

// Shown is the author as the patient reads it: the person, else the organisation.
func (a Author) Shown() string {
	if name := nameOf(a.Name).Shown(); name != "" {
		return name
	}
	return a.Organisation
}

// Body is the kind of a document's body.
type Body string

// Kinds of body: level 1, which embeds a file, and level 3, which is structured.
const (
	BodyFile       Body = "nonXMLBody"
	BodyStructured Body = "structuredBody"
)

// Names of the roots that are known.
const (
	cdaNamespace  = "urn:hl7-org:v3"
	xsltNamespace = "http://www.w3.org/1999/XSL/Transform"
)

// cdaReader reads one document.
type cdaReader struct {
	*xmlReader
	zone   *time.Location
	header bool // stop at the body
	doc    CDA
	paths  []string // of the open elements below ClinicalDocument, innermost last
	text   *strings.Builder
	name   []NamePart // of the name that is being read
	media  mediaReader
}

// newCDAReader returns a reader of one document, for one use.
func newCDAReader(r io.Reader, l Limits, zone *time.Location, b *budget) *cdaReader {
	c := &cdaReader{xmlReader: newXMLReader(r, l, b), zone: zone, media: mediaReader{wanted: -1}}
	c.withhold = true
	return c
}

// read reads the document, or what was asked for of it. It fails with ErrNotDocument, ErrUnreadable or
// ErrTooLarge; what was read until then is returned too.
func (c *cdaReader) read() (CDA, error) {
	err := c.root()
	if err == nil {
		err = c.elements()
	}
	switch {
	case errors.Is(err, errHeaderEnd):
		err = nil
	case c.media.err != nil:
		err = c.media.err
	case err != nil:
		err = unreadable(err)
	}
	if c.doc.SelfPresenting {
		return CDA{SelfPresenting: true, Patients: c.doc.Patients}, err
	}
	c.doc.Media = c.media.found
	return c.doc, err
}

// fetch writes the embedded file of an index to out and reads no further. It fails as read does, with
// ErrNoMedia, or with the error of out.
func (c *cdaReader) fetch(index int, out io.Writer) error {
	c.media.wanted, c.media.out = index, out
	_, err := c.read()
	switch {
	case errors.Is(err, errFound):
		return nil
	case err == nil:
		return ErrNoMedia
	}
	return err
}

// errHeaderEnd ends the reading of a header.
var errHeaderEnd = errors.New("end of header")

// root finds the document: the root itself, or the child of a style sheet. Whatever goes wrong before is no
// document of ours.
func (c *cdaReader) root() error {
	for {
		t, err := c.Token()
		if err != nil {
			if c.depth > 0 && c.doc.SelfPresenting {
				return err
			}
			return ErrNotDocument
		}
		e, ok := t.(xml.StartElement)
		switch {
		case !ok:
		case e.Name == (xml.Name{Space: cdaNamespace, Local: "ClinicalDocument"}):
			c.paths = []string{""}
			return nil
		case c.depth == 1 && e.Name.Space == xsltNamespace:
			c.doc.SelfPresenting = true
		case c.depth == 1:
			return ErrNotDocument
		}
	}
}

// elements reads the document up to its end.
func (c *cdaReader) elements() error {
	for len(c.paths) > 0 {
		t, err := c.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := c.start(t); err != nil {
				return err
			}
		case xml.EndElement:
			if err := c.end(); err != nil {
				return err
			}
		case xml.CharData:
			if err := c.characters(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxPath is how deep elements have a path: the header is not deeper.
const maxPath = 8

// start enters an element.
func (c *cdaReader) start(e xml.StartElement) error {
	parent := c.paths[len(c.paths)-1]
	path := ""
	if len(c.paths) < maxPath {
		path = parent + "/" + e.Name.Local
	}
	c.paths = append(c.paths, path)
	c.sink = nil
	if err := c.media.leave(); err != nil { // an element inside ends the text
		return err
	}
	if path == "/component" && c.header {
		return errHeaderEnd
	}
	c.attributes(path, e)
	if c.wants(path, e.Name.Local) {
		c.text, c.withhold = new(strings.Builder), false
	} else {
		c.text, c.withhold = nil, true
	}
	if path == pathBodyText || e.Name.Local == "value" && attribute(e, "mediaType") != "" {
		c.sink = c.media.enter(e, path == pathBodyText)
	}
	return nil
}

// characters takes wanted text, or a CDATA section, which is not withheld.
func (c *cdaReader) characters(text []byte) error {
	if c.text != nil && c.text.Len() < maxText {
		c.text.Write(text)
	}
	if c.sink == nil {
		return nil
	}
	_, err := c.sink.Write(text)
	return err
}

// end leaves an element.
func (c *cdaReader) end() error {
	path := c.paths[len(c.paths)-1]
	c.paths = c.paths[:len(c.paths)-1]
	if c.text != nil {
		c.taken(path, cleanText(c.text.String()))
	}
	c.text, c.withhold, c.sink = nil, true, nil
	if strings.HasSuffix(path, "/name") {
		c.named(path)
	}
	return c.media.leave()
}
