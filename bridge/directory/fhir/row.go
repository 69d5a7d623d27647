package fhir

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"mesbridge/bridge/directory"
	"mesbridge/rules"
)

// row is what is kept of one resource. A role holds what was known of its practitioner and of its organization.
type row struct {
	Type     string `json:"t"`
	ID       string `json:"i"`           // technical id
	Key      string `json:"k"`           // business id
	Who      string `json:"p,omitempty"` // technical id of the practitioner, of a role
	Where    string `json:"o,omitempty"` // of the organization, of a role
	Person   *who   `json:"who,omitempty"`
	Site     *where `json:"at,omitempty"`
	Function string `json:"f,omitempty"` // TRE_R21 (I117)
	Boxes    []box  `json:"b,omitempty"`
	Gone     bool   `json:"x,omitempty"` // the resource is not active (O137)
}

// who is a person as the directory names him.
type who struct {
	ID             string `json:"id,omitempty"`
	Title          string `json:"t,omitempty"`
	Given          string `json:"g,omitempty"`
	Family         string `json:"f,omitempty"`
	Category       string `json:"c,omitempty"`
	Profession     string `json:"p,omitempty"`
	ProfessionName string `json:"pn,omitempty"`
	Skill          string `json:"s,omitempty"`
}

// where is an organization as the directory names it.
type where struct {
	ID         string `json:"id,omitempty"`
	Name       string `json:"n,omitempty"`
	Town       string `json:"t,omitempty"`
	PostalCode string `json:"z,omitempty"`
	District   string `json:"d,omitempty"`
}

// box is one mailbox.
type box struct {
	Address   string            `json:"a"`
	Kind      rules.MailboxKind `json:"k"`
	Service   string            `json:"s,omitempty"`
	ZeroPaper bool              `json:"z,omitempty"`
}

// key tells rows apart.
func (r *row) key() string { return r.Type + "/" + r.Key }

// place is what references name a row by.
func (r *row) place() string { return r.Type + "/" + r.ID }

// kept reports whether a row says anything that the table needs.
func (r *row) kept() bool { return !r.Gone && (len(r.Boxes) > 0 || mayHold(r.Function)) }

// mayHold reports whether a function is one of a student who may hold a mailbox (I117): it is kept also where the
// mailbox is another resource's.
func mayHold(function string) bool {
	return function == "FON-47" || function == "FON-48" || function == "FON-57"
}

// rowOf reads a resource. ok is false for one of another type, and for one without an id.
func rowOf(r *resource) (row, bool) {
	out := row{Type: r.Type, ID: short(r.ID), Key: short(r.business()), Gone: r.Active != nil && !*r.Active}
	if out.Key == "#" {
		return row{}, false
	}
	switch r.Type {
	case practitioner:
		p := personOf(r)
		out.Person = &p
	case role:
		out.Who, out.Where, out.Function = short(r.Practitioner.id()), short(r.Organization.id()), functionOf(r)
		if p := personOf(r); p != (who{}) {
			out.Person = &p
		}
	case organization:
		out.Site = siteOf(r)
	default:
		return row{}, false
	}
	if !out.Gone {
		out.Boxes = boxesOf(r)
	}
	return out, true
}

// functionOf is the function of a role; one that lets a student hold a mailbox comes first (I117).
func functionOf(r *resource) string {
	first := ""
	for _, c := range r.Code {
		f, ok := inTable([]concept{c}, "TRE_R21")
		if mayHold(f.Code) {
			return f.Code
		}
		if ok && first == "" {
			first = short(f.Code)
		}
	}
	return first
}

// personOf reads what a practitioner says of himself, or a role of its practitioner.
func personOf(r *resource) who {
	codes := r.Code
	for _, q := range r.Qualification {
		codes = append(codes, q.Code)
	}
	w := who{}
	if r.Type == practitioner {
		w.ID = short(r.person())
	}
	if n := r.human(); n != nil {
		w.Family, w.Given, w.Title = short(n.Family), short(strings.Join(n.Given, " ")), short(exerciseTitle(*n))
	}
	if p, ok := inTable(codes, "TRE_G15"); ok {
		w.Profession, w.ProfessionName = short(p.Code), short(cmp.Or(p.Display, rules.ProfessionOf(p.Code))) // served data often have codes alone
	}
	if c, ok := inTable(codes, "TRE_R09"); ok {
		w.Category = short(c.Code)
	}
	if s, ok := inTable(codes, "TRE_R38"); ok {
		w.Skill = short(s.Display)
	}
	return w
}

// exerciseTitle is the exercise title, which stands after the name, or the title of courtesy before it.
func exerciseTitle(n humanName) string {
	for _, t := range append(n.Suffix, n.Prefix...) {
		if t != "" {
			return t
		}
	}
	return ""
}

func siteOf(r *resource) *where {
	w := &where{ID: short(r.structure()), Name: short(r.organizationName())}
	if len(r.Address) > 0 {
		a := r.Address[0]
		w.Town, w.PostalCode, w.District = short(a.City), short(a.PostalCode), short(a.District)
		if w.PostalCode != "" && !strings.HasPrefix(w.Town, w.PostalCode) {
			w.Town = strings.TrimSpace(w.PostalCode + " " + w.Town)
		}
	}
	return w
}

// maxText bounds a text that is kept, in octets; no real one has as many.
const maxText = 400

// short is a text without what does not fit, cut between characters.
func short(s string) string {
	s = strings.ToValidUTF8(s, "")
	if len(s) <= maxText {
		return s
	}
	s = s[:maxText]
	for s != "" && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// entries hands every mailbox of a row, and the function of its person, to yield, until it says no.
func (r *row) entries(yield func(directory.Entry) bool) bool {
	var p who
	if r.Person != nil {
		p = *r.Person
	}
	var at where
	if r.Site != nil {
		at = *r.Site
	}
	for _, b := range r.Boxes {
		a, err := rules.ParseAddress(b.Address)
		if err != nil {
			continue // boxesOf takes addresses alone
		}
		if !yield(directory.Entry{
			Kind: b.Kind, Address: a, Person: p.ID, Title: p.Title, GivenName: p.Given, FamilyName: p.Family, Category: p.Category,
			ProfessionCode: p.Profession, Profession: p.ProfessionName, Skill: p.Skill, Function: r.Function,
			Structure: at.ID, StructureName: at.Name, Service: b.Service, Town: at.Town, PostalCode: at.PostalCode, District: at.District,
			ZeroPaper: b.ZeroPaper,
		}) {
			return false
		}
	}
	if mayHold(r.Function) && p.ID != "" {
		return yield(directory.Entry{Person: p.ID, Function: r.Function})
	}
	return true
}
