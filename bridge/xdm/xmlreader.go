package xdm

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// xmlReader reads XML from outside: no document type declaration, so no entities but the five of XML, and
// bounded depth, elements and tokens. It is an xml.TokenReader.
type xmlReader struct {
	src      *source
	dec      *xml.Decoder
	depth    int
	maxDepth int
	budget   *budget
	doctype  bool      // a document type declaration passed
	withhold bool      // text between tags is kept from the tokens
	sink     io.Writer // where such text goes; nil: nowhere
}

// errDoctype means a document type declaration, with which entities could be declared.
var errDoctype = errors.New("document type declaration")

func newXMLReader(r io.Reader, l Limits, b *budget) *xmlReader {
	src := newSource(r)
	dec := xml.NewDecoder(src)                                                             //nolint:gosec // everything that it could be made to gather is bounded here and in source
	dec.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // source made it UTF-8
	return &xmlReader{src: src, dec: dec, maxDepth: l.MaxDepth, budget: b}
}

// Token implements xml.TokenReader; comments and processing instructions are left out. It fails with
// errDoctype, ErrTooLarge or an error of encoding/xml. After a document type declaration the root is all
// that can be read: it tells what the document is.
func (x *xmlReader) Token() (xml.Token, error) {
	if x.doctype && x.depth > 0 {
		return nil, errDoctype
	}
	for {
		x.src.arm(x.withhold, x.sink)
		t, err := x.dec.Token()
		if err != nil {
			return nil, err
		}
		switch t.(type) {
		case xml.StartElement:
			x.depth++
			x.budget.elements--
			if x.depth > x.maxDepth || x.budget.elements < 0 {
				return nil, ErrTooLarge
			}
		case xml.EndElement:
			x.depth--
		case xml.Directive:
			x.doctype = true
			continue
		case xml.Comment, xml.ProcInst:
			continue
		}
		return t, nil
	}
}

// unreadable tells an error of reading XML without what encoding/xml quotes of it.
func unreadable(err error) error {
	if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrNotDocument) {
		return err
	}
	return fmt.Errorf("%w: %T", ErrUnreadable, err)
}

// attribute returns the value of an attribute without namespace.
func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
