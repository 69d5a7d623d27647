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
	address      string // canonical
	kind         rules.MailboxKind
	name, person string
	sortName     string // what it is searched and sorted by: the family name first
	zeroPaper    bool
	site         site
	trade        trade
}

// rowReader turns rows of one layout into mailboxes. It is not safe for concurrent use.
type rowReader struct {
	layout layout
	fields [][]byte
	names  namer
}

func newRowReader(l layout) *rowReader {
	return &rowReader{layout: l, fields: make([][]byte, 0, l.width), names: newNamer()}
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
		address: address.Canonical(), kind: kind, person: r.text(r.layout.person), zeroPaper: yes(r.text(r.layout.zeroPaper)),
		site: site{
			structure: nationalStructure(r.text(r.layout.structureType), r.text(r.layout.structure)),
			name:      r.first(r.layout.tradeName, r.layout.structureName),
			place:     r.first(r.layout.town, r.layout.postalCode), district: r.text(r.layout.district),
		},
		trade: trade{
			profession: r.text(r.layout.professionCode), label: r.text(r.layout.profession),
			category: r.text(r.layout.category), function: r.text(r.layout.function),
		},
	}
	if kind == rules.Personal {
		m.trade.speciality = r.first(r.layout.skill, r.layout.profession)
		m.name, m.sortName = r.names.shown(r.text(r.layout.title), r.text(r.layout.givenName), r.text(r.layout.familyName))
		return m, true
	}
	m.name = r.first(r.layout.service, r.layout.tradeName, r.layout.structureName)
	m.sortName = m.name
	return m, true
}

// yes reads the indicator of a mailbox that wants no paper (O122).
func yes(s string) bool {
	switch strings.ToUpper(s) {
	case "O", "OUI", "1", "TRUE":
		return true
	}
	return false
}

// namer writes names of persons as they are shown. It is not safe for concurrent use.
type namer struct{ title cases.Caser }

func newNamer() namer { return namer{cases.Title(language.French)} }

// shown is exercise title, first name and name (I113), and what the name is sorted by. A first name all in capitals,
// as the extraction often has it, is shown with one capital for each part.
func (n namer) shown(title, given, family string) (name, sort string) {
	if given == strings.ToUpper(given) {
		given = n.title.String(given)
	}
	parts := []string{shownTitle(title), given, strings.ToUpper(family)}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " "), family + " " + given
}

// shownTitle spells the titles that patients know as they are usually written; every other exercise title stands as in
// the file.
func shownTitle(t string) string {
	switch strings.ToUpper(t) {
	case "DR", "DOCTEUR":
		return "Dr"
	case "PR", "PROFESSEUR":
		return "Pr"
	case "MME":
		return "Mme"
	case "MLLE":
		return "Mlle"
	case "M", "MR":
		return "M."
	}
	return t
}

// nationalStructure is the national identifier of a structure: the digit of its type before a FINESS or a
// SIRET (O31), whether the digit stood in the identifier or beside it.
func nationalStructure(kind, id string) string {
	finess, siret := kind == "1" && len(id) == 9, kind == "3" && len(id) == 14
	if finess || siret {
		return kind + id
	}
	return id
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

// text is a field as it can be shown; empty for a column that the file has not.
func (r *rowReader) text(place int) string {
	if place == absent {
		return ""
	}
	return plain(r.fields[place])
}

// plain is a text without outer space and without characters that do not show: a control or bidi character in a
// name could disguise it.
func plain(f []byte) string {
	f = bytes.TrimSpace(f)
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
