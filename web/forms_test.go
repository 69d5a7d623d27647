package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// upload sends the reply form with documents: pairs of name and content.
func (w *world) upload(session string, fields map[string]string, files ...string) reply {
	w.t.Helper()
	return w.uploadTo(session, answerPath, fields, files...)
}

// uploadTo sends the form of a path with documents, which come last.
func (w *world) uploadTo(session, path string, fields map[string]string, files ...string) reply {
	w.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, v := range fields {
		if err := m.WriteField(name, v); err != nil {
			w.t.Fatal(err)
		}
	}
	for i := 0; i+1 < len(files); i += 2 {
		part, err := m.CreateFormFile("pieces", files[i])
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := part.Write([]byte(files[i+1])); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		w.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &b)
	r.Header.Set("Content-Type", m.FormDataContentType())
	if session != "" {
		r.AddCookie(&http.Cookie{Name: "mes", Value: session})
	}
	return w.do(r)
}

const answerPath = "/messages/a1open/repondre"

// goodForm is a good reply form.
func goodForm(text string) map[string]string {
	return map[string]string{"csrf": csrfToken, "operation": "op1", "choix": "REPLY", "texte": text, "action": "envoyer"}
}

func TestReplyForm_sends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := goodForm("Bonjour\r\ndocteur\r\n")
	form["choix"] = "REPLY_TO_ALL"
	pdf := "%PDF-1.4\r\n\x00\xff binary"
	got := w.upload(patientKey, form, "mes résultats.pdf", pdf, "note.txt", "38,5 °C").wants(http.StatusSeeOther, "")
	if got.header.Get("Location") != "/messages/a1open?fait=reponse-envoyee" {
		t.Errorf("to %s", got.header.Get("Location"))
	}
	in := w.core.replies[0]
	if in.Text != "Bonjour\ndocteur" || in.Choice != rules.ReplyToAll || in.Operation != "op1" || len(in.Attachments) != 2 ||
		string(in.Attachments[0].Content) != pdf || in.Attachments[0].Name != "mes résultats.pdf" || in.Attachments[1].Type != "text/plain" {
		t.Errorf("reply %+v", in)
	}
	w.visit(patientKey, "/messages/a1open?fait=reponse-envoyee").has(`role="status">Votre message est enregistré et part vers le professionnel.`)
	w.upload(patientKey, goodForm("sans pièce"), "", "").wants(http.StatusSeeOther, "") // an empty file field
	w.post(patientKey, answerPath, url.Values{"csrf": {csrfToken}, "texte": {"simple"}}.Encode()).wants(http.StatusSeeOther, "")
	if len(w.core.replies) != 3 || len(w.core.replies[1].Attachments) != 0 || w.core.replies[2].Choice != rules.ReplyToOne {
		t.Errorf("replies %d", len(w.core.replies))
	}
}

// I219: errors tied to their field, with what to do; the text is kept.
func TestReplyForm_tellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		text, file, content, field, want string
	}{
		{" ", "", "", "texte", "Écrivez votre message avant de l’envoyer."},
		{"mon texte", "a.zip", "PK\x03\x04", "pieces", "« a.zip » : ce format n’est pas accepté."},
		{"mon texte", "a.pdf", "MZ\x90", "pieces", "« a.pdf » : le contenu ne correspond pas"},
		{"mon texte", "a.pdf", "", "pieces", "« a.pdf » est vide."},
		{"mon texte", "a\u202efdp.txt", "x", "pieces", "Le nom d’un document ne convient pas"},
	} {
		files := []string{}
		if c.file != "" {
			files = []string{c.file, c.content}
		}
		got := w.upload(patientKey, goodForm(c.text), files...).wants(http.StatusUnprocessableEntity, "")
		got.has(c.want, `id="`+c.field+`-faute"`, `aria-invalid="true"`, `href="#`+c.field+`"`, `role="alert"`, strings.TrimSpace(c.text)+"</textarea>", `value="op1"`, "<details class=\"compose answer\" open>")
		checkMarkup(t, c.want, got.body)
	}
	w.upload(patientKey, goodForm("mon texte"), "a.zip", "PK\x03\x04", "b.heic", "x", "c.pdf", "").wants(http.StatusUnprocessableEntity, "").
		has("« a.zip »", "« b.heic »", "« c.pdf » est vide.", "Prenez plutôt une photo JPG, ou enregistrez le document en PDF.")
	if len(w.core.replies) > 0 {
		t.Error("something was sent")
	}
}

// A form that is not taken leads back to a page that is there, by its path: the form is to be sent again.
func TestForms_expired_leadBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := map[string]bool{}
	for _, r := range w.app.pageRoutes() {
		read[r.path] = read[r.path] || r.method == http.MethodGet
	}
	for _, r := range w.app.pageRoutes() {
		if to := stepBack(r, "{id}"); r.method == http.MethodPost && r.kind != "" && !read[to.Href] {
			t.Errorf("%s leads to %s", r.path, to.Href)
		}
	}
	for path, step := range map[string]string{
		"/pro/conversations/a1open/ecrire": `<a href="/pro/conversations/a1open">Revenir à la conversation</a>`,
		"/pro":                             `<a href="/pro">Revenir aux échanges</a>`,
		writePath + "/message":             `<a href="/pro/ecrire">Écrire à un patient</a>`,
		episodeURL + "/cloture":            `<a href="` + episodeURL + `">Revenir à la venue</a>`,
	} {
		checkMarkup(t, path, w.post(proKey, path, "csrf=another").wants(http.StatusForbidden, "").has("Formulaire expiré", step).body)
	}
	w.post(patientKey, "/messages/a1open/supprimer", "csrf=another").has(`<a href="/messages/a1open">Revenir à la conversation</a>`)
	w.post(patientKey, "/oppositions", "csrf=another").has(`<a href="/messages">Revenir à mes messages</a>`)
	w.post(patientKey, connectionsPath, "csrf=another").has("recharger la page et recommencer")
}

// CSRF: without the session's token nothing happens; a text is given back to be sent again.
func TestForms_wantTheSessionsToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, token := range []string{"", "forged", "form-token2"} {
		form := goodForm("mon texte")
		form["csrf"] = token
		w.upload(patientKey, form, "a.txt", "x").wants(http.StatusForbidden, "").
			has("Par sécurité, vérifiez votre message", "mon texte</textarea>", `name="csrf" value="form-token"`)
		for _, path := range []string{"/messages/a1open/brouillon", "/contacts/a1xpair/bloquer", "/contacts/a1xpair/debloquer"} {
			w.post(patientKey, path, "csrf="+token).wants(http.StatusForbidden, "").has("Formulaire expiré", "Rien n’a été fait.")
		}
		w.post(proKey, "/pro/echanges/a1xpair/fin", "csrf="+token).wants(http.StatusForbidden, "").has("Formulaire expiré")
	}
	// The token counts in the body alone.
	w.post(patientKey, "/contacts/a1xpair/debloquer?csrf="+csrfToken, "").wants(http.StatusForbidden, "")
	for _, call := range w.core.calls {
		if call != "Thread" {
			t.Errorf("a forged form called %s", call)
		}
	}
}

// A form after the session's end changes nothing and gives the text back.
func TestForms_afterTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upload("", goodForm("mon texte précieux"), "a.txt", "x").wants(http.StatusForbidden, "").
		has("Votre session a pris fin", "Votre message n’a pas été envoyé.", "mon texte précieux</textarea>", `href="/oauth/login/patient"`)
	w.post("", "/contacts/a1xpair/bloquer", "csrf="+csrfToken).wants(http.StatusForbidden, "").has("Rien n’a été fait.").lacks("<textarea")
	if len(w.core.calls) > 0 {
		t.Errorf("the core was asked: %v", w.core.calls)
	}
}

// D7, wording.md: first that nothing was sent, then whom to call; the text is kept.
func TestReplyForm_refusedAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.threads[openID] = endedThreadOf(openID)
	w.core.failOn["Reply"] = kind(conversations.KindThreadClosed)
	got := w.upload(patientKey, goodForm("trop tard")).wants(http.StatusForbidden, "").has(
		"Votre message n’a pas été envoyé : l’échange a pris fin le <time", "mardi 12 mai 2026 à 9 h 30</time>.", "Votre texte est gardé en brouillon.",
		"Pour joindre ce professionnel : téléphone du cabinet ou du service.", "trop tard", "Dr Claire Martin a mis fin à vos échanges.",
		"<title>Message non envoyé – Suites de l’opération (échange terminé)", "En cas d’urgence", `role="alert"`)
	if said, call := bytes.Index(got.body, []byte("n’a pas été envoyé")), bytes.Index(got.body, []byte("téléphone")); said > call {
		t.Error("whom to call comes before what happened")
	}
	checkMarkup(t, "refused", got.body)
}

// Each other refusal, on the page.
func TestReplyForm_otherRefusals(t *testing.T) {
	t.Parallel()
	for k, c := range map[conversations.Kind]struct {
		status int
		want   string
	}{
		conversations.KindReplyNotAllowed:  {403, "le message auquel vous répondez n’autorise pas la réponse"},
		conversations.KindBlockedByPatient: {403, "vous avez bloqué ce professionnel"},
		conversations.KindPatientOpposed:   {403, "cette conversation est en lecture seule"},
		conversations.KindMailboxUnknown:   {403, "cette conversation est en lecture seule"},
		conversations.KindTooLarge:         {413, "La taille du ou des documents dépasse la limite autorisée."},
		conversations.KindInvalidRequest:   {422, "Écrivez votre message"},
		conversations.KindStaleState:       {409, "Il n’est pas parti"},
		conversations.KindUnavailable:      {503, "Il n’est pas parti"},
		conversations.KindInternal:         {500, "Il n’est pas parti"},
		conversations.KindNotFound:         {404, "Page introuvable"},
	} {
		w := newWorld(t)
		w.core.failOn["Reply"] = kind(k)
		got := w.upload(patientKey, goodForm("mon texte")).wants(c.status, "").has(c.want)
		if k != conversations.KindNotFound {
			got.has("mon texte")
		}
		if k == conversations.KindUnavailable {
			w.core.failOn["Thread"] = kind(k)
			w.upload(patientKey, goodForm("mon texte")).wants(503, "").has("Votre message n’a pas été envoyé", "mon texte</textarea>")
		}
	}
}

// Over the limit of the form, the typed text comes back.
func TestReplyForm_tooLargeKeepsTheText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upload(patientKey, goodForm("mon texte"), "a.pdf", "%PDF-1.4"+strings.Repeat("x", 2<<20)).wants(http.StatusRequestEntityTooLarge, "").
		has("La taille du ou des documents dépasse la limite autorisée.", "mon texte</textarea>")
	form := goodForm("mon texte")
	form["csrf"] = "forged"
	w.upload(patientKey, form, "a.pdf", "%PDF-1.4"+strings.Repeat("x", 2<<20)).wants(http.StatusForbidden, "").has("mon texte</textarea>")
	w.post(patientKey, "/contacts/a1xpair/bloquer", "csrf="+csrfToken+"&fin="+strings.Repeat("x", 100_000)).wants(http.StatusRequestEntityTooLarge, "").has("Envoi trop volumineux")
	if len(w.core.replies) > 0 {
		t.Error("something was sent")
	}
}

func TestReplyForm_draft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := goodForm("pas fini")
	form["action"] = "brouillon"
	if to := w.upload(patientKey, form).wants(http.StatusSeeOther, "").header.Get("Location"); to != "/messages/a1open?fait=brouillon" {
		t.Errorf("to %s", to)
	}
	w.visit(patientKey, "/messages/a1open?fait=brouillon").has("Brouillon enregistré.", "pas fini</textarea>", "Reprendre mon brouillon", "Supprimer le brouillon")
	w.post(patientKey, "/messages/a1open/brouillon", "csrf="+csrfToken).wants(http.StatusSeeOther, "")
	if w.core.draft != "" || len(w.core.replies) > 0 {
		t.Errorf("draft %q", w.core.draft)
	}
}

func TestForms_unreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for contentType, body := range map[string]string{
		"multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=a\r\n\r\ncut", "multipart/form-data": "x", "application/x-www-form-urlencoded": "%zz",
	} {
		r := httptest.NewRequest(http.MethodPost, answerPath, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.AddCookie(&http.Cookie{Name: "mes", Value: patientKey})
		w.do(r).wants(http.StatusBadRequest, "").has("Demande incomprise")
	}
	r := httptest.NewRequest(http.MethodPost, answerPath, strings.NewReader(`{"texte":"a"}`))
	r.Header.Set("Content-Type", "application/json")
	r.AddCookie(&http.Cookie{Name: "mes", Value: patientKey})
	w.do(r).wants(http.StatusUnsupportedMediaType, "")
	var parts []string
	for i := range 200 {
		parts = append(parts, fmt.Sprintf("f%d", i), "x")
	}
	w.upload(patientKey, goodForm("a"), parts...).wants(http.StatusBadRequest, "")
}
