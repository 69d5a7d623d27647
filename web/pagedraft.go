package web

import (
	"net/http"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// maxDraft is how much of a draft is taken at once, in octets of the form: some 60 pages of text.
const maxDraft = 256 << 10

// fieldSeen is the mark of the draft that the form was shown with.
const fieldSeen = "vu"

// draftKept is what a script is told of a draft: its mark now, and the text when it is not the one that was sent.
type draftKept struct {
	Seen conversations.DraftMark `json:"vu"`
	Text string                  `json:"texte,omitempty"`
}

// draftForm keeps what a script sends of a reply that is being written; a form without a text, which is the button of the
// page, deletes the draft.
func draftForm(a *App, v visit) (view, error) {
	if !v.form.values.Has(fieldText) {
		if err := a.deps.Conversations.SaveDraft(v.ctx, v.who.actor(), v.patient, v.id, ""); err != nil {
			return view{}, err
		}
		return goTo(atConversation(v.id) + "?fait=" + string(page.NoticeDiscarded))
	}
	seen, err := a.keepDraft(v)
	switch {
	case err == nil:
		return view{data: draftKept{Seen: seen}}, nil
	case conversations.KindOf(err) != conversations.KindStaleState:
		return view{}, err
	}
	t, err := a.deps.Conversations.Thread(v.ctx, v.patient, v.id)
	return view{status: http.StatusConflict, data: draftKept{Seen: t.DraftMark, Text: t.Draft}}, err
}

// keepDraft keeps the text of the form in the place of the draft that it was shown with.
func (a *App) keepDraft(v visit) (conversations.DraftMark, error) {
	return a.deps.Conversations.KeepDraft(v.ctx, v.who.actor(), v.patient, v.id, v.form.text(), conversations.DraftMark(v.form.value(fieldSeen)))
}

// draftButton keeps the form as a draft without a script. When another text was kept meanwhile, the page shows both.
func (a *App) draftButton(v visit) (view, error) {
	_, err := a.keepDraft(v)
	switch {
	case err == nil:
		return goTo(atConversation(v.id) + "?fait=" + string(page.NoticeDraft))
	case conversations.KindOf(err) != conversations.KindStaleState:
		return a.replyAgain(v, err)
	}
	return a.formAgain(v, http.StatusConflict, page.FieldError{Field: page.FieldOther, Text: faultOther})
}
