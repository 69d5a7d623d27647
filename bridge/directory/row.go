package directory

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"mesbridge/rules"
)

// mailbox is what one row says.
type mailbox struct {
	address                                             string // canonical
	kind                                                rules.MailboxKind
	name, person, structure, professionCode, speciality string
	category, function                                  string // of the holder's exercise (I117)
}

// rowReader turns rows of one layout into mailboxes. It is not safe for concurrent use.
type rowReader struct {
	layout layout
	fields [][]byte
	title  cases.Caser
}

func newRowReader(l layout) *rowReader {
	return &rowReader{layout: l, fields: make([][]byte, 0, l.width), title: cases.Title(language.French)}
}

// read reads one row and reports whether it is usable. The format has no quotes: a quotation mark is
// a character like others, which is why encoding/csv is not used.
func (r *rowReader) read(line []byte) (mailbox, bool) {
	r.fields = r.fields[:0]
	for f := range bytes.SplitSeq(line, []byte("|")) {
		r.fields = append(r.fields, f)
	}
	if len(r.fields) != r.layout.width || !utf8.Valid(line) {
		return mailbox{}, false
	}
	kind := rules.MailboxKind(strings.ToUpper(r.text(r.layout.kind)))
	switch kind {
	case rules.Personal, rules.Organisational, rules.Application, rules.Practice:
	default:
		return mailbox{}, false
	}
	address, err := rules.ParseAddress(r.text(r.layout.address))
	if err != nil {
		return mailbox{}, false
	}
	m := mailbox{
		address: address.Canonical(), kind: kind, person: r.text(r.layout.person),
		structure: r.structure(), professionCode: r.text(r.layout.professionCode),
		category: r.code(r.layout.category), function: r.code(r.layout.function),
	}
	if kind == rules.Personal {
		m.name, m.speciality = r.personName(), r.first(r.layout.skill, r.layout.profession)
		return m, true
	}
	m.name, m.speciality = r.first(r.layout.service, r.layout.tradeName, r.layout.structureName), ""
	if place := r.first(r.layout.tradeName, r.layout.structureName); place != m.name {
		m.speciality = place
	}
	return m, true
}

// personName is exercise title, first name and name (I113). A first name all in capitals, as the
// extraction often has it, is shown with one capital for each part.
func (r *rowReader) personName() string {
	given := r.text(r.layout.givenName)
	if given == strings.ToUpper(given) {
		given = r.title.String(given)
	}
	parts := []string{shownTitle(r.text(r.layout.title)), given, strings.ToUpper(r.text(r.layout.familyName))}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

// shownTitle spells the two titles that patients know as they are usually written; every other
// exercise title stands as in the file.
func shownTitle(t string) string {
	switch strings.ToUpper(t) {
	case "DR", "DOCTEUR":
		return "Dr"
	case "PR", "PROFESSEUR":
		return "Pr"
	}
	return t
}

// structure is the national identifier of the structure: the digit of its type before a FINESS or a
// SIRET (O31), whether the file wrote the digit in the identifier or beside it.
func (r *rowReader) structure() string {
	kind, id := r.text(r.layout.structureType), r.text(r.layout.structure)
	finess, siret := kind == "1" && len(id) == 9, kind == "3" && len(id) == 14
	if finess || siret {
		return kind + id
	}
	return id
}

// code is a code of a column that may not be there.
func (r *rowReader) code(place int) string {
	if place < 0 {
		return ""
	}
	return strings.ToUpper(r.text(place))
}

// first is the first text that is not empty.
func (r *rowReader) first(places ...int) string {
	for _, p := range places {
		if t := r.text(p); t != "" {
			return t
		}
	}
	return ""
}

// text is a field without outer space and without characters that do not show: a control or bidi
// character in a name could disguise it.
func (r *rowReader) text(place int) string {
	f := bytes.TrimSpace(r.fields[place])
	if bytes.IndexFunc(f, hidden) < 0 {
		return string(f)
	}
	return string(bytes.TrimSpace(bytes.Map(func(c rune) rune {
		if hidden(c) {
			return -1
		}
		return c
	}, f)))
}

func hidden(c rune) bool { return unicode.In(c, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
