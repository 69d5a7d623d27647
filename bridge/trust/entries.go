package trust

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// The grammar of a list (annex A of operator.md, O18-O20). Another list of the same publisher has the
// same element names, so the namespace is checked everywhere.
const (
	nsList      = "https://listeblanche.mssante.fr/schema"
	tagRoot     = "ListeBlancheMSSante"
	tagDate     = "DateDeGeneration"
	tagDomains  = "ListeDomaines"
	tagDomain   = "Domaine"
	tagName     = "Nom"
	tagSubject  = "DNCertificatOperateur"
	dateInLists = "2006-01-02T15:04:05Z"
)

// readEntries reads a list from the canonical bytes that its signature covers, so that nothing is read
// that was not signed. Unknown elements are ignored inside an entry and refused elsewhere (OP-3).
func readEntries(signed []byte) (*List, error) {
	r := entryReader{
		dec:  xml.NewDecoder(bytes.NewReader(signed)),
		list: &List{domains: map[string][]DN{}, holders: map[DN][]string{}},
		seen: map[string]DN{},
	}
	root, err := r.next()
	if err != nil || root == nil || root.Name != (xml.Name{Space: nsList, Local: tagRoot}) {
		return nil, fmt.Errorf("the root element is not %s: %w", tagRoot, err)
	}
	dated, listed := false, false
	for {
		el, err := r.next()
		if err != nil {
			return nil, err
		}
		switch {
		case el == nil && dated && listed:
			return r.list, nil
		case el == nil:
			return nil, errors.New("the date or the domains are missing")
		case el.Name == xml.Name{Space: nsList, Local: tagDate} && !dated:
			dated = true
			err = r.date(*el)
		case el.Name == xml.Name{Space: nsList, Local: tagDomains} && !listed:
			listed = true
			err = r.domains()
		default:
			err = errors.New("an element that the grammar does not know, or one given twice")
		}
		if err != nil {
			return nil, err
		}
	}
}

// entryReader walks a list. The same few subjects come back in thousands of entries (O32), so each is
// parsed once.
type entryReader struct {
	dec  *xml.Decoder
	list *List
	seen map[string]DN
}

// next returns the next child element of the one that is open, or nil at its end.
func (r *entryReader) next() (*xml.StartElement, error) {
	for {
		token, err := r.dec.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		}
	}
}

// text returns the text of the element that was just opened, up to its end.
func (r *entryReader) text(el xml.StartElement) (string, error) {
	var s string
	err := r.dec.DecodeElement(&s, &el)
	return s, err
}

// date reads the DateDeGeneration.
func (r *entryReader) date(el xml.StartElement) error {
	s, err := r.text(el)
	if err != nil {
		return err
	}
	r.list.generated, err = time.Parse(dateInLists, strings.TrimSpace(s))
	if err != nil {
		return fmt.Errorf("read %s: %w", tagDate, err)
	}
	return nil
}

// domains reads all entries.
func (r *entryReader) domains() error {
	for {
		el, err := r.next()
		if el == nil || err != nil {
			return err
		}
		if el.Name != (xml.Name{Space: nsList, Local: tagDomain}) {
			return fmt.Errorf("%s holds something else than %s", tagDomains, tagDomain)
		}
		if err := r.entry(); err != nil {
			return err
		}
	}
}

// entry reads one entry. One that names no domain or no subject that can be compared gives no right to
// anybody and is counted; the others of the list are not its fault.
func (r *entryReader) entry() error {
	var names, subjects []string
	for {
		el, err := r.next()
		if err != nil {
			return err
		}
		if el == nil {
			break
		}
		switch el.Name {
		case xml.Name{Space: nsList, Local: tagName}:
			s, err := r.text(*el)
			if err != nil {
				return err
			}
			names = append(names, s)
		case xml.Name{Space: nsList, Local: tagSubject}:
			s, err := r.text(*el)
			if err != nil {
				return err
			}
			subjects = append(subjects, s)
		default:
			if err := r.dec.Skip(); err != nil {
				return err
			}
		}
	}
	if len(names) != 1 || len(subjects) != 1 || !r.take(names[0], subjects[0]) {
		r.list.skipped++
	}
	return nil
}

// take adds one pair of domain and subject, if both can be read.
func (r *entryReader) take(name, subject string) bool {
	domain, err := domainName(name)
	if err != nil || domain == "" {
		return false
	}
	dn, ok := r.seen[subject]
	if !ok {
		if dn, err = ParseDN(subject); err != nil {
			return false
		}
		r.seen[subject] = dn
	}
	r.list.add(domain, dn)
	return true
}
