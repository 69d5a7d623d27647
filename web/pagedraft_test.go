package web

import (
	"net/http"
	"strings"
	"testing"
)

const draftPath = "/messages/a1open/brouillon"

// R111: what a script keeps is answered with the mark for the next time; another window is never overwritten.
func TestDraftForm_keepsForAScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.post(patientKey, draftPath, "csrf="+csrfToken+"&vu=&texte=un+d%C3%A9but").wants(http.StatusOK, "")
	if seen := got.json()["vu"]; w.core.draft != "un début" || seen != string(markOfDraft("un")) {
		t.Fatalf("draft %q, mark %v", w.core.draft, seen)
	}
	w.core.draft = "autre texte"
	got = w.post(patientKey, draftPath, "csrf="+csrfToken+"&vu=mark-of-u&texte=un+d%C3%A9but+et+plus").wants(http.StatusConflict, "")
	if j := got.json(); j["texte"] != "autre texte" || j["vu"] != string(markOfDraft("a")) || w.core.draft != "autre texte" {
		t.Errorf("%v, draft %q", j, w.core.draft)
	}
	w.post(patientKey, draftPath, "csrf=another&vu=&texte=x").wants(http.StatusForbidden, "")
	w.post(patientKey, draftPath, "csrf="+csrfToken+"&texte="+strings.Repeat("a", maxDraft)).wants(http.StatusRequestEntityTooLarge, "")
}

// Without a script, the page shows both texts and keeps the one that was typed in the form.
func TestReplyForm_draftKeptElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.draft = "autre texte"
	form := goodForm("mon texte")
	form["action"] = "brouillon"
	w.upload(patientKey, form).wants(http.StatusConflict, "").has(
		"Votre message n’a pas été enregistré.", "Un autre texte a été enregistré pour ce brouillon", "autre texte", "mon texte</textarea>",
		`name="vu" value="mark-of-a"`,
	)
	if w.core.draft != "autre texte" {
		t.Errorf("draft %q", w.core.draft)
	}
}
