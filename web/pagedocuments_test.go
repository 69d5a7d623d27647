package web

import (
	"net/http"
	"testing"
)

// I178: a saved document is read first, and deleted only after a page that says what is lost.
func TestDocuments_readFirstAndDeletedWhenSure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const lost = "La conversation est déjà supprimée\u00a0: ce document sera perdu."
	got := w.visit(patientKey, "/documents").wants(http.StatusOK, "").has(
		"<h2><bdi>Compte rendu.pdf</bdi></h2>", `<a class="button second" href="/documents/a1doc/lecture">Lire`,
		`<a href="/documents/a1doc" download>Télécharger<span class="sr"> Compte rendu.pdf</span> (PDF, 27`, `<a href="/messages/a1open">Voir la conversation</a>`, `<a href="/documents/a1doc/supprimer">`,
	).lacks(`method="post" action="/documents`)
	checkMarkup(t, "documents", got.body)
	sure := w.visit(patientKey, "/documents/a1doc/supprimer").wants(http.StatusOK, "").has("Vous le retrouverez dans <a href=\"/messages/a1open\">la conversation</a>").lacks(lost)
	checkMarkup(t, "sure", sure.body)
	w.core.saved[0].Thread = ""
	w.visit(patientKey, "/documents").lacks("Voir la conversation")
	last := w.visit(patientKey, "/documents/a1doc/supprimer").wants(http.StatusOK, "").has(lost, `<a href="/documents/a1doc" download>`).lacks("Vous le retrouverez")
	checkMarkup(t, "lost", last.body)
	if len(w.core.saved) != 1 {
		t.Fatal("deleted by being looked at")
	}
	w.visit(patientKey, "/documents/a1none/supprimer").wants(http.StatusNotFound, "")
	w.post(patientKey, "/documents/a1doc/supprimer", "csrf="+csrfToken).wants(http.StatusSeeOther, "")
	w.visit(patientKey, "/documents").has("Aucun document n’est enregistré.", "choisissez")
}

// R133: who may only read and answer is told that saving is not for him.
func TestDocuments_ofSomebodyWhoIsHelped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cookie := w.chooses(elderPID)
	got := w.browse(http.MethodGet, "/documents", cookie, "").wants(http.StatusOK, "").
		has("Seule la personne concernée, <bdi>Odile Lebrun</bdi>, peut en enregistrer ou en supprimer.", "Lire<span").lacks("que vous avez enregistrées", "/supprimer")
	checkMarkup(t, "helped", got.body)
	w.core.saved = nil
	w.browse(http.MethodGet, "/documents", cookie, "").wants(http.StatusOK, "").has("Aucun document n’est enregistré.").lacks("choisissez")
}
