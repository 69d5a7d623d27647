package web

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/filetype"
	"mesbridge/web/page"
)

// maxOperation is the longest operation id taken from a form, in octets.
const maxOperation = 64

// What the reply form says is wrong, with what to do (I219).
const (
	faultNoText  = "Écrivez votre message avant de l’envoyer."
	faultSize    = "La taille du ou des documents dépasse la limite autorisée. Retirez un document ou réduisez-le."
	faultMany    = "Vous ne pouvez pas joindre plus de 50 documents. Retirez-en."
	faultName    = "Le nom d’un document ne convient pas\u00a0: renommez-le sans caractère spécial, puis choisissez-le de nouveau."
	faultEmpty   = "«\u00a0%s\u00a0» est vide. Retirez-le ou choisissez-en un autre."
	faultKind    = "«\u00a0%s\u00a0»\u00a0: ce format n’est pas accepté."
	otherKinds   = "Formats acceptés\u00a0: JPG, PNG, TIFF, TXT, PDF, RTF, DOC. Prenez plutôt une photo JPG, ou enregistrez le document en PDF."
	faultContent = "«\u00a0%s\u00a0»\u00a0: le contenu ne correspond pas au format annoncé par son nom. Enregistrez-le de nouveau ou choisissez-en un autre."
	faultExpired = "Par sécurité, vérifiez votre message et vos pièces jointes, puis envoyez-le de nouveau."
	faultLater   = "Le service n’a pas pu envoyer votre message. Il n’est pas parti\u00a0: réessayez dans quelques instants."
	faultOther   = "Un autre texte a été enregistré pour ce brouillon, dans une autre fenêtre ou par une personne qui agit pour vous. Rien n’a été remplacé : lisez-le, puis enregistrez ou envoyez le texte à garder."
)

// replyForm sends a reply, or keeps it as a draft.
func replyForm(a *App, v visit) (view, error) {
	if v.form.value(fieldAction) == "brouillon" && !v.form.cut {
		return a.draftButton(v)
	}
	if v.form.cut {
		return a.formAgain(v, http.StatusRequestEntityTooLarge, page.FieldError{Field: page.FieldFiles, Text: faultSize})
	}
	in, fault := readReplyForm(v.form)
	if fault != nil {
		return a.formAgain(v, http.StatusUnprocessableEntity, *fault)
	}
	if _, err := a.deps.Conversations.Reply(v.ctx, v.who.actor(), v.patient, v.id, in); err != nil {
		return a.replyAgain(v, err)
	}
	return goTo(atConversation(v.id) + "?fait=" + string(page.NoticeAnswered))
}

// readReplyForm checks what can be checked without the conversation.
func readReplyForm(f form) (conversations.ReplyInput, *page.FieldError) {
	in := conversations.ReplyInput{Text: f.text(), Choice: choiceOf(f), Operation: f.value(fieldOperation)}
	if len(in.Operation) > maxOperation {
		in.Operation = ""
	}
	if in.Text == "" { // R112
		return in, &page.FieldError{Field: page.FieldText, Text: faultNoText}
	}
	if len(f.files) > maxAttachments {
		return in, &page.FieldError{Field: page.FieldFiles, Text: faultMany}
	}
	var faults []string
	in.Attachments, faults = checkFiles(f.files)
	if len(faults) > 0 {
		return in, &page.FieldError{Field: page.FieldFiles, Text: strings.Join(faults, "\n")}
	}
	return in, nil
}

// checkFiles returns the documents as attachments, or all that is wrong with them, each fault once.
func checkFiles(files []file) (attached []conversations.Attachment, faults []string) {
	refused := false
	for _, f := range files {
		kind, fault := checkFile(f)
		if fault != "" && !slices.Contains(faults, fault) {
			faults = append(faults, fault)
		}
		refused = refused || fault == fmt.Sprintf(faultKind, f.name)
		attached = append(attached, conversations.Attachment{Name: f.name, Type: kind, Content: f.content})
	}
	if refused {
		faults = append(faults, otherKinds)
	}
	return attached, faults
}

// checkFile returns the media type of a document, or what is wrong with it (R113).
func checkFile(f file) (kind, fault string) {
	if !goodFileName(f.name) {
		return "", faultName
	}
	kind, err := filetype.Check(f.name, f.content)
	switch {
	case err == filetype.ErrNotOffered: //nolint:errorlint // Check returns it bare
		return "", fmt.Sprintf(faultKind, f.name)
	case len(f.content) == 0:
		return "", fmt.Sprintf(faultEmpty, f.name)
	case err != nil:
		return "", fmt.Sprintf(faultContent, f.name)
	}
	return kind, ""
}

// choiceOf is whom the form addresses; anything unknown is the narrower choice.
func choiceOf(f form) rules.ReplyChoice {
	if f.value(fieldChoice) == string(rules.ReplyToAll) {
		return rules.ReplyToAll
	}
	return rules.ReplyToOne
}

// replyExpired shows the form again when its token was not the session's.
func replyExpired(a *App, v visit) (view, error) {
	fault := page.FieldError{Field: page.FieldForm, Text: faultExpired}
	return a.formAgain(v, http.StatusForbidden, fault)
}

// replyAgain shows the conversation after a reply that was not sent: what refused it, and the text, which
// is never lost (D7).
func (a *App) replyAgain(v visit, refused error) (view, error) {
	kind := conversations.KindOf(refused)
	switch kind { //nolint:exhaustive // what is not the patient's to mend is told by its own page
	case conversations.KindTooLarge:
		return a.formAgain(v, http.StatusRequestEntityTooLarge, page.FieldError{Field: page.FieldFiles, Text: faultSize})
	case conversations.KindInvalidRequest:
		return a.formAgain(v, http.StatusUnprocessableEntity, page.FieldError{Field: page.FieldText, Text: faultNoText})
	case conversations.KindStaleState, conversations.KindUnavailable, conversations.KindInternal:
		a.deps.Log.ErrorContext(v.ctx, "reply not sent", "error", refused)
		return a.formAgain(v, statusOf(kind), page.FieldError{Field: page.FieldForm, Text: faultLater})
	case conversations.KindThreadNotOpened, conversations.KindThreadClosed, conversations.KindReplyNotAllowed,
		conversations.KindBlockedByPatient, conversations.KindPatientOpposed, conversations.KindMailboxUnknown:
		return a.refused(v, kind)
	}
	return view{}, refused
}

// formAgain shows the form with what was typed and what is wrong. When the conversation cannot be read
// now, a page gives the text back.
func (a *App) formAgain(v visit, status int, fault page.FieldError) (view, error) {
	t, err := a.deps.Conversations.Thread(v.ctx, v.patient, v.id)
	switch {
	case err != nil && conversations.KindOf(err).Temporary():
		return view{status: http.StatusServiceUnavailable, page: unsent(v.form.text())}, nil
	case err != nil:
		return view{}, err
	case !t.Reply.Allowed: // the right ended while the form was open
		return a.refusedView(v, t, page.Refusal{State: rules.ReplyState(t.State), Text: v.form.text()})
	}
	operation := v.form.value(fieldOperation)
	if operation == "" || len(operation) > maxOperation {
		operation = rand.Text()
	}
	return view{status: status, page: page.Conversation{
		Thread: v.withinRights(t), CSRF: v.csrf, Acting: v.acting != nil,
		Form: page.ReplyForm{
			Text: v.form.text(), Seen: t.DraftMark, Choice: choiceOf(v.form), Operation: operation, Faults: page.Faults{fault},
			FilesAgain: v.form.cut || len(v.form.files) > 0,
		},
	}}, nil
}

// refused shows the conversation after the right to reply ended while the patient wrote: first that
// nothing was sent, then whom to call (D7).
func (a *App) refused(v visit, kind conversations.Kind) (view, error) {
	r := page.Refusal{State: stateOf(kind), Text: v.form.text()}
	t, err := a.deps.Conversations.Thread(v.ctx, v.patient, v.id)
	if err != nil {
		return view{status: http.StatusForbidden, page: unsent(r.Text)}, nil //nolint:nilerr // the refusal is the answer, and the text goes back
	}
	r.Kept = t.Draft != ""
	return a.refusedView(v, t, r)
}

func (a *App) refusedView(v visit, t conversations.Thread, r page.Refusal) (view, error) {
	why, err := a.whyFrozen(v, t)
	if err != nil {
		a.deps.Log.LogAttrs(v.ctx, slog.LevelWarn, "reason of a frozen conversation not told", slog.Any("error", err))
	}
	return view{status: http.StatusForbidden, page: page.Conversation{
		Thread: v.withinRights(t), CSRF: v.csrf, Acting: v.acting != nil, Refused: &r, Why: why, Form: page.ReplyForm{Text: r.Text, Choice: choiceOf(v.form), Operation: rand.Text()},
	}}, nil
}

// stateOf is the reply state behind a refusal.
func stateOf(kind conversations.Kind) rules.ReplyState {
	switch kind { //nolint:exhaustive // the others freeze
	case conversations.KindThreadClosed:
		return rules.Ended
	case conversations.KindReplyNotAllowed, conversations.KindThreadNotOpened:
		return rules.NoReply
	case conversations.KindBlockedByPatient:
		return rules.Blocked
	}
	return rules.Frozen
}

// unsent gives a text back when its conversation cannot be shown.
func unsent(text string) page.Trouble {
	return page.Trouble{
		Heading: "Votre message n’a pas été envoyé", What: "La conversation ne peut pas être affichée en ce moment.", Text: text,
		Next: []page.Step{{Text: "Réessayer dans quelques instants"}, {Text: "Revenir à mes messages", Href: "/messages"}},
	}
}
