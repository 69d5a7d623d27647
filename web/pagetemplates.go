package web

import (
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// What the page of a template says is wrong, with what to do (I219).
const (
	faultTemplateName = "Donnez un nom au modèle, en 80 caractères au plus."
	faultTemplateText = "Écrivez un texte de 4 000 caractères au plus."
	faultPlaceholder  = "Seuls {boite} et {signature} sont remplacés. Retirez les autres mots entre accolades\u00a0: le patient les lirait tels quels."
	faultTemplates    = "Le texte est trop long, ou la boîte a déjà 40 modèles. Raccourcissez le texte, ou supprimez un modèle."
)

// offerTemplates lists in a form the templates of the mailbox that writes, and begins its text with the one chosen.
// Nothing that was typed is lost: the form is offered before.
func (a *App) offerTemplates(v visit, m conversations.Address, f *page.ComposeForm) error {
	found, err := a.deps.Conversations.Templates(v.ctx, v.who.actor(), m)
	if err != nil {
		return err
	}
	f.Templates, f.Box = found, a.mailboxKey(m)
	if f.Template == "" || f.Text != "" {
		return nil
	}
	text, err := a.deps.Conversations.FillTemplate(v.ctx, v.who.actor(), m, f.Template)
	if err != nil && conversations.KindOf(err) != conversations.KindNotFound { // one that was deleted meanwhile is none
		return err
	}
	f.Text = text
	return nil
}

// mandateOf finds what the visitor may do with the mailbox that a path names: one that he may read and write for, or,
// when administered is set, one whose users he lists.
func (a *App) mandateOf(v visit, administered bool) (page.Mailbox, error) {
	found, err := a.deps.Conversations.MandatesOf(v.ctx, v.who.ID, v.who.standing())
	if err != nil {
		return page.Mailbox{}, err
	}
	m, err := a.boxOf(found, v.id, administered)
	if err != nil {
		return page.Mailbox{}, err
	}
	for _, one := range found {
		if one.Mailbox.Address == m {
			return page.Mailbox{Mandate: one, Key: string(v.id)}, nil
		}
	}
	return page.Mailbox{}, notFound()
}

// templatesPath is the page of the templates of a mailbox.
func templatesPath(v visit) string { return mailboxesPath + "/" + string(v.id) + "/modeles" }

// templatesPage lists the templates of a mailbox, with a form for a new one.
func templatesPage(a *App, v visit) (view, error) { return a.templatesView(v, page.TemplateForm{}) }

func (a *App) templatesView(v visit, f page.TemplateForm) (view, error) {
	m, err := a.mandateOf(v, false)
	if err != nil {
		return view{}, err
	}
	found, err := a.deps.Conversations.Templates(v.ctx, v.who.actor(), m.Mailbox.Address)
	if err != nil {
		return view{}, err
	}
	return show(page.Templates{Mailbox: m, Items: found, Form: f, Notice: page.Notice(v.query("fait"))})
}

// templatePage shows one template to rewrite.
func templatePage(a *App, v visit) (view, error) {
	m, err := a.mandateOf(v, false)
	if err != nil {
		return view{}, err
	}
	found, err := a.deps.Conversations.Templates(v.ctx, v.who.actor(), m.Mailbox.Address)
	if err != nil {
		return view{}, err
	}
	for _, t := range found {
		if t.ID == v.piece {
			return show(page.Template{Mailbox: m, Form: page.TemplateForm{ID: t.ID, Name: t.Name, Text: t.Text}})
		}
	}
	return view{}, notFound()
}

// addTemplateForm keeps a new template; changeTemplateForm rewrites one.
func addTemplateForm(a *App, v visit) (view, error)    { return a.saveTemplateForm(v) }
func changeTemplateForm(a *App, v visit) (view, error) { return a.saveTemplateForm(v) }

func (a *App) saveTemplateForm(v visit) (view, error) {
	m, err := a.mandateOf(v, false)
	if err != nil {
		return view{}, err
	}
	f := page.TemplateForm{ID: v.piece, Name: strings.TrimSpace(v.form.value(page.FieldName)), Text: v.form.text()}
	if templateFaults(&f); len(f.Faults) > 0 {
		return a.templateAgain(v, m, f)
	}
	_, err = a.deps.Conversations.SaveTemplate(v.ctx, v.who.actor(), m.Mailbox.Address, conversations.Template{ID: f.ID, Name: f.Name, Text: f.Text})
	if err == nil {
		return goTo(templatesPath(v) + "?fait=" + string(page.NoticeTemplateSaved))
	}
	var core *conversations.Error
	switch errors.As(err, &core); {
	case core == nil:
		return view{}, err
	case core.Kind == conversations.KindInvalidRequest && core.Rule == "R71":
		f.Add(fieldText, faultPlaceholder)
	case core.Kind == conversations.KindInvalidRequest: // a name on more than one line
		f.Add(page.FieldName, faultTemplateName)
	case core.Kind == conversations.KindTooLarge:
		f.Add(fieldText, faultTemplates)
	default:
		return view{}, err
	}
	return a.templateAgain(v, m, f)
}

// templateFaults notes all that is missing from a template, or too long.
func templateFaults(f *page.TemplateForm) {
	if !rules.IsPlainText(f.Name) || utf8.RuneCountInString(f.Name) > rules.MaxTemplateNameRunes {
		f.Add(page.FieldName, faultTemplateName)
	}
	if !rules.IsPlainText(f.Text) || utf8.RuneCountInString(f.Text) > rules.MaxTemplateTextRunes {
		f.Add(fieldText, faultTemplateText)
	}
}

// templateAgain shows a form that was refused on the page that it came from.
func (a *App) templateAgain(v visit, m page.Mailbox, f page.TemplateForm) (view, error) {
	if f.ID != "" {
		return view{status: http.StatusUnprocessableEntity, page: page.Template{Mailbox: m, Form: f}}, nil
	}
	out, err := a.templatesView(v, f)
	out.status = http.StatusUnprocessableEntity
	return out, err
}

// deleteTemplateForm deletes a template.
func deleteTemplateForm(a *App, v visit) (view, error) {
	m, err := a.mandateOf(v, false)
	if err != nil {
		return view{}, err
	}
	if err := a.deps.Conversations.DeleteTemplate(v.ctx, v.who.actor(), m.Mailbox.Address, v.piece); err != nil {
		return view{}, err
	}
	return goTo(templatesPath(v) + "?fait=" + string(page.NoticeTemplateDeleted))
}
