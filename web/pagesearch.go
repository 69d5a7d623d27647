package web

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

const (
	faultSought     = "Écrivez au moins deux lettres du nom ou du prénom, ou le matricule INS entier."
	faultSoughtDate = "La recherche se fait par le nom ou le matricule INS, pas par la date de naissance."
)

// searchForm looks for somebody among the exchanges of a mailbox. The question comes in the body, since it names a
// patient and a URL does not; it leads to a page of its own, so that one comes back to the answer.
func searchForm(a *App, v visit) (view, error) {
	text := typed(v, page.FieldPatient)
	if _, fault := a.sought(&page.Search{Text: text}); fault != "" || len(v.who.Mailboxes) == 0 {
		return a.foundView(v, text)
	}
	sealed, err := a.sealSought(v, text)
	if err != nil {
		return view{}, err
	}
	boxes, _ := a.choices(v)
	return goTo(page.Place{Mailbox: chosenOf(boxes).Key, Sealed: sealed}.Ledger())
}

// foundView shows the exchanges of a mailbox with whoever is looked for.
func (a *App) foundView(v visit, text string) (view, error) {
	boxes, m := a.choices(v)
	p := page.Desk{Mailboxes: boxes, Chosen: chosenOf(boxes), Search: &page.Search{Text: text, Sealed: v.query(querySought)}}
	if len(boxes) == 0 {
		return a.deskWithoutMailbox(v, p)
	}
	by, fault := a.sought(p.Search)
	if fault != "" {
		p.Search.Fault = fault
		if err := a.addList(v, m, &p); err != nil {
			return view{}, toProfessional(err)
		}
		return view{status: http.StatusUnprocessableEntity, page: p}, nil
	}
	found, err := a.deps.Conversations.FindExchanges(v.ctx, m, by)
	if err != nil {
		return view{}, toProfessional(err)
	}
	if p.Absence, err = a.absenceOf(v, m); err != nil {
		return view{}, toProfessional(err)
	}
	p.Search.Found, p.Items, p.AsOf = found, found.Items, found.AsOf
	return show(p)
}

// sought reads whom a search is for: no name has a digit, and no matricule is without. Of a patient's address it takes
// the matricule (R12).
func (a *App) sought(s *page.Search) (by conversations.Sought, fault string) {
	local, _, _ := strings.Cut(s.Text, "@")
	s.INS = strings.ContainsFunc(local, unicode.IsDigit)
	switch {
	case slices.ContainsFunc(strings.Fields(s.Text), isDate):
		return by, faultSoughtDate
	case s.INS:
		ins, err := rules.ParseINS(strings.Join(strings.Fields(local), ""), a.cfg.CheckINSKey)
		if err != nil {
			return by, insFault(err)
		}
		return conversations.Sought{INS: ins}, ""
	}
	name, ok := rules.ReadSoughtName(s.Text)
	if !ok {
		return by, faultSought
	}
	return conversations.Sought{Name: name}, ""
}

// isDate reports whether a word is a date as people write it.
func isDate(word string) bool {
	for _, layout := range []string{"2/1/2006", "2.1.2006", "2-1-2006", time.DateOnly} {
		if _, err := time.Parse(layout, word); err == nil {
			return true
		}
	}
	return false
}
