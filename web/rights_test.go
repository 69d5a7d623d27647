package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D32: every call and page of a person who has not accepted asks for it, and only for it.
func TestTerms_gateOfCallsAndPages(t *testing.T) {
	t.Parallel()
	for token, session := range map[string]string{patientToken: patientKey, proToken: proKey} {
		w := newWorld(t)
		w.core.pending = true
		for _, e := range w.app.endpoints() {
			path, body := sample(e)
			who, _ := person(token)
			if !e.takes(who.Kind) || e.path == termsPath {
				continue
			}
			caller := token
			if e.scope == "patient.enrol" {
				caller = officerToken
			}
			w.call(caller, e.method, path, body).wants(http.StatusForbidden, "terms-not-accepted")
		}
		own := "/messages?suite=a"
		if session == proKey {
			own = "/pro?bal=a"
		}
		got := w.visit(session, own).wants(http.StatusSeeOther, "")
		if got.header.Get("Location") != "/conditions?retour="+url.QueryEscape(own) {
			t.Errorf("sent to %s", got.header.Get("Location"))
		}
		page := w.visit(session, "/conditions?retour="+url.QueryEscape(own)).wants(http.StatusOK, "").has("J’ai lu ces conditions", termsVersion, "1366 du code civil")
		checkMarkup(t, "terms", page.body)
		if len(w.core.calls) > 0 {
			t.Errorf("the core was asked %v", w.core.calls)
		}
		w.post(session, "/conditions", "csrf="+csrfToken+"&version=old&accepte=oui").wants(http.StatusSeeOther, "")
		w.post(session, "/conditions", "csrf="+csrfToken+"&version="+termsVersion).wants(http.StatusSeeOther, "") // no tick
		if len(w.core.signed) != 0 {
			t.Fatal("accepted without a tick, or another version")
		}
		form := "csrf=" + csrfToken + "&accepte=oui&version=" + termsVersion + "&retour=" + url.QueryEscape(own)
		if got := w.post(session, "/conditions", form).wants(http.StatusSeeOther, ""); got.header.Get("Location") != own {
			t.Errorf("sent back to %s", got.header.Get("Location"))
		}
		w.visit(session, own).wants(http.StatusOK, "")
	}
	w := newWorld(t)
	w.core.pending = true
	w.call(clinicToken, http.MethodGet, "/api/v1/exchanges?mailbox=app@chu.mssante.fr", "").wants(http.StatusOK, "") // an application is no person
}

// A page of ours is the only place to be sent back to.
func TestTerms_returnsHereOnly(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/messages?a=b": "/messages?a=b", "//evil.test": "", "https://evil.test": "", `/\evil.test`: "", "evil": "", "": "", "/a\r\nb": "",
	} {
		if got := ownPath(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

// Each page of the patient's rights in each of its states holds against I219, and does what it says.
func TestRightsPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.past = []conversations.HistoryLine{{ID: "a1h", At: now, Code: string(rules.BlockSet), ActorKind: conversations.ActorPatient, With: "Dr Claire Martin", Thread: openID}}
	for path, words := range map[string]string{
		"/documents":                 "Compte rendu.pdf",
		"/oppositions":               "Je m’oppose à l’échange d’informations me concernant entre professionnels",
		"/historique":                "Vous avez bloqué Dr Claire Martin.",
		"/compte":                    "Fermer ma messagerie",
		"/compte/fermer-messagerie":  "Vous pourrez rouvrir votre messagerie",
		"/compte/effacer":            "pour toujours",
		"/messages/a1open/supprimer": "Vous ne pourrez pas revenir en arrière",
		"/messages/a1open":           "Enregistrer dans mes documents",
		"/conditions":                "Vous les avez acceptées",
	} {
		checkMarkup(t, path, w.visit(patientKey, path).wants(http.StatusOK, "").has(words).lacks("'</", "n'a", "l'é", "d'u").body)
	}
	w.visit(patientKey, "/compte/rouvrir").wants(http.StatusNotFound, "")
	w.visit(patientKey, "/compte/suspendre").wants(http.StatusNotFound, "")
	send := func(path, form string) string {
		return w.post(patientKey, path, "csrf="+csrfToken+form).wants(http.StatusSeeOther, "").header.Get("Location")
	}
	for path, form := range map[string]string{
		"/oppositions": "&nature=messages&portee=profession%3A10",
		"/messages/a1open/pieces/a1open.2.0/enregistrer": "",
		"/documents/a1doc/supprimer":                     "",
		"/messages/a1open/supprimer":                     "",
		"/compte/fermer-messagerie":                      "",
	} {
		target := send(path, form)
		checkMarkup(t, path, w.visit(patientKey, target).wants(http.StatusOK, "").has(`role="status"`).body)
	}
	if len(w.core.objections) != 1 || w.core.objections[0].Value != "10" || len(w.core.deleted) != 1 {
		t.Errorf("%+v, %v", w.core.objections, w.core.deleted)
	}
	checkMarkup(t, "with an objection", w.visit(patientKey, "/oppositions").has("Tous les médecins", "Lever cette opposition").body)
	send("/oppositions/"+string(w.core.objections[0].ID)+"/lever", "")
	if len(w.core.objections) != 0 {
		t.Error("the objection stays")
	}
	missing := w.post(patientKey, "/oppositions", "csrf="+csrfToken+"&nature=exchange").wants(http.StatusUnprocessableEntity, "").has("Choisissez qui est concerné.")
	checkMarkup(t, "nothing chosen", missing.body)
}

// D16: erasing wants a tick on the page and a word by the API; every state of an account has its page.
func TestAccountPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.post(patientKey, "/compte/effacer", "csrf="+csrfToken).wants(http.StatusUnprocessableEntity, "").has("Cochez la case")
	checkMarkup(t, "no tick", got.body)
	w.call(patientToken, http.MethodPost, "/api/v1/account", `{"command":"erase"}`).wants(http.StatusUnprocessableEntity, "invalid-request").has(`"field":"confirm"`)
	w.call(patientToken, http.MethodPost, "/api/v1/account", `{"command":"suspend"}`).wants(http.StatusUnprocessableEntity, "invalid-request")
	if len(w.core.commands) != 0 {
		t.Fatalf("carried out: %v", w.core.commands)
	}
	for _, s := range rules.AccountStates() {
		in := newWorld(t)
		in.core.account.State, in.core.account.EndsAt = s, now
		checkMarkup(t, string(s), in.visit(patientKey, "/compte").wants(http.StatusOK, "").body)
		in.call(patientToken, http.MethodGet, "/api/v1/account", "").wants(http.StatusOK, "").has(string(s))
		in.core.failOn["Inbox"] = kind(conversations.KindPatientOpposed)
		if got := in.visit(patientKey, "/messages").wants(http.StatusSeeOther, ""); got.header.Get("Location") != "/compte" {
			t.Errorf("%s: sent to %s", s, got.header.Get("Location"))
		}
	}
	w.post(patientKey, "/compte/effacer", "csrf="+csrfToken+"&certain=oui").wants(http.StatusSeeOther, "")
	if len(w.core.commands) != 1 || w.core.commands[0] != rules.EraseAccount {
		t.Errorf("carried out: %v", w.core.commands)
	}
}

// O113, O114, R148: closing and erasing say what one needs to decide, and lead to a copy of one's data as long as there can be one.
func TestAccountPages_beforeClosingAndErasing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const first = `<a href="/donnees">Télécharger mes données</a>`
	w.visit(patientKey, "/compte/fermer").wants(http.StatusOK, "").has(first, "Vos connexions prennent fin sur tous vos appareils.", "vos aidants et représentants ne peuvent pas lire")
	w.visit(patientKey, "/compte/effacer").wants(http.StatusOK, "").has(first, "Vos connexions prennent fin.", "aidants et représentants prend fin pour toujours")
	w.visit(patientKey, "/compte/fermer-messagerie").wants(http.StatusOK, "").lacks(first)
	w.core.account.State = rules.Closed
	w.visit(patientKey, "/compte/effacer").wants(http.StatusOK, "").lacks(first)
}

// R115: a link to a deleted conversation says so; nothing else is told.
func TestDeletedConversation_page(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.failOn["Thread"] = &conversations.Error{Kind: conversations.KindNotFound, Rule: "R115"}
	checkMarkup(t, "deleted", w.visit(patientKey, "/messages/a1gone").wants(http.StatusNotFound, "").has("Message supprimé", "Ce message a été supprimé. Il n’est plus disponible.").body)
	w.call(patientToken, http.MethodGet, "/api/v1/inbox/a1gone", "").wants(http.StatusNotFound, "not-found")
}

// D14 d: hard is 403, soft 409 that names the member to fill in, and other refusals are not touched.
func TestRecordedOpposition_hardAndSoft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := strings.Replace(rightsBodies()["PUT /oppositions"], `,"toPatient":true`, `,"subject":"s","text":"t"`, 1)
	w.core.failOn["OpenThread"] = &conversations.Error{Kind: conversations.KindObjectionRecorded, Rule: "D14"}
	w.call(proToken, http.MethodPost, "/api/v1/conversations", body).wants(http.StatusForbidden, "objection-recorded")
	w.core.failOn["OpenThread"] = &conversations.Error{Kind: conversations.KindObjectionRecorded, Rule: ruleSoft}
	w.call(proToken, http.MethodPost, "/api/v1/conversations", body).wants(http.StatusConflict, "objection-recorded").has(`"field":"oppositionAcknowledged"`)
	w.call(proToken, http.MethodPut, "/api/v1/oppositions", rightsBodies()["PUT /oppositions"]).wants(http.StatusOK, "").has(`"toPatient":true`)
	w.call(proToken, http.MethodPut, "/api/v1/oppositions", strings.Replace(rightsBodies()["PUT /oppositions"], "claire.martin", "autre", 1)).
		wants(http.StatusForbidden, "mailbox-not-habilitated")
}

// R119, D14 c: what the pages say of an inactive professional, of an objection and of an unreadable patient.
func TestPages_warnings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	thread := w.core.threads[openID]
	thread.Inactive = true
	w.core.threads[openID] = thread
	w.visit(patientKey, "/messages/a1open").wants(http.StatusOK, "").has("est susceptible de ne plus répondre aux messages.")
	w.core.pairs[0].Objected = now
	w.core.pairs = append(w.core.pairs, conversations.ExchangeLine{ID: "a1xlost", Mailbox: w.core.pairs[0].Mailbox, State: rules.ThreadUnreachable, Unreadable: true})
	checkMarkup(t, "desk", w.visit(proKey, "/pro").wants(http.StatusOK, "").has("Opposition du patient", "Dossier momentanément indisponible").body)
	w.call(proToken, http.MethodGet, "/api/v1/exchanges", "").wants(http.StatusOK, "").has(`"code":"objection-recorded"`, `"unreadable":true`)
}
