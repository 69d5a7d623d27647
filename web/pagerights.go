package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/page"
)

// accountPath is the page of the patient's account, which is there in any state of it.
const accountPath = "/compte"

// isDeleted reports whether an error is about a conversation that the patient deleted.
func isDeleted(err error) bool {
	var e *conversations.Error
	return errors.As(err, &e) && e.Kind == conversations.KindNotFound && e.Rule == "R115"
}

// deletedTrouble is the page of a deleted conversation (R115).
func deletedTrouble() page.Trouble {
	return page.Trouble{
		Heading: "Message supprimé", What: "Ce message a été supprimé. Il n’est plus disponible.", Next: []page.Step{stepMessages()},
	}
}

// deletePage asks for confirmation: nothing brings a deleted conversation back (R115).
func deletePage(a *App, v visit) (view, error) {
	t, err := a.deps.Conversations.Thread(v.ctx, v.patient, v.id)
	if isDeleted(err) {
		return view{status: http.StatusNotFound, page: deletedTrouble()}, nil
	}
	if err != nil {
		return view{}, err
	}
	return show(page.Delete{Thread: t})
}

// deleteForm deletes a conversation.
func deleteForm(a *App, v visit) (view, error) {
	err := a.deps.Conversations.DeleteThread(v.ctx, v.who.actor(), v.patient, v.id)
	if err != nil && !isDeleted(err) {
		return view{}, err
	}
	return goTo("/messages?fait=" + string(page.NoticeThreadDeleted))
}

// fieldBefore is the place in the conversation that the page of a form showed.
const fieldBefore = "avant"

// saveForm saves an attachment among the patient's documents, and comes back to its message.
func saveForm(a *App, v visit) (view, error) {
	_, _, err := a.deps.Conversations.SaveDocument(detached(v.ctx), v.who.actor(), v.patient, v.piece)
	switch {
	case err != nil && conversations.KindOf(err) == conversations.KindInvalidRequest:
		return view{status: http.StatusUnprocessableEntity, page: page.Trouble{
			Heading: "Document non enregistré", What: notSavable().french + ".",
			Next: []page.Step{{Text: "Revenir à la conversation", Href: atConversation(v.id)}},
		}}, nil
	case err != nil:
		return view{}, err
	}
	anchor := page.Anchor(conversations.MessageOf(v.piece))
	shown := url.Values{"fait": {string(page.NoticeSaved)}, "message": {anchor}}
	if before := v.form.value(fieldBefore); before != "" {
		shown.Set("avant", before)
	}
	return goTo(atConversation(v.id) + "?" + shown.Encode() + "#m-" + url.PathEscape(anchor))
}

// documentsPage lists the patient's documents.
func documentsPage(a *App, v visit) (view, error) {
	cursor := v.query("suite")
	found, err := a.deps.Conversations.Documents(v.ctx, v.patient, cursor, defaultLimit)
	if err != nil {
		return view{}, err
	}
	return show(page.Documents{Items: found.Items, Next: found.Next, Further: cursor != "", Notice: page.Notice(v.query("fait"))})
}

// documentFile sends a saved document.
func documentFile(a *App, v visit) (view, error) {
	d, err := a.deps.Conversations.Document(detached(v.ctx), v.who.actor(), v.patient, v.id)
	return view{download: &d}, err
}

// deleteDocumentPage asks for confirmation: what is no more in its conversation either is lost.
func deleteDocumentPage(a *App, v visit) (view, error) {
	d, err := a.deps.Conversations.DocumentLine(v.ctx, v.patient, v.id)
	if err != nil {
		return view{}, err
	}
	return show(page.DeleteDocument{Document: d})
}

// deleteDocumentForm deletes a saved document.
func deleteDocumentForm(a *App, v visit) (view, error) {
	if err := a.deps.Conversations.DeleteDocument(v.ctx, v.who.actor(), v.patient, v.id); err != nil {
		return view{}, err
	}
	return goTo("/documents?fait=" + string(page.NoticeDocumentDeleted))
}

// historyPage lists what was done with the patient's messages.
func historyPage(a *App, v visit) (view, error) {
	cursor := v.query("suite")
	found, err := a.deps.Conversations.History(v.ctx, v.patient, cursor, defaultLimit)
	if err != nil {
		return view{}, err
	}
	return show(page.History{Items: found.Items, Next: found.Next, Further: cursor != ""})
}

// accountPage tells where the account stands and what its holder can do.
func accountPage(a *App, v visit) (view, error) {
	found, err := a.deps.Conversations.Account(v.ctx, v.patient)
	if err != nil {
		return view{}, err
	}
	return show(page.Account{Account: found, Notice: page.Notice(v.query("fait"))})
}

// commandOf is the command that a page of the account is about, when the holder may give it now.
func commandOf(a *App, v visit) (page.Command, error) {
	found, err := a.deps.Conversations.Account(v.ctx, v.patient)
	if err != nil {
		return page.Command{}, err
	}
	c := page.CommandOf(string(v.id))
	if !slices.Contains(found.Commands, c) {
		return page.Command{}, notFound()
	}
	return page.Command{Command: c, Account: found}, nil
}

// commandPage asks for confirmation of a command.
func commandPage(a *App, v visit) (view, error) {
	c, err := commandOf(a, v)
	if err != nil {
		return view{}, err
	}
	return show(c)
}

// commandForm carries out a command of the holder. What cannot be undone wants a tick beside the button.
func commandForm(a *App, v visit) (view, error) {
	c, err := commandOf(a, v)
	if err != nil {
		return view{}, err
	}
	if c.Final() && v.form.value(fieldSure) == "" {
		c.Fault = true
		return view{status: http.StatusUnprocessableEntity, page: c}, nil
	}
	if _, err := a.deps.Conversations.ManageAccount(v.ctx, v.who.actor(), rules.Holder, v.patient, c.Command); err != nil {
		return view{}, err
	}
	switch c.Command { //nolint:exhaustive // the others leave the visitor logged in
	case rules.CloseAccount: // these end his sessions (R148)
		return goTo("/?fait=" + string(page.NoticeAccountClosed))
	case rules.EraseAccount:
		return goTo("/?fait=" + string(page.NoticeErased))
	}
	return goTo(accountPath + "?fait=" + string(page.NoticeAccount))
}
