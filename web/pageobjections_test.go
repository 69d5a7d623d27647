package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// objects sends the form of an objection, and returns where the visitor is sent.
func (w *world) objects(kind, scope string) string {
	w.t.Helper()
	form := url.Values{"csrf": {csrfToken}, "nature": {kind}, "portee": {scope}}.Encode()
	return w.post(patientKey, "/oppositions", form).wants(http.StatusSeeOther, "").header.Get("Location")
}

// D14 b, c: what stands is not declared again, nor offered; a button pressed twice at once declares one, for both have one id.
func TestObjections_eachStandsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.objects("messages", "profession:10")
	again := w.objects("messages", "profession:10")
	if len(w.core.objections) != 1 || !strings.HasPrefix(again, "/oppositions?fait=deja-oppose") {
		t.Fatalf("%d stand, sent to %s", len(w.core.objections), again)
	}
	got := w.visit(patientKey, again).wants(http.StatusOK, "").has("Cette opposition est déjà enregistrée.", `id="messages-tous"`, `value="structure:1770816478"`, "Vous ne pourrez plus leur répondre non plus.").
		lacks(`class="undo"`)
	if n := strings.Count(string(got.body), `value="profession:10"`); n != 1 { // of the other kind
		t.Errorf("offered %d times", n)
	}
	checkMarkup(t, again, got.body)
	at := w.core.objections[0]
	w.core.objections = nil // as the second of two requests saw it
	if w.objects("messages", "profession:10") != first || w.core.objections[0].ID != at.ID {
		t.Errorf("another id: %s, %s", at.ID, w.core.objections[0].ID)
	}
	w.objects("exchange", "profession:10")
	w.objects("messages", "everyone")
	w.objects("messages", "structure:1770816478")
	if len(w.core.objections) != 4 {
		t.Errorf("%d stand", len(w.core.objections))
	}
	full := w.visit(patientKey, "/oppositions").lacks(`id="messages-tous"`).has(`id="exchange-tous"`)
	if n := strings.Count(string(full.body), "Enregistrer mon opposition"); n != 1 {
		t.Errorf("%d forms, one kind has nothing left to choose", n)
	}
	checkMarkup(t, "nothing left to choose", full.body)
	seen := map[rules.ObjectionID]bool{}
	for _, o := range w.core.objections {
		seen[o.ID] = true
	}
	if len(seen) != 4 {
		t.Errorf("ids %v", seen)
	}
}

// D15: an objection can be taken back where its saving is told, and what still binds after a lifting is named.
func TestObjections_takenBackAndLifted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.objects("exchange", "everyone")
	w.objects("messages", "everyone")
	to := w.objects("messages", "profession:10")
	id := string(w.core.objections[2].ID)
	got := w.visit(patientKey, to).wants(http.StatusOK, "").
		has("Opposition enregistrée.</p>\n<form method=\"post\" action=\"/oppositions/"+id+"/lever\" class=\"undo\">", "Annuler cette opposition")
	checkMarkup(t, to, got.body)
	w.visit(patientKey, "/oppositions?fait=oppose&opposition=other").wants(http.StatusOK, "").lacks(`class="undo"`)
	lift := func(id, rest string) {
		t.Helper()
		to := w.post(patientKey, "/oppositions/"+id+"/lever", "csrf="+csrfToken+"&nature=messages").wants(http.StatusSeeOther, "").header.Get("Location")
		checkMarkup(t, to, w.visit(patientKey, to).wants(http.StatusOK, "").has("role=\"status\">Opposition levée."+rest+"</p>").body)
	}
	lift(id, " Une autre vous concerne encore\u00a0: Tous les professionnels et établissements.")
	lift(string(w.core.objections[1].ID), "") // what remains is of the other kind
	w.core.objections = append(w.core.objections, twoOfMessages()...)
	lift("gone", " D’autres vous concernent encore\u00a0: Tous les médecins\u00a0; Tous les professionnels et établissements.")
}

func twoOfMessages() []conversations.Objection {
	return []conversations.Objection{
		{Objection: rules.Objection{ID: "a", Kind: rules.AgainstMessages, Scope: rules.WholeProfession, Value: "10", At: now}, Meaning: "médecins"},
		{Objection: rules.Objection{ID: "b", Kind: rules.AgainstMessages, Scope: rules.Everyone, At: now}},
	}
}
