package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// teamWorld is a world whose professional uses the shared mailbox, in which a colleague takes care of the conversation.
func teamWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.core.team.Mailbox = must(ownedBox)
	w.core.team.Care = conversations.Care{By: "Paul Roy", At: now.Add(-time.Hour), From: "Irène Chapuisat"}
	return w
}

// TestDeskThread_team: the page of a conversation tells who takes care, who has it open, and the notes, and notes that
// the visitor is there.
func TestDeskThread_team(t *testing.T) {
	t.Parallel()
	w := teamWorld(t)
	got := w.visit(proKey, "/pro/conversations/a1open").wants(http.StatusOK, "").has(
		"Entre collègues", "Paul Roy</bdi> depuis le <time", "de la part de <bdi>Irène Chapuisat", "A aussi cette conversation ouverte", "Une note interne</summary>", "Rappeler lundi",
		"Reprendre cette conversation", "Confier à un collègue", "Vous pouvez écrire malgré tout", "Commencer par un modèle", "Consignes &lt;avant&gt;")
	checkMarkup(t, "desk thread of a team", got.body)
	if w.core.asked("Attend") != 1 {
		t.Error("the visitor is not noted as there")
	}
	unseen := httptest.NewRequest(http.MethodHead, "/pro/conversations/a1open", http.NoBody)
	unseen.AddCookie(&http.Cookie{Name: "mes", Value: proKey})
	head := w.do(unseen)
	if head.status != http.StatusOK || w.core.asked("Attend") != 1 {
		t.Errorf("%d: a page that nobody looks at counts as a visit", head.status)
	}
	w.core.team.Care = conversations.Care{}
	w.visit(proKey, "/pro/conversations/a1open").wants(http.StatusOK, "").has("Je m’en occupe", "Personne ne s’occupe encore")
	w.core.team.Care = conversations.Care{By: "Claire Martin", At: now, Mine: true}
	got = w.visit(proKey, "/pro/conversations/a1open").wants(http.StatusOK, "").has("Vous vous occupez de cette conversation", "Ne plus m’en occuper")
	if strings.Contains(string(got.body), "malgré tout") {
		t.Error("who takes care is warned of himself")
	}
	w.core.team = conversations.Team{}
	if got = w.visit(proKey, "/pro/conversations/a1open").wants(http.StatusOK, ""); strings.Contains(string(got.body), "Entre collègues") {
		t.Error("a personal mailbox has a team")
	}
}

// TestTeam_neverOnThePatientsPages: nothing of a team is on the pages and in the answers of a patient.
func TestTeam_neverOnThePatientsPages(t *testing.T) {
	t.Parallel()
	w := teamWorld(t)
	for _, path := range []string{"/messages", "/messages/a1open", "/historique", "/contacts"} {
		got := w.visit(patientKey, path).wants(http.StatusOK, "")
		for _, secret := range []string{"Rappeler lundi", "Paul Roy", "Entre collègues", "Consignes"} {
			if strings.Contains(string(got.body), secret) {
				t.Errorf("%s shows %q", path, secret)
			}
		}
	}
	for _, path := range []string{"/api/v1/inbox/a1open", "/api/v1/inbox"} {
		if got := w.call(patientToken, http.MethodGet, path, "").wants(http.StatusOK, ""); strings.Contains(string(got.body), "Paul Roy") {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	w.call(patientToken, http.MethodGet, "/api/v1/conversations/a1open/team", "").wants(http.StatusForbidden, "insufficient-scope")
	for _, method := range []string{"Team", "Attend", "Templates"} {
		if w.core.asked(method) != 0 {
			t.Errorf("a patient's call asked for %s", method)
		}
	}
}

// TestTeamForms: each form asks the core for the mailbox that it names, and for no other's.
func TestTeamForms(t *testing.T) {
	t.Parallel()
	form := "csrf=" + csrfToken + "&bal=" + ownedKey()
	for _, c := range []struct{ path, fields, method, notice string }{
		{"/suivre", "", "TakeCare", "suivi"},
		{"/laisser", "", "ReleaseCare", "suivi-termine"},
		{"/confier", "&a=a1kpaul&texte=Rappeler+lundi", "HandOver", "confie"},
		{"/notes", "&texte=x", "AddNote", "note"},
		{"/notes/a1note/supprimer", "", "DeleteNote", "note-supprimee"},
	} {
		w := teamWorld(t)
		got := w.post(proKey, "/pro/conversations/a1open"+c.path, form+c.fields).wants(http.StatusSeeOther, "")
		if w.core.asked(c.method) != 1 || got.header.Get("Location") != "/pro/conversations/a1open?fait="+c.notice {
			t.Errorf("%s: asked %v, sent to %s", c.path, w.core.calls, got.header.Get("Location"))
		}
		if page.Notice(c.notice).Words() == "" {
			t.Errorf("%s has no words", c.notice)
		}
		w.post(proKey, "/pro/conversations/a1open"+c.path, "csrf="+csrfToken+"&bal=other"+c.fields).wants(http.StatusNotFound, "")
		if w.core.asked(c.method) != 1 {
			t.Errorf("%s: asked for another's mailbox", c.path)
		}
	}
	w := teamWorld(t)
	w.core.taken = conversations.Care{By: "Paul Roy", At: now}
	got := w.post(proKey, "/pro/conversations/a1open/suivre", form).wants(http.StatusSeeOther, "")
	if !strings.Contains(got.header.Get("Location"), string(page.NoticeCareOther)) {
		t.Errorf("the second one is told %s", got.header.Get("Location"))
	}
	got = w.post(proKey, "/pro/conversations/a1open/confier", form).wants(http.StatusUnprocessableEntity, "").has(faultReceiver)
	checkMarkup(t, "refused hand-over", got.body)
	w.core.failOn["AddNote"] = kind(conversations.KindInvalidRequest)
	got = w.post(proKey, "/pro/conversations/a1open/notes", form+"&texte=perdu").wants(http.StatusUnprocessableEntity, "").has(faultNote, "perdu")
	checkMarkup(t, "refused note", got.body)
	w.core.failOn["AddNote"] = kind(conversations.KindTooLarge)
	w.post(proKey, "/pro/conversations/a1open/notes", form+"&texte=long").wants(http.StatusUnprocessableEntity, "").has(faultNotes)
}

// TestContinue_tellsFirst: who writes is told that a colleague takes care, or that somebody wrote, since his page was
// shown; told once, he may write all the same.
func TestContinue_tellsFirst(t *testing.T) {
	t.Parallel()
	w := teamWorld(t)
	w.core.team.Care = conversations.Care{}
	seen := seenIn(t, w.visit(proKey, "/pro/conversations/a1open").wants(http.StatusOK, ""))
	send := func(seen string) reply {
		return w.post(proKey, "/pro/conversations/a1open/ecrire", "csrf="+csrfToken+"&operation=op&texte=Bonjour&vu="+url.QueryEscape(seen))
	}
	w.core.team.Care = conversations.Care{By: "Paul Roy", At: now}
	again := send(seen).wants(http.StatusUnprocessableEntity, "").has("Paul Roy s’occupe maintenant de cette conversation", "Bonjour")
	if len(w.core.written) != 0 {
		t.Fatal("it was sent before he was told")
	}
	checkMarkup(t, "told first", again.body)
	seen = seenIn(t, again)
	thread := w.core.threads[openID]
	thread.Messages = append([]conversations.Message{{ID: openID + ".3", At: now, Author: "Jeanne Dupont", AuthorKind: conversations.FromPatient, Text: "Encore"}}, thread.Messages...)
	w.core.threads[openID] = thread
	again = send(seen).wants(http.StatusUnprocessableEntity, "").has(faultNewer)
	send(seenIn(t, again)).wants(http.StatusSeeOther, "")
	if len(w.core.written) != 1 {
		t.Error("told of all, he may not write")
	}
}

// seenIn reads the hidden field that says what a page showed.
func seenIn(t *testing.T, r reply) string {
	t.Helper()
	_, rest, found := strings.Cut(string(r.body), `name="vu" value="`)
	seen, _, closed := strings.Cut(rest, `"`)
	if !found || !closed {
		t.Fatal("the form does not say what its page showed")
	}
	return seen
}

// TestTemplatesPages: templates are listed, added, rewritten and deleted, and a message begins with one.
func TestTemplatesPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/pro/boites/" + ownedKey() + "/modeles"
	got := w.visit(proKey, path).wants(http.StatusOK, "").has("Consignes &lt;avant&gt;", "{signature}", "Ajouter un modèle")
	checkMarkup(t, "templates", got.body)
	got = w.visit(proKey, path+"/"+string(templateID)).wants(http.StatusOK, "").has("Modifier un modèle", "{signature}")
	checkMarkup(t, "template", got.body)
	w.visit(proKey, path+"/a1none").wants(http.StatusNotFound, "")
	form := "csrf=" + csrfToken + "&nom=Accueil&texte=Bonjour"
	for _, c := range []struct{ path, notice string }{{path, "modele-enregistre"}, {path + "/a1model", "modele-enregistre"}, {path + "/a1model/supprimer", "modele-supprime"}} {
		sent := w.post(proKey, c.path, form).wants(http.StatusSeeOther, "")
		if sent.header.Get("Location") != path+"?fait="+c.notice || page.Notice(c.notice).Words() == "" {
			t.Errorf("%s: sent to %s", c.path, sent.header.Get("Location"))
		}
	}
	if w.core.asked("SaveTemplate") != 2 || w.core.asked("DeleteTemplate") != 1 {
		t.Errorf("asked %v", w.core.calls)
	}
	for _, at := range []string{path, path + "/a1model"} {
		w.post(proKey, at, "csrf="+csrfToken+"&nom=+&texte=").wants(http.StatusUnprocessableEntity, "").has(faultTemplateName+"</a>", faultTemplateText+"</a>")
	}
	w.core.failOn["SaveTemplate"] = &conversations.Error{Kind: conversations.KindInvalidRequest, Rule: "R71"}
	got = w.post(proKey, path, "csrf="+csrfToken+"&nom=Accueil&texte=%7Bnom%7D").wants(http.StatusUnprocessableEntity, "").has("Rien n’a été enregistré.", faultPlaceholder+"</a>", faultPlaceholder+"</span>", "{nom}")
	checkMarkup(t, "refused template", got.body)
	w.core.failOn["SaveTemplate"] = kind(conversations.KindTooLarge)
	got = w.post(proKey, path+"/a1model", form).wants(http.StatusUnprocessableEntity, "").has("Rien n’a été enregistré.", faultTemplates, "Accueil")
	checkMarkup(t, "refused change", got.body)

	w.visit(proKey, "/pro/conversations/a1open?modele="+string(templateID)).wants(http.StatusOK, "").has(`<details class="compose" open`, "Bonjour,\nDr Claire Martin")
	w.visit(proKey, "/pro/conversations/a1open?modele=a1none").wants(http.StatusOK, "")
	w.post(proKey, writePath, "csrf="+csrfToken+"&echange="+string(exchangeID)+"&modele="+string(templateID)).wants(http.StatusOK, "").has("Bonjour,\nDr Claire Martin")
}

// TestAbsencePages: an absence is shown, declared and ended, and what is wrong with it is said beside its field.
func TestAbsencePages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/pro/boites/" + ownedKey() + "/absence"
	got := w.visit(proKey, path).wants(http.StatusOK, "").has("Absence en cours", "Dr Max Petit", "avec accès à la boîte", "Appelez le cabinet.", "aucune réponse automatique")
	checkMarkup(t, "absence", got.body)
	if strings.Contains(string(got.body), `name="acces"`) {
		t.Error("a personal mailbox offers to admit somebody (I119)")
	}
	w.visit(proKey, "/pro/boites/"+sharedKey()+"/absence").wants(http.StatusOK, "").has(`name="acces"`)
	form := "csrf=" + csrfToken + "&debut=2026-05-13&fin=2026-05-20&texte=Bonjour&remplacant=max.petit%40cabinet.mssante.fr"
	w.post(proKey, path, form).wants(http.StatusSeeOther, "")
	if in := w.core.declared; in.Cover != must("max.petit@cabinet.mssante.fr") || in.Admit || in.Text != "Bonjour" ||
		!in.From.Equal(time.Date(2026, 5, 12, 22, 0, 0, 0, time.UTC)) || !in.Until.Equal(time.Date(2026, 5, 20, 22, 0, 0, 0, time.UTC)) {
		t.Errorf("declared %+v", in)
	}
	for fields, fault := range map[string]string{
		"":                                 faultNoEnd,
		"&fin=2020-01-01":                  faultEndPast,
		"&fin=demain":                      faultUntil,
		"&debut=2026-05-21&fin=2026-05-20": faultEndBefore,
		"&debut=2026-05-21&fin=2027-05-22": faultEndLate,
		"&debut=x&fin=2026-05-20":          faultFrom,
		"&fin=2026-05-20&remplacant=x":     faultCover,
		"&fin=2026-05-20&remplacant=%00":   faultCover,
	} {
		got := w.post(proKey, path, "csrf="+csrfToken+fields).wants(http.StatusUnprocessableEntity, "").has("Rien n’a été enregistré.", fault+"</a>", fault+"</span>")
		checkMarkup(t, "refused absence", got.body)
	}
	w.post(proKey, path, "csrf="+csrfToken+"&debut=x&remplacant=x").has(faultFrom+"</a>", faultNoEnd+"</a>", faultCover+"</a>") // all at once
	w.post(proKey, path, "csrf="+csrfToken+"&debut=2026-05-21&fin=2026-05-21").wants(http.StatusSeeOther, "")                   // one day
	for rule, fault := range map[string]string{"R71": faultCover, "I120": faultCover, "I119": faultEndPast, "D27": faultAbsenceText} {
		w.core.failOn["DeclareAbsence"] = &conversations.Error{Kind: conversations.KindInvalidRequest, Rule: rule}
		w.post(proKey, path, form).wants(http.StatusUnprocessableEntity, "").has(fault)
	}
	for from, said := range map[time.Time]string{now: "L’absence a pris fin.", now.Add(time.Hour): "L’absence est annulée."} {
		w.core.absence.From = from
		sent := w.post(proKey, path+"/fin", "csrf="+csrfToken).wants(http.StatusSeeOther, "")
		w.visit(proKey, sent.header.Get("Location")).wants(http.StatusOK, "").has(`role="status">` + said)
	}
	if w.core.asked("EndAbsence") != 2 {
		t.Errorf("asked %v", w.core.calls)
	}
	w.core.absence = conversations.Absence{}
	w.visit(proKey, path).wants(http.StatusOK, "").has("Déclarer une absence")
}

// TestConversation_away covers R71 and D11: the patient reads who is away and who stands in before he writes, and no
// address; the API tells the same.
func TestConversation_away(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	thread := w.core.threads[openID]
	thread.Absences = []conversations.AbsenceNotice{{Who: "Dr Claire Martin", Until: now.Add(48 * time.Hour), Text: "Appelez le cabinet.", Cover: "Dr Max Petit"}}
	w.core.threads[openID] = thread
	got := w.visit(patientKey, "/messages/a1open").wants(http.StatusOK, "").has("Dr Claire Martin", "absence jusqu’au", "appelez le 15 ou le 112", "Dr Max Petit", "Appelez le cabinet.")
	checkMarkup(t, "away", got.body)
	if at := strings.Index(string(got.body), "absence jusqu’au"); at > strings.Index(string(got.body), "<textarea") {
		t.Error("he is told after he typed")
	}
	answer := w.call(patientToken, http.MethodGet, "/api/v1/inbox/a1open", "").wants(http.StatusOK, "").json()
	reply, _ := answer["reply"].(map[string]any)
	away, _ := reply["absences"].([]any)
	if len(away) != 1 || away[0].(map[string]any)["cover"] != "Dr Max Petit" || strings.Contains(string(got.body), "@cabinet") {
		t.Errorf("%v", reply)
	}
}

// TestAPI_team: the calls of a team answer with who takes care, and refuse what they cannot read.
func TestAPI_team(t *testing.T) {
	t.Parallel()
	w := teamWorld(t)
	got := w.call(proToken, http.MethodGet, "/api/v1/conversations/a1open/team", "").wants(http.StatusOK, "").json()
	care, _ := got["care"].(map[string]any)
	if care["by"] != "Paul Roy" || care["mine"] != false || got["mailbox"] != ownedBox || len(got["notes"].([]any)) != 1 {
		t.Errorf("%v", got)
	}
	w.call(proToken, http.MethodGet, "/api/v1/conversations/a1open/team?mailbox=nulle.part@x.test", "").wants(http.StatusNotFound, "not-found")
	w.call(proToken, http.MethodPost, "/api/v1/conversations/a1open/care/handover", `{}`).wants(http.StatusUnprocessableEntity, "invalid-request")
	w.call(proToken, http.MethodPost, "/api/v1/conversations/a1open/care/handover", `{"to":"a1kpaul","note":"Rappeler"}`).wants(http.StatusOK, "")
	if !slices.Equal(w.core.handed, []string{"a1kpaul", "Rappeler"}) {
		t.Errorf("handed %v", w.core.handed)
	}
	w.core.failOn["AddNote"] = kind(conversations.KindInvalidRequest)
	w.call(proToken, http.MethodPost, "/api/v1/conversations/a1open/notes", `{"text":""}`).wants(http.StatusUnprocessableEntity, "invalid-request")
	w.core.failOn["SaveTemplate"] = kind(conversations.KindInvalidRequest)
	w.call(proToken, http.MethodPost, "/api/v1/mailboxes/"+ownedKey()+"/templates", `{"name":"a","text":"{nom}"}`).wants(http.StatusUnprocessableEntity, "invalid-request")
	for _, body := range []string{`{"until":"demain"}`, `{"until":"2099-01-01T00:00:00Z","cover":"x"}`, `{"from":"x","until":"2099-01-01T00:00:00Z"}`} {
		w.call(proToken, http.MethodPut, "/api/v1/mailboxes/"+ownedKey()+"/absence", body).wants(http.StatusUnprocessableEntity, "invalid-request")
	}
	w.core.team = conversations.Team{}
	w.call(proToken, http.MethodGet, "/api/v1/conversations/a1open/team", "").wants(http.StatusNotFound, "not-found")
}
