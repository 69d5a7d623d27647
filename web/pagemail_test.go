package web

import (
	"net/http"
	"strings"
	"testing"
)

// R33: the text alone is shown when asked for, by a link and without script.
func TestPages_textAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(patientKey, "/messages/a1open").wants(http.StatusOK, "").
		has("vos résultats sont <b>normaux</b>", `<a href="/messages/a1open?affichage=texte">Afficher le texte seul</a>`)
	w.visit(patientKey, "/messages/a1open?affichage=texte").wants(http.StatusOK, "").
		has(`<p class="text">Bonjour,`, `<a href="/messages/a1open">Afficher la mise en forme`).lacks("<b>normaux</b>")
}

// D11: the message as a file, by the page and by the API; another's is not found.
func TestPages_original(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(patientKey, "/messages/a1open").wants(http.StatusOK, "").has(`<a href="/messages/a1open/originaux/a1open.2" download`)
	for _, got := range []reply{
		w.visit(patientKey, "/messages/a1open/originaux/a1open.2"),
		w.call(patientToken, http.MethodGet, "/api/v1/inbox/messages/a1open.2/original", ""),
	} {
		got.wants(http.StatusOK, "")
		if h := got.header; h.Get("Content-Type") != "message/rfc822" || !strings.HasPrefix(h.Get("Content-Disposition"), `attachment; filename="message.eml"`) ||
			!strings.HasPrefix(h.Get("Repr-Digest"), "sha-256=:") || h.Get("Content-Security-Policy") != filePolicy || !strings.HasPrefix(string(got.body), "From: Dr Martin :;") {
			t.Errorf("%v %q", h, got.body)
		}
	}
	w.visit(patientKey, "/messages/a1open/originaux/a1open.9").wants(http.StatusNotFound, "")
	w.call(patientToken, http.MethodGet, "/api/v1/inbox/messages/a1open.9/original", "").wants(http.StatusNotFound, "not-found")
	w.call(proToken, http.MethodGet, "/api/v1/inbox/messages/a1open.2/original", "").wants(http.StatusForbidden, "insufficient-scope")
}

// D11: an attached message is read on a page of its own, which tells that nobody vouches for it.
func TestPages_attachedMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.threads["a1open"].Messages[0].Attachments[0].Type, w.core.fileType = "message/rfc822", "message/rfc822"
	w.visit(patientKey, "/messages/a1open").wants(http.StatusOK, "").
		has(`<a href="/messages/a1open/pieces/a1open.2.0/lecture">Lire le message joint <bdi>Compte rendu.pdf</bdi></a>`)
	got := w.visit(patientKey, "/messages/a1open/pieces/a1open.2.0/lecture").wants(http.StatusOK, "").
		has("<h3>Transféré</h3></div>", "n’ont pas été vérifiés", "Une partie est abîmée.", "<bdi>bilan.pdf</bdi>", `<a href="/messages/a1open/pieces/a1open.2.0" download>`)
	checkMarkup(t, "attached", got.body)
	if policy := got.header.Get("Content-Security-Policy"); !strings.Contains(policy, "img-src 'self' data:;") {
		t.Errorf("policy %s", policy)
	}
	w.visit(patientKey, "/messages/a1open/pieces/a1open.1.0/lecture").wants(http.StatusNotFound, "")
}
