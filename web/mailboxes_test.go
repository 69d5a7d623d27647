package web

import (
	"net/http"
	"testing"

	"mesbridge/conversations"
)

// TestMailboxes covers I119 and I120: what the caller may do with which mailbox, and an application's own.
func TestMailboxes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(proToken, http.MethodGet, "/api/v1/mailboxes", "").wants(http.StatusOK, "").
		has(`"address":"claire.martin@cabinet.mssante.fr"`, `"kind":"PER"`, `"administer":true`, `"responsible":["Irène Chapuisat"]`).
		lacks("urgences@") // the access has ended
	w.call(clinicToken, http.MethodGet, "/api/v1/mailboxes", "").wants(http.StatusOK, "").has(`"kind":"APP"`, `"use":true`).lacks("claire")
	w.call(proToken, http.MethodGet, "/api/v1/mailboxes?limit=1", "").wants(http.StatusOK, "").lacks("cardiologie", `"next":null`)
}

// TestMailboxUsers covers I119 and D27: whoever keeps the list sees it, adds to it and takes from it; the list of
// a mailbox that one uses, or of none, is not there.
func TestMailboxUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	users := "/api/v1/mailboxes/" + sharedKey() + "/users"
	w.call(proToken, http.MethodGet, users, "").wants(http.StatusOK, "").has(`"person":"899900000033"`, `"by":"Irène Chapuisat"`).lacks("Paul Roy")
	w.call(proToken, http.MethodPost, users, `{"person":"899900000058","name":"Paul Roy","until":"2026-12-31T23:00:00Z"}`).
		wants(http.StatusCreated, "").has(`"until":"2026-12-31T23:00:00`)
	for body, member := range map[string]string{
		`{"name":"Paul Roy"}`: "person", `{"person":"8 99","name":"Paul"}`: "person", `{"person":"899900000058"}`: "name",
		`{"person":"899900000058","name":"Paul","until":"2020-01-01T00:00:00Z"}`: "until", `{"person":"8","name":"P","role":"x"}`: "role",
	} {
		w.call(proToken, http.MethodPost, users, body).wants(http.StatusUnprocessableEntity, "invalid-request").has(member)
	}
	other := "/api/v1/mailboxes/" + w.app.mailboxKey(must("claire.martin@cabinet.mssante.fr")) + "/users"
	for _, path := range []string{other, "/api/v1/mailboxes/b2none/users"} {
		w.call(proToken, http.MethodGet, path, "").wants(http.StatusNotFound, "not-found")
		w.call(proToken, http.MethodPost, path, `{"person":"899900000058","name":"Paul Roy"}`).wants(http.StatusNotFound, "not-found")
		w.call(proToken, http.MethodDelete, path+"/"+string(userID), "").wants(http.StatusNotFound, "not-found")
	}
	if w.core.asked("AdmitUser") != 1 || w.core.asked("DismissUser") != 0 {
		t.Errorf("the core was asked %v", w.core.calls)
	}
	w.core.failOn["Mandates"] = kind(conversations.KindUnavailable)
	w.call(proToken, http.MethodGet, users, "").wants(http.StatusServiceUnavailable, "temporarily-unavailable") // D17
}

// TestPages_mailboxes: the professional's mailboxes, with an access that ended (D27), and the list of users.
func TestPages_mailboxes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit(proKey, "/pro/boites").wants(http.StatusOK, "").
		has("Dr Claire Martin", "BAL personnelle", "Vous lisez et écrivez", "Gérer les utilisateurs ne donne pas le droit de lire", "Accès retiré", "par <bdi>Irène Chapuisat")
	checkMarkup(t, "mailboxes", got.body)
	users := "/pro/boites/" + sharedKey()
	got = w.visit(proKey, users).wants(http.StatusOK, "").has("Sophie Amblardet", "899900000033", "Retirer l’accès", "Retirés depuis moins d’un mois", "Paul Roy")
	checkMarkup(t, "users", got.body)
	w.visit(proKey, "/pro/boites/b2none").wants(http.StatusNotFound, "")
	w.visit(patientKey, users).wants(http.StatusForbidden, "").lacks("Sophie")

	form := "csrf=" + csrfToken
	got = w.post(proKey, users+"/utilisateurs", form+"&identifiant=8%C3%A9&nom=Zo%C3%A9&fin=2020-01-01").
		wants(http.StatusUnprocessableEntity, "").has("Personne n’a été inscrit", `<a href="#identifiant">Écrivez le numéro RPPS`, "Cette date est passée.", `value="8é"`)
	checkMarkup(t, "users refused", got.body)
	w.post(proKey, users+"/utilisateurs", form+"&identifiant=899900000058&nom=Paul+Roy").wants(http.StatusSeeOther, "")
	w.post(proKey, users+"/utilisateurs/"+string(userID)+"/retirer", form).wants(http.StatusSeeOther, "")
	w.post(proKey, users+"/utilisateurs/"+string(userID)+"/retirer", "csrf=x").wants(http.StatusForbidden, "")
	if w.core.asked("AdmitUser") != 1 || w.core.asked("DismissUser") != 1 {
		t.Errorf("the core was asked %v", w.core.calls)
	}
	w.core.failOn["AdmitUser"] = kind(conversations.KindNotHabilitated)
	w.post(proKey, users+"/utilisateurs", form+"&identifiant=899700218896&nom=Claire").
		wants(http.StatusUnprocessableEntity, "").has("Vous ne pouvez pas vous inscrire vous-même")
}
