package web

import (
	"net/http"
	"strings"
	"testing"
)

const readingPath = "/messages/a1open/pieces/a1open.2.0/lecture"

// I220: a PDF and pictures are shown on a page of ours, whatever else is only to be saved.
func TestReadingPage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, kind, content string
		shows               string
		status              int
	}{
		"pdf":      {"Compte rendu.pdf", "application/pdf", "%PDF-1.7 x", "<iframe", http.StatusOK},
		"png":      {"photo.png", "image/png", "\x89PNG\x0d\x0a\x1a\x0a", "<img", http.StatusOK},
		"no name":  {"scan", "image/jpeg", "\xff\xd8\xff\xe0", "<img", http.StatusOK},
		"disguise": {"Compte rendu.pdf", "application/pdf", "<script>alert(1)</script>", "<iframe", http.StatusNotFound},
		"two ways": {"page.html", "application/pdf", "%PDF-1.7 x", "<iframe", http.StatusOK}, // as what it is
		"html":     {"page.html", "text/html", "<p>", "ne s’affiche pas", http.StatusNotFound},
		"svg":      {"dessin.svg", "image/svg+xml", "<svg/>", "ne s’affiche pas", http.StatusNotFound},
		"archive":  {"IHE_XDM.zip", "application/zip", "PK\x03\x04", "ne s’affiche pas", http.StatusNotFound},
	} {
		w := newWorld(t)
		w.core.fileName, w.core.fileType, w.core.files[pieceID] = c.file, c.kind, []byte(c.content)
		w.visit(patientKey, readingPath).wants(http.StatusOK, "").has(c.shows, "Télécharger", "il n’est pas ajouté à Mon espace santé")
		if strings.Contains(strings.Join(w.core.calls, " "), "Attachment ") {
			t.Errorf("%s: the page opens the document itself: %v", name, w.core.calls)
		}
		got := w.visit(patientKey, strings.Replace(readingPath, "lecture", "contenu", 1))
		if got.status != c.status {
			t.Errorf("%s: status %d, want %d", name, got.status, c.status)
		}
		if got.status != http.StatusOK {
			continue
		}
		policy := got.header.Get("Content-Security-Policy")
		if got.header.Get("Content-Type") != c.kind || !strings.HasPrefix(got.header.Get("Content-Disposition"), "inline;") ||
			!strings.Contains(policy, "frame-ancestors 'self'") || !strings.Contains(policy, "default-src 'none'") || string(got.body) != c.content {
			t.Errorf("%s: %v", name, got.header)
		}
	}
}

// I178, I220: a saved document is read in the browser as an attachment is, by whoever may see it.
func TestReadingPage_savedDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := "/documents/" + string(w.core.saved[0].ID)
	w.visit(patientKey, "/documents").has(`href="` + at + `/lecture"`)
	w.visit(patientKey, at+"/lecture").wants(http.StatusOK, "").has(`<iframe class="paper" src="`+at+`/contenu"`, `href="/documents"`, "Télécharger").lacks("Enregistrer dans mes documents")
	if strings.Contains(strings.Join(w.core.calls, " ")+" ", "Document ") {
		t.Errorf("the page opens the document itself: %v", w.core.calls)
	}
	got := w.visit(patientKey, at+"/contenu").wants(http.StatusOK, "")
	if got.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "inline;") {
		t.Errorf("%v", got.header)
	}
	w.visit(patientKey, "/documents/a1nothing/lecture").wants(http.StatusNotFound, "")
	w.visit(patientKey, "/documents/a1nothing/contenu").wants(http.StatusNotFound, "")
	w.core.saved[0].Name, w.core.saved[0].Type = "archive.zip", "application/zip"
	w.visit(patientKey, "/documents").lacks("/lecture")
	w.visit(patientKey, at+"/lecture").has("ne s’affiche pas dans le navigateur").lacks("<iframe")
	w.visit(patientKey, at+"/contenu").wants(http.StatusNotFound, "")
}

// A page lets run what it needs: the list and the reply a script of ours that may write no HTML, a document its frame.
func TestPages_policyByNeed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string][3]bool{ // script, frame, pictures of messages
		"/messages": {true, false, false}, "/messages?suite=bmV4dA": {false, false, false}, "/messages/a1open": {true, false, true},
		"/messages/a1ended": {false, false, true}, "/messages/a1open?avant=" + olderPlace: {false, false, true}, readingPath: {false, true, false},
		"/documents": {false, false, false},
	} {
		got := w.visit(patientKey, path).wants(http.StatusOK, "")
		policy, body := got.header.Get("Content-Security-Policy"), string(got.body)
		have := [3]bool{strings.Contains(policy, "script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"), strings.Contains(policy, "frame-src 'self'"), strings.Contains(policy, "img-src 'self' data:")}
		if have != want || strings.Contains(policy, "unsafe") || strings.Contains(body, "<script type=\"module\"") != want[0] {
			t.Errorf("%s: %v, want %v: %s", path, have, want, policy)
		}
		if strings.Contains(body, "<script>") || strings.Contains(body, " on") && strings.Contains(body, "onclick") || strings.Contains(body, " style=") {
			t.Errorf("%s has inline code", path)
		}
	}
	for _, asset := range w.app.pages.Assets() {
		got := w.visit("", asset.Path).wants(http.StatusOK, "")
		if !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s is not kept", asset.Path)
		}
	}
}

// I194: all of a long conversation can be read; older messages are a page of their own, without the form.
func TestConversation_olderMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.older = olderPlace
	w.visit(patientKey, "/messages/a1open").has(`href="/messages/a1open?avant=51"`, "Messages plus anciens", "Messages précédents")
	w.visit(patientKey, "/messages/a1open?avant=51").wants(http.StatusOK, "").has("Revenir aux messages les plus récents", "<b>normaux</b>", "Avez-vous reçu").lacks(`id="reponse"`)
	w.visit(patientKey, "/messages/a1open?avant=-1").wants(http.StatusUnprocessableEntity, "")
}

// The newest message stands before the form, unless something was just wrong with the form.
func TestConversation_newestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := func(body, text string) int { return strings.Index(body, text) }
	body := string(w.visit(patientKey, "/messages/a1open").body)
	if at(body, "résultats sont") > at(body, `id="reponse"`) || at(body, "Avez-vous reçu") < at(body, `id="reponse"`) {
		t.Error("the newest message is not before the form, or an older one is")
	}
	form := goodForm("")
	body = string(w.upload(patientKey, form).wants(http.StatusUnprocessableEntity, "").body)
	if at(body, `id="fautes"`) > at(body, "résultats sont") {
		t.Error("what is wrong comes after the messages")
	}
}
