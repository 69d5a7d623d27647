package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

func TestPages_loginFirstAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string]string{
		"/messages":                     "/oauth/login/patient?return=%2Fmessages",
		"/messages?suite=abc":           "/oauth/login/patient?return=%2Fmessages%3Fsuite%3Dabc",
		"/messages/a1open/pieces/a1.2":  "/oauth/login/patient?return=%2Fmessages%2Fa1open%2Fpieces%2Fa1.2",
		"/contacts":                     "/oauth/login/patient?return=%2Fcontacts",
		"/pro":                          "/oauth/login/professional?return=%2Fpro",
		"/pro/echanges/a1xpair/fin":     "/oauth/login/professional?return=%2Fpro%2Fechanges%2Fa1xpair%2Ffin",
		"/contacts/a1xpair/bloquer?x=1": "/oauth/login/patient?return=%2Fcontacts%2Fa1xpair%2Fbloquer%3Fx%3D1",
	} {
		for _, session := range []string{"", "stale-session"} {
			got := w.visit(session, path).wants(http.StatusSeeOther, "")
			if got.header.Get("Location") != want {
				t.Errorf("%s: to %s, want %s", path, got.header.Get("Location"), want)
			}
		}
	}
	w.visit(downToken, "/messages").wants(http.StatusServiceUnavailable, "").has("Service momentanément indisponible").lacks("redis")
	if len(w.core.calls) > 0 {
		t.Errorf("the core was asked: %v", w.core.calls)
	}
}

func TestPages_landing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit("", "/").wants(http.StatusOK, "").has(`href="/oauth/login/patient"`, `href="/oauth/login/professional"`, "S’identifier", "Accessibilité : non conforme")
	total := len(got.body)
	for _, asset := range w.app.pages.Assets() {
		a := w.visit("", asset.Path).wants(http.StatusOK, "")
		if !strings.HasSuffix(asset.Path, ".js") { // no script here
			total += len(a.body)
			got.has(asset.Path)
		}
		if !strings.Contains(a.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %s", asset.Path, a.header.Get("Cache-Control"))
		}
	}
	if total >= 60_000 {
		t.Errorf("the first page weighs %d octets", total)
	}
	for session, path := range map[string]string{patientKey: "/messages", proKey: "/pro"} {
		if to := w.visit(session, "/").wants(http.StatusSeeOther, "").header.Get("Location"); to != path {
			t.Errorf("%s goes to %s", session, to)
		}
	}
	w.visit(downToken, "/").wants(http.StatusOK, "").has("S’identifier")
	got.lacks("Vous êtes déconnecté")
	w.visit("", "/?state=xyz").wants(http.StatusOK, "").has("Vous êtes déconnecté", "S’identifier") // as the provider sends back who logged out
}

func TestPages_inbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(patientKey, "/messages").wants(http.StatusOK, "").lacks("@").has(
		"<title>Mes messages – Messagerie de santé</title>", `href="/messages/a1open"`, "Non lu", "Pièce jointe", "Réponse possible", "Échange terminé",
		`<time datetime="2026-05-12T10:30:00+02:00">mardi 12 mai 2026 à 10 h 30</time>`, `href="/messages?suite=bmV4dA"`, "Jeanne Dupont", "Se déconnecter")
	w.visit(patientKey, "/messages?suite=bmV4dA").wants(http.StatusOK, "").has("Mes messages, suite", "Revenir aux plus récents").lacks(`rel="next"`)
}

func TestPages_conversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit(patientKey, "/messages/a1open").wants(http.StatusOK, "").lacks("@", "mssante").has(
		"<title>Résultats de votre prise de sang (réponse possible) – Messagerie de santé</title>",
		"Vous pouvez répondre jusqu’au <time", "mardi 12 mai 2026 à 18 h</time> (heure de Paris).", "Répondre à tous",
		"Cette messagerie n’est pas lue en continu. En cas d’urgence, appelez le 15 ou le 112 (114 par SMS si vous êtes sourd ou malentendant).",
		"Compte rendu.pdf</bdi>, PDF, 27 octets</a>", `href="/messages/a1open/pieces/a1open.2.0"`, "Jusqu’à 7,2 Mo en tout",
		"Remis à la messagerie du professionnel (ne veut pas dire lu)", "<b>normaux</b>", "Également destinataire : <bdi>Cabinet du Parc", `name="csrf" value="form-token"`)
	if strings.Contains(string(got.body), "vous écrit par la messagerie") {
		t.Error("the first-contact line stands under an answered conversation")
	}
	if w.core.asked("Opened") != 1 {
		t.Error("the conversation was not marked as read")
	}
	r := httptest.NewRequest(http.MethodHead, "/messages/a1open", http.NoBody)
	r.AddCookie(&http.Cookie{Name: "mes", Value: patientKey})
	w.do(r).wants(http.StatusOK, "")
	ahead := httptest.NewRequest(http.MethodGet, "/messages/a1open", http.NoBody)
	ahead.AddCookie(&http.Cookie{Name: "mes", Value: patientKey})
	ahead.Header.Set("Sec-Purpose", "prefetch;prerender")
	w.do(ahead).wants(http.StatusOK, "")
	if w.core.asked("Opened") != 1 {
		t.Error("HEAD or a prefetch marked as read")
	}
	w.core.failOn["Opened"] = kind(conversations.KindUnavailable)
	w.visit(patientKey, "/messages/a1open").wants(http.StatusOK, "")
	w.visit(patientKey, "/messages/a1none").wants(http.StatusNotFound, "").has("Page introuvable", "Que faire ?")
}

// wording.md: the banner of each state, the emergency notice on each page without a reply, no form.
func TestPages_whyNoReply(t *testing.T) {
	t.Parallel()
	ended := func(how rules.EndHow) *conversations.Ending {
		return &conversations.Ending{By: "Dr Claire Martin", How: how, At: time.Date(2026, 5, 12, 8, 0, 0, 0, time.UTC)}
	}
	for _, c := range []struct {
		state rules.ReplyState
		ended *conversations.Ending
		code  rules.Code
		want  []string
	}{
		{rules.Ended, ended(rules.BySubject), rules.ThreadClosed, []string{
			"Dr Claire Martin a mis fin à vos échanges.", "Vous pouvez relire vos messages. Pour joindre ce professionnel : téléphone du cabinet ou du service.", "(échange terminé)",
		}},
		{rules.Ended, ended(rules.ByAPI), rules.ThreadClosed, []string{"Dr Claire Martin a mis fin à vos échanges."}},
		{rules.Ended, ended(rules.ByEpisode), rules.ThreadClosed, []string{
			"Votre prise en charge par Dr Claire Martin est terminée : cet échange est clos depuis le <time", "mardi 12 mai 2026</time>.",
			"Un nouvel échange s’ouvrira si Dr Claire Martin vous écrit de nouveau.",
		}},
		{rules.Ended, ended(rules.ByWindow), rules.ThreadClosed, []string{"Le délai pour répondre à Dr Claire Martin a pris fin le"}},
		{rules.NoReply, nil, rules.ReplyNotAllowed, []string{"Ce message n’autorise pas la réponse.", "(réponse non autorisée)"}},
		{rules.Blocked, nil, rules.BlockedByPatient, []string{"Vous avez bloqué ce professionnel.", "(bloqué par vous)", `href="/contacts"`}},
		{rules.Frozen, nil, rules.PatientOpposed, []string{"Cette conversation est en lecture seule.", "(lecture seule)"}},
		{rules.Frozen, nil, rules.MailboxUnknown, []string{"Ce professionnel ne peut plus être joint par cette messagerie."}},
	} {
		w := newWorld(t)
		thread := openThreadOf(openID)
		thread.State, thread.Ended = string(c.state), c.ended
		thread.Reply = conversations.ReplyOptions{Options: []string{"NO_REPLY"}, Code: c.code}
		w.core.threads[openID] = thread
		w.core.draft = "mon brouillon"
		got := w.visit(patientKey, "/messages/a1open").wants(http.StatusOK, "").has(c.want...)
		got.has("Cette messagerie n’est pas lue en continu. En cas d’urgence", "Votre brouillon, non envoyé", "mon brouillon")
		got.lacks("/repondre", "<textarea", "Vous pouvez répondre")
	}
}

// wording.md: the information line of a first contact.
func TestPages_firstContactLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	thread := openThreadOf(openID)
	thread.Messages = thread.Messages[:1]
	w.core.threads[openID] = thread
	const line = "Dr Claire Martin vous écrit par la messagerie sécurisée de santé. Vous pouvez répondre, ne pas répondre, bloquer ce professionnel ou vous opposer à ces échanges à tout moment."
	w.visit(patientKey, "/messages/a1open").has(line)
	thread.Reply.Allowed = false
	w.core.threads[openID] = thread
	w.visit(patientKey, "/messages/a1open").lacks("vous écrit par la messagerie")
}

func TestPages_deliveryInWords(t *testing.T) {
	t.Parallel()
	for state, want := range map[conversations.DeliveryState]string{
		conversations.DeliveryQueued: "Envoi en cours", conversations.DeliverySent: "Remis à la messagerie du professionnel (ne veut pas dire lu)",
		conversations.DeliveryRead: "Ouvert par le professionnel", conversations.DeliveryFailed: "Non remis : boîte pleine",
	} {
		w := newWorld(t)
		thread := openThreadOf(openID)
		thread.Messages[1].Delivery = &conversations.Delivery{State: state, Detail: "boîte pleine"}
		thread.Messages[1].Crossed = true
		w.core.threads[openID] = thread
		w.visit(patientKey, "/messages/a1open").has(want, "Envoyée avant la fin de l’échange")
	}
}

// R106, I203: hostile subject, names, text, HTML and file names stay text.
func TestPages_hostileContentStaysText(t *testing.T) {
	t.Parallel()
	const evil = `</title></textarea><script>alert(1)</script><img src=x onerror=alert(1)>"'><b onmouseover=x>`
	w := newWorld(t)
	thread := openThreadOf(openID)
	thread.Subject, thread.With, thread.Patient = evil, []string{evil}, evil
	thread.Reply.To, thread.Reply.ToAll = []string{evil}, []string{evil}
	m := &thread.Messages[0]
	m.Author, m.Copied, m.Text, m.HTML, m.Notices = evil, []string{evil}, evil, evil+"</div></main>", []string{evil}
	m.Attachments[0].Name, m.Attachments[0].Type = evil, evil
	m.Attachments[0].Documents = []conversations.DocumentLine{{
		HealthDocument: conversations.HealthDocument{Title: evil, Kind: evil + "x", Author: evil, Organisation: evil + "y", Integrity: conversations.IntegrityVerified},
		Embedded:       []conversations.AttachmentLine{{ID: pieceID + "1", Name: evil, Type: evil}},
	}}
	thread.Messages[1].Text, thread.Messages[1].HTML = evil, ""
	thread.Messages[1].Delivery.State, thread.Messages[1].Delivery.Detail = conversations.DeliveryFailed, evil
	w.core.threads[openID] = thread
	w.core.draft = evil
	w.core.contacts[0].Name, w.core.contacts[0].OtherBoxes = evil, []string{evil}
	w.core.pairs[0].Patient.Name = evil
	thread.ID = "a1evil"
	w.core.add(thread)
	for session, paths := range map[string][]string{
		patientKey: {"/messages", "/messages/a1open", "/contacts", "/contacts/a1xpair/bloquer", "/messages/a1open?fait=%3Cscript%3E", "/%3Cscript%3E"},
		proKey:     {"/pro", "/pro/echanges/a1xpair/fin", "/clinique", "/pro?bal=%3Cscript%3E&suite=%22%3E"},
	} {
		for _, path := range paths {
			got := w.visit(session, path)
			got.lacks("<script>", "<img", "onmouseover=x>", "<b onmouseover")
			checkMarkup(t, path, got.body)
		}
	}
	w.upload(patientKey, goodForm(evil), evil+".exe", "x").wants(http.StatusUnprocessableEntity, "").lacks("<script>", "<img")
	w.post("", answerPath, url.Values{"texte": {evil}}.Encode()).wants(http.StatusForbidden, "").lacks("<script", "<img").has("&lt;script&gt;")
}

// I224: policy and headers of every page.
func TestPages_securityHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) {
		c.Secure, c.FormTargets = true, []string{"https://login.example"}
	})
	for _, path := range []string{"/", "/messages", "/messages/a1open", "/nowhere", "/api/v1/inbox", "/healthz", "/oauth/x"} {
		h := w.visit(patientKey, path).header
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self';") || strings.Contains(policy, "unsafe") ||
			!strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "form-action 'self' https://login.example") {
			t.Errorf("%s: policy %s", path, policy)
		}
		if strings.Contains(policy, "img-src 'self' data:;") != (path == "/messages/a1open") {
			t.Errorf("%s: pictures of messages: %s", path, policy)
		}
		if h.Get("Referrer-Policy") != "no-referrer" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" ||
			!strings.HasPrefix(h.Get("Strict-Transport-Security"), "max-age=") || h.Get("Server") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if hsts := newWorld(t).visit("", "/").header.Get("Strict-Transport-Security"); hsts != "" {
		t.Errorf("HSTS without TLS: %s", hsts)
	}
}

func TestPages_download(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit(patientKey, "/messages/a1open/pieces/a1open.2.0").wants(http.StatusOK, "")
	if string(got.body) != "%PDF-1.7 the whole document" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("%v %q", got.header, got.body)
	}
	w.visit(patientKey, "/messages/a1open/pieces/a1none").wants(http.StatusNotFound, "").has("Page introuvable")
}

// D12: block with and without a last day, unblock.
func TestPages_contactsAndBlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.contacts = append(w.core.contacts,
		conversations.Contact{ID: "a1x2", Name: "Service X", State: rules.ThreadEnded, EndedAt: now, EndedHow: rules.BySubject},
		conversations.Contact{ID: "a1x3", Name: "Dr Z", State: rules.ThreadUnreachable, Blocked: true, BlockedTill: time.Date(2026, 5, 31, 22, 0, 0, 0, time.UTC)})
	w.visit(patientKey, "/contacts").wants(http.StatusOK, "").lacks("@").has("Échange ouvert", "Échange terminé", "Service X</bdi> a mis fin à vos échanges le",
		"Professionnel bloqué", "jusqu’au <time datetime=\"2026-05-31\">dimanche 31 mai 2026</time> inclus", `action="/contacts/a1x3/debloquer"`, `href="/contacts/a1xpair/bloquer"`)
	w.visit(patientKey, "/contacts/a1xpair/bloquer").wants(http.StatusOK, "").has("Bloquer ce professionnel",
		"Il ne pourra plus vous écrire ici. Il n’est pas prévenu. Son service pourra encore vous écrire.", "Cabinet du Parc", "Annuler")
	w.visit(patientKey, "/contacts/a1none/bloquer").wants(http.StatusNotFound, "")

	w.post(patientKey, "/contacts/a1xpair/bloquer", "csrf="+csrfToken+"&fin=2026-05-31").wants(http.StatusSeeOther, "")
	if !w.core.until.Equal(time.Date(2026, 5, 31, 22, 0, 0, 0, time.UTC)) {
		t.Errorf("until %v", w.core.until)
	}
	w.post(patientKey, "/contacts/a1xpair/bloquer", "csrf="+csrfToken+"&fin=2026-05-12").wants(http.StatusSeeOther, "") // today still counts
	w.post(patientKey, "/contacts/a1xpair/bloquer", "csrf="+csrfToken+"&fin=").wants(http.StatusSeeOther, "")
	if !w.core.until.IsZero() {
		t.Errorf("until %v", w.core.until)
	}
	for fin, want := range map[string]string{"2026-05-11": "Cette date est passée.", "31/12/2026": "Écrivez la date comme", "2026-02-30": "Écrivez la date comme"} {
		got := w.post(patientKey, "/contacts/a1xpair/bloquer", url.Values{"csrf": {csrfToken}, "fin": {fin}}.Encode()).wants(http.StatusUnprocessableEntity, "")
		got.has(want, `aria-describedby="fin-aide fin-faute"`, `value="`+fin+`"`)
		checkMarkup(t, fin, got.body)
	}
	if n := w.core.asked("Block"); n != 3 {
		t.Errorf("blocked %d times", n)
	}
	if to := w.post(patientKey, "/contacts/a1xpair/debloquer", "csrf="+csrfToken).wants(http.StatusSeeOther, "").header.Get("Location"); to != "/contacts?fait=debloque&contact=a1xpair" {
		t.Errorf("to %s", to)
	}
	w.visit(patientKey, "/contacts?fait=debloque").has("Professionnel débloqué.")
}

// D6: what falls silent is shown before an end; no address stands in a URL.
func TestPages_desk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(proKey, "/pro").wants(http.StatusOK, "").has("Échanges avec vos patients", "Jeanne Dupont", "Matricule INS "+ins, "claire.martin<wbr>@cabinet.mssante.fr",
		"Échange ouvert", `href="/pro/echanges/a1xpair/fin"`)
	end := w.visit(proKey, "/pro/echanges/a1xpair/fin").wants(http.StatusOK, "").has("Mettre fin aux échanges", "Résultats de votre prise de sang", "Matricule INS "+ins, "Mettre fin dans dix minutes", `action="/pro/fins/confirmation"`, `formaction="/pro/echanges/a1xpair/fin"`).
		lacks("attend votre réponse")
	checkMarkup(t, "end", end.body)
	end.has("Si vous choisissez dix minutes, vous pouvez annuler jusque-là, et le patient peut encore répondre.").lacks("?bal=claire")
	to := w.post(proKey, "/pro/echanges/a1xpair/fin", "csrf="+csrfToken).wants(http.StatusSeeOther, "").header.Get("Location")
	if !strings.HasPrefix(to, "/pro?bal=") || strings.Contains(to, "martin") {
		t.Errorf("to %s", to)
	}
	w.visit(proKey, to).wants(http.StatusOK, "").has("Les échanges ont pris fin. Écrivez au patient pour rouvrir l’échange.")
	w.visit(twoBoxes, "/pro").wants(http.StatusOK, "").has("Choix de la boîte", `aria-current="true">autre@chu.mssante.fr`).lacks("bal=autre")
	w.core.pairs[0].State = rules.ThreadUnreachable
	w.visit(proKey, "/pro").has("Injoignable par ce canal").lacks("/fin\"")
	w.core.pairs = nil
	w.visit(proKey, "/pro").has("Cette boîte n’a encore écrit à aucun patient")
}

func TestPages_othersAreForbidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(proKey, "/messages").wants(http.StatusForbidden, "").has("Page réservée aux patients")
	w.visit(patientKey, "/pro").wants(http.StatusForbidden, "").has("Page réservée aux professionnels")
	w.post(patientKey, "/pro/echanges/a1xpair/fin", "csrf="+csrfToken).wants(http.StatusForbidden, "")
	if len(w.core.calls) > 0 {
		t.Errorf("the core was asked: %v", w.core.calls)
	}
}

func TestPages_facilityAndStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Contact = "accessibilite@exemple.fr" })
	w.visit("", "/clinique").wants(http.StatusOK, "").has("Établissement", "POST /api/v1/conversations", "thread.close", "/openapi.json", "s’identifier comme professionnel")
	w.visit(proKey, "/clinique").wants(http.StatusOK, "").has("Conversations de la boîte", "Résultats de votre prise de sang", "Jeanne Dupont")
	w.visit("", "/accessibilite").wants(http.StatusOK, "").has("Déclaration d’accessibilité", "est non conforme", "Défenseur des droits", `href="mailto:accessibilite@exemple.fr"`)
	newWorld(t).visit("", "/accessibilite").wants(http.StatusOK, "").has("n’a pas encore donné d’adresse").lacks("mailto:")
}

// Error pages say what to do next, and nothing of the cause.
func TestPages_errors(t *testing.T) {
	t.Parallel()
	for status, err := range map[int]error{
		404: kind(conversations.KindNotFound), 409: kind(conversations.KindStaleState),
		500: errors.New("boom " + ins), 503: kind(conversations.KindUnavailable),
	} {
		w := newWorld(t)
		w.core.fail = err
		got := w.visit(patientKey, "/messages").wants(status, "").has("Que faire ?", "<h1>").lacks("boom", ins)
		if status == 503 && got.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		checkMarkup(t, fmt.Sprint(status), got.body)
	}
	w := newWorld(t)
	for _, path := range []string{"/nowhere", "/api.html", "/apix", "/API/v1/inbox", "//api/v1/inbox", "/messages/", "/messages/a%2fb", "/.env"} {
		got := w.visit("", path)
		if got.status != http.StatusNotFound && got.status != http.StatusSeeOther {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	w.post(patientKey, "/messages", "a=b").wants(http.StatusMethodNotAllowed, "").has("Cette adresse ne s’ouvre pas ainsi")
}
