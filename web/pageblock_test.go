package web

import (
	"net/http"
	"testing"
)

// D12: a block that was just made can be taken back at once, by a form beside the notice; an old address of the page, or one
// about somebody else, offers nothing.
func TestBlock_canBeTakenBackAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const undo = `class="undo"`
	w.visit(patientKey, "/contacts?fait=bloque&contact=a1xpair").lacks(undo)
	to := w.post(patientKey, "/contacts/a1xpair/bloquer", "csrf="+csrfToken).wants(http.StatusSeeOther, "").header.Get("Location")
	for i := range w.core.contacts {
		w.core.contacts[i].Blocked = w.core.contacts[i].ID == "a1xpair"
	}
	w.visit(patientKey, to).wants(http.StatusOK, "").has("Professionnel bloqué.", undo, `action="/contacts/a1xpair/debloquer"`, "Annuler")
	w.visit(patientKey, "/contacts?fait=bloque&contact=a1other").lacks(undo)
	w.visit(patientKey, "/contacts?contact=a1xpair").lacks(undo)
	w.post(patientKey, "/contacts/a1xpair/debloquer", "csrf="+csrfToken).wants(http.StatusSeeOther, "")
	w.core.contacts[0].Blocked = false
	w.visit(patientKey, "/contacts?fait=debloque").has("Professionnel débloqué.").lacks(undo)
}
