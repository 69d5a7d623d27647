package fhir

import (
	"encoding/json"
	"errors"
	"fmt"
)

// maxEntries bounds the entries of one page; a page has 50 and what they refer to (O130).
const maxEntries = 5000

// page is what is read of one answer.
type page struct {
	rows    []row
	next    string // link to the next page as the server wrote it; empty on the last one
	read    int    // resources
	skipped int    // of those, that could not be read
}

// bundle is a page of a search (I93).
type bundle struct {
	Type string `json:"resourceType"`
	Kind string `json:"type"`
	Link []struct {
		Relation string `json:"relation"`
		URL      string `json:"url"`
	} `json:"link"`
	Entry []struct {
		Resource json.RawMessage `json:"resource"`
	} `json:"entry"`
}

// errOutcome means that the server answered with an OperationOutcome, whose text may quote the request.
var errOutcome = errors.New("the server of the directory answered that something is wrong with the search")

// parsePage reads an answer. A resource that cannot be read is counted and passed over; a page that is none is an
// error. Roles get what the page tells of their practitioners and structures.
func parsePage(data []byte) (page, error) {
	var b bundle
	if err := json.Unmarshal(data, &b); err != nil {
		return page{}, ErrAnswer // the error of the parser would quote the answer
	}
	switch {
	case b.Type == "OperationOutcome":
		return page{}, errOutcome
	case b.Type != "Bundle" || b.Kind != "" && b.Kind != "searchset":
		return page{}, ErrAnswer
	case len(b.Entry) > maxEntries:
		return page{}, fmt.Errorf("%w: %d entries", ErrTooLarge, len(b.Entry))
	}
	var p page
	for _, l := range b.Link {
		if l.Relation == "next" {
			p.next = l.URL
		}
	}
	for _, e := range b.Entry {
		p.add(e.Resource)
	}
	p.join()
	return p, nil
}

// add reads one resource.
func (p *page) add(data json.RawMessage) {
	var head struct {
		Type string `json:"resourceType"`
	}
	p.read++
	if json.Unmarshal(data, &head) != nil {
		p.skipped++
		return
	}
	switch head.Type {
	case practitioner, role, organization:
	case "OperationOutcome": // warnings stand among the entries (FHIR R4, Search)
		return
	default:
		p.skipped++
		return
	}
	var r resource
	if json.Unmarshal(data, &r) != nil {
		p.skipped++
		return
	}
	if one, ok := rowOf(&r); ok {
		p.rows = append(p.rows, one)
	} else {
		p.skipped++
	}
}

// join gives roles what the page tells of those whom they refer to.
func (p *page) join() {
	at := make(map[string]*row, len(p.rows))
	for i := range p.rows {
		at[p.rows[i].place()] = &p.rows[i]
	}
	for i := range p.rows {
		if r := &p.rows[i]; r.Type == role {
			r.take(at[practitioner+"/"+r.Who], at[organization+"/"+r.Where])
		}
	}
}

// take gives a role what its practitioner and its organization say of themselves; nil: nothing new. What a role says
// of its practitioner itself stands before: it is the exercise name (I43).
func (r *row) take(p, o *row) {
	if p != nil && p.Person != nil {
		w := *p.Person
		if own := r.Person; own != nil {
			own.over(&w)
		}
		r.Person = &w
	}
	if o != nil && o.Site != nil {
		r.Site = o.Site
	}
}

// over puts what is filled here into w.
func (p who) over(w *who) {
	for _, f := range []struct {
		from string
		to   *string
	}{
		{p.ID, &w.ID}, {p.Title, &w.Title}, {p.Given, &w.Given}, {p.Family, &w.Family}, {p.Category, &w.Category}, {p.Skill, &w.Skill},
	} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if p.Profession != "" {
		w.Profession, w.ProfessionName = p.Profession, p.ProfessionName
	}
}
