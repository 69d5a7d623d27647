package web

import (
	"net/http"
	"time"

	"mesbridge/conversations"
	"mesbridge/web/jsonbody"
)

// templateShape is a template of a mailbox.
type templateShape struct {
	ID   conversations.ID `json:"id"`
	Name string           `json:"name"`
	Text string           `json:"text"`
}

func templateOf(t conversations.Template) templateShape { return templateShape(t) }

// boxOfPath finds the caller's mailbox that a path names by its key: one that he may read and write for, or, when
// administered is set, one whose users he lists. Any other is not there.
func (a *App) boxOfPath(r request, administered bool) (conversations.Address, error) {
	found, err := a.mandates(r)
	if err != nil {
		return conversations.Address{}, err
	}
	return a.boxOf(found, r.id, administered)
}

// boxOf is boxOfPath among mandates.
func (a *App) boxOf(found []conversations.Mandate, key conversations.ID, administered bool) (conversations.Address, error) {
	for _, m := range found {
		if (m.Use || administered && m.Administer) && a.mailboxKey(m.Mailbox.Address) == string(key) {
			return m.Mailbox.Address, nil
		}
	}
	return conversations.Address{}, notFound()
}

// templates lists the templates of a mailbox.
func templates(a *App, r request) (answer, error) {
	m, err := a.boxOfPath(r, false)
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Templates(r.ctx, r.who.actor(), m)
	if err != nil {
		return answer{}, err
	}
	items, next, err := pageOf(r, found, func(t conversations.Template) string { return string(t.ID) })
	if err != nil {
		return answer{}, err
	}
	return ok(listOf(items, next, time.Time{}, templateOf))
}

// addTemplate keeps a template: {name, text}.
func addTemplate(a *App, r request) (answer, error) {
	t, err := saveTemplate(a, r, "")
	if err != nil {
		return answer{}, err
	}
	return created(templateOf(t))
}

// changeTemplate rewrites a template: {name, text}.
func changeTemplate(a *App, r request) (answer, error) {
	id, err := outsideID(r.param("template"))
	if err != nil {
		return answer{}, err
	}
	t, err := saveTemplate(a, r, id)
	if err != nil {
		return answer{}, err
	}
	return ok(templateOf(t))
}

func saveTemplate(a *App, r request, id conversations.ID) (conversations.Template, error) {
	in := conversations.Template{ID: id}
	m, err := a.boxOfPath(r, false)
	if err != nil {
		return in, err
	}
	if err := jsonbody.Decode(r.body, jsonbody.Fields{"name": jsonbody.Into(&in.Name), "text": jsonbody.Into(&in.Text)}); err != nil {
		return in, err
	}
	saved, err := a.deps.Conversations.SaveTemplate(r.ctx, r.who.actor(), m, in)
	if err != nil && conversations.KindOf(err) == conversations.KindInvalidRequest {
		return in, invalid("text", "Name and text are plain text; the text leaves open nothing but {boite} and {signature}.")
	}
	return saved, err
}

// deleteTemplate deletes a template.
func deleteTemplate(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	id, err := outsideID(r.param("template"))
	if err != nil {
		return answer{}, err
	}
	m, err := a.boxOfPath(r, false)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, a.deps.Conversations.DeleteTemplate(r.ctx, r.who.actor(), m, id)
}
