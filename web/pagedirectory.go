package web

import (
	"net/http"
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// directoryPath is the page that searches the directory.
const directoryPath = "/pro/annuaire"

// Sizes of lists of the directory on pages.
const (
	directoryShown = 20
	copiesShown    = 10 // found beside those already in copy
)

const (
	faultQuestion     = "Écrivez au moins deux lettres d’un nom, d’une profession, d’une spécialité ou d’un lieu."
	faultCopyQuestion = "Écrivez au moins deux lettres d’un nom ou d’un lieu."
)

// directoryPage asks whom to look for.
func directoryPage(_ *App, _ visit) (view, error) { return show(page.Directory{}) }

// directoryForm shows whom the directory knows. The question comes in the body: it names people, and a URL does not.
func directoryForm(a *App, v visit) (view, error) {
	p := page.Directory{
		Name: typed(v, page.FieldName), Profession: typed(v, page.FieldProfession), Speciality: typed(v, page.FieldSpeciality), Place: typed(v, page.FieldPlace),
		Asked: true, Further: v.form.value(page.FieldNext) != "",
	}
	q, err := question(p.Name, p.Profession, p.Speciality, p.Place)
	if err != nil {
		p.Fault = faultQuestion
		return view{status: http.StatusUnprocessableEntity, page: p}, nil
	}
	if p.Items, p.Next, err = a.deps.Directory.Search(q, v.form.value(page.FieldNext), directoryShown); err != nil {
		return view{}, badCursor()
	}
	return show(p)
}

// typed is a field of one line.
func typed(v visit, name string) string { return strings.TrimSpace(v.form.value(name)) }

// directoryCopyForm asks to which patient one writes with somebody of the directory in copy.
func directoryCopyForm(a *App, v visit) (view, error) {
	boxes, _ := a.choices(v)
	return show(page.Identify{Mailboxes: boxes, Copies: a.copies(v)})
}

// copies lists who is in copy in a form. What is no address was not chosen on a page of ours, and is nobody.
func (a *App) copies(v visit) []page.Copy {
	var list []page.Copy
	for _, text := range v.form.values[page.FieldCopy] {
		at, err := rules.ParseAddress(text)
		if err == nil && !inList(list, at) && len(list) <= conversations.MaxCopies {
			list = append(list, page.Copy{Mailbox: a.deps.Directory.Mailbox(at), Chosen: true})
		}
	}
	return list
}

func inList(list []page.Copy, at conversations.Address) bool {
	for _, c := range list {
		if c.Mailbox.Address.Canonical() == at.Canonical() {
			return true
		}
	}
	return false
}

// copiesTo are the addresses of those who are in copy.
func copiesTo(list []page.Copy) []conversations.Address {
	var all []conversations.Address
	for _, c := range list {
		if c.Chosen {
			all = append(all, c.Mailbox.Address)
		}
	}
	return all
}

// searchCopies adds to a form whom the directory knows by the name that was typed, to be chosen.
func (a *App) searchCopies(f *page.ComposeForm) {
	f.CopySearched, f.Faults = true, nil
	q, err := question(f.CopyName, "", "", f.CopyPlace)
	if err != nil {
		f.Faults = page.Faults{{Field: page.FieldCopyName, Text: faultCopyQuestion}}
		return
	}
	found, next, err := a.deps.Directory.Search(q, "", copiesShown)
	if err != nil {
		return // a first page has no cursor that could be bad
	}
	f.CopyMore = next != ""
	for _, m := range found {
		if !inList(f.Copies, m.Address) {
			f.Copies = append(f.Copies, page.Copy{Mailbox: m})
			f.CopyFound = true
		}
	}
}

// composeCopyForm looks for somebody to put in copy of a first message; nothing is sent.
func composeCopyForm(a *App, v visit) (view, error) {
	to, faults, err := a.addressed(v)
	if err != nil {
		return view{}, err
	}
	if len(faults) > 0 {
		return composePage(a, v)
	}
	f, _ := a.readCompose(v)
	a.searchCopies(&f.ComposeForm)
	return a.composeView(v, to, f.ComposeForm)
}

// continueCopyForm looks for somebody to put in copy of a further message; nothing is sent.
func continueCopyForm(a *App, v visit) (view, error) {
	f, _ := a.readCompose(v)
	a.searchCopies(&f.ComposeForm)
	return a.deskThreadView(v, f.ComposeForm, page.TeamForm{})
}
