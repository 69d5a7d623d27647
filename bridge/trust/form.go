package trust

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// Bounds of a list file. The real one has 6 500 to 8 700 entries and 3.7 to 5 MB (O13); what is larger
// than these is an attack or a fault, and is refused before a tree is built of it.
const (
	MaxListBytes  = 32 << 20 // octets (O13)
	maxElements   = 500_000  // seven for each entry: 70 000 entries
	maxDepth      = 8        // the grammar needs 6; an unknown element inside Domaine may nest twice
	maxAttributes = 4        // the grammar needs 2
)

// checkSize refuses what is larger than any list (O13).
func checkSize(octets int64) error {
	if octets > MaxListBytes {
		return fmt.Errorf("%d octets are more than %d", octets, MaxListBytes)
	}
	return nil
}

// checkForm refuses what is not a plain, bounded, well-formed XML document in UTF-8: no DTD, no entity
// but the five of XML, no processing instruction (O13).
func checkForm(data []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(data))
	f := form{}
	for {
		start := dec.InputOffset()
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := f.add(token, start); err != nil {
			return err
		}
	}
	if f.elements == 0 {
		return errors.New("no root element")
	}
	return nil
}

// form counts what was read.
type form struct{ depth, elements int }

// add takes one token that starts at offset.
func (f *form) add(token xml.Token, offset int64) error {
	switch t := token.(type) {
	case xml.StartElement:
		return f.open(t)
	case xml.EndElement:
		f.depth--
	case xml.CharData:
		if f.depth == 0 && len(bytes.TrimSpace(t)) > 0 {
			return errors.New("text outside the root element")
		}
	case xml.Directive:
		return errors.New("a document type is not accepted")
	case xml.ProcInst:
		if t.Target != "xml" || offset != 0 {
			return errors.New("a processing instruction is not accepted")
		}
	}
	return nil
}

// open takes a start tag.
func (f *form) open(t xml.StartElement) error {
	if f.depth == 0 && f.elements > 0 {
		return errors.New("a second root element")
	}
	f.depth++
	f.elements++
	switch {
	case f.depth > maxDepth:
		return errors.New("elements nested too deep")
	case f.elements > maxElements:
		return errors.New("too many elements")
	case len(t.Attr) > maxAttributes:
		return errors.New("too many attributes")
	}
	for i, a := range t.Attr {
		for _, b := range t.Attr[:i] {
			if a.Name == b.Name {
				return errors.New("an attribute given twice")
			}
		}
	}
	return nil
}
