package web

import (
	"net/http"
	"strings"
	"unicode"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

const faultSought = "Écrivez au moins deux lettres du nom ou du prénom, ou le matricule INS entier."

// searchForm shows the exchanges of a mailbox with whoever is looked for. The question comes in the body: it names a
// patient, and a URL does not.
func searchForm(a *App, v visit) (view, error) {
	boxes, m := a.choices(v)
	p := page.Desk{Mailboxes: boxes, Chosen: chosenOf(boxes), Search: &page.Search{Text: typed(v, page.FieldPatient)}}
	if len(boxes) == 0 {
		return a.deskWithoutMailbox(v, p)
	}
	by, fault := a.sought(p.Search)
	if fault != "" {
		p.Search.Fault = fault
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

// sought reads whom a search is for: no name has a digit, and no matricule is without.
func (a *App) sought(s *page.Search) (by conversations.Sought, fault string) {
	s.INS = strings.ContainsFunc(s.Text, unicode.IsDigit)
	if s.INS {
		ins, err := rules.ParseINS(strings.Join(strings.Fields(s.Text), ""), a.cfg.CheckINSKey)
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
