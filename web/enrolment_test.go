package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// D26: the API hands a code over to who is listed, once, and lists and takes back.
func TestEnrolments_api(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := enrolmentBodies()["POST /enrolments"]
	w.call(officerToken, http.MethodPost, "/api/v1/enrolments", body).wants(http.StatusCreated, "").has(`"code":"2345-6789-ABCD-EFGH"`, `"state":"waiting"`)
	if in := w.core.enrolled[0]; in.INS != ins || in.Traits.Sex != rules.Female || in.Document != conversations.Passport || !in.Qualified {
		t.Errorf("%+v", in)
	}
	for range 2 { // the answer is kept nowhere
		w.call(officerToken, http.MethodPost, "/api/v1/enrolments", body, "Idempotency-Key", "k").wants(http.StatusCreated, "")
	}
	if len(w.answers.answers) != 0 {
		t.Errorf("%d answers are kept", len(w.answers.answers))
	}
	w.call(officerToken, http.MethodPost, "/api/v1/enrolments", strings.Replace(body, `"sex":"F"`, `"sex":"M"`, 1)).
		wants(http.StatusCreated, "").has(`"unlike":["sex"]`)
	w.call(officerToken, http.MethodPost, "/api/v1/enrolments", strings.Replace(body, "8989", "8988", 1)).wants(http.StatusUnprocessableEntity, "ins-invalid")
	w.call(officerToken, http.MethodPost, "/api/v1/enrolments", strings.Replace(body, "1979-03-28", "1979-13-28", 1)).
		wants(http.StatusUnprocessableEntity, "invalid-request").has("birthDate")
	w.call(officerToken, http.MethodGet, "/api/v1/enrolments", "").wants(http.StatusOK, "").has("Zoé MARTIN", `"state":"spent"`).lacks(`"code"`)
	w.call(officerToken, http.MethodDelete, "/api/v1/enrolments/"+string(enrolmentID), "").wants(http.StatusNoContent, "")
	w.call(proToken, http.MethodGet, "/api/v1/enrolments", "").wants(http.StatusForbidden, "insufficient-scope")
	w.core.failOn["HandCode"] = kind(conversations.KindAlreadyLinked)
	w.call(officerToken, http.MethodPost, "/api/v1/enrolments", body).wants(http.StatusConflict, "already-linked")
}

// D28: who acts by law is declared on papers, and ended.
func TestRepresentations_api(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bodies := enrolmentBodies()
	w.call(officerToken, http.MethodPost, "/api/v1/representations", bodies["POST /representations"]).wants(http.StatusNoContent, "")
	w.call(officerToken, http.MethodPost, "/api/v1/representations/end", bodies["POST /representations/end"]).wants(http.StatusNoContent, "")
	for from, to := range map[string]string{`"parent"`: `"caregiver"`, `"papersSeen":true`: `"papersSeen":false`} {
		w.call(officerToken, http.MethodPost, "/api/v1/representations", strings.Replace(bodies["POST /representations"], from, to, 1)).
			wants(http.StatusUnprocessableEntity, "invalid-request")
	}
	if len(w.core.represented) != 1 || w.core.represented[0].Kind != rules.Parent {
		t.Errorf("%+v", w.core.represented)
	}
}

// D26, R28: the officer types, reads back, and gets the sheet; the code is in no URL and no other page.
func TestPages_enrolment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.PublicURL = "https://messagerie.exemple.fr" })
	form := "csrf=" + csrfToken + enrolmentFields
	got := w.visit(officerKey, "/pro/inscriptions").wants(http.StatusOK, "").has("Zoé MARTIN", "En attente du patient", "Retirer le code", "essayé par une autre personne", ">Inscriptions<")
	checkMarkup(t, "enrolments", got.body)
	w.visit(proKey, "/pro/inscriptions").wants(http.StatusForbidden, "").has("Vous n’inscrivez pas de patients").lacks("Zoé", ">Inscriptions<")
	got = w.post(officerKey, "/pro/inscriptions", form).wants(http.StatusOK, "").has(ins, "28 mars 1979", "Féminin", "Passeport").lacks("ne s’accordent pas")
	checkMarkup(t, "enrolconfirm", got.body)
	got = w.post(officerKey, "/pro/inscriptions", strings.Replace(form, "1979-03", "1980-04", 1)).wants(http.StatusOK, "").has("ne s’accordent pas", "le mois 03", "en 79")
	checkMarkup(t, "enrolconfirm unlike", got.body)
	if w.core.asked("HandCode") != 0 {
		t.Fatal("enrolled before it was confirmed")
	}
	got = w.post(officerKey, "/pro/inscriptions", "csrf="+csrfToken+"&matricule=1&lieu=1").wants(http.StatusUnprocessableEntity, "").has("15 caractères", "Personne n’a été inscrit")
	checkMarkup(t, "enrolments refused", got.body)
	w.post(officerKey, "/pro/inscriptions/code", form+"&action=corriger").wants(http.StatusOK, "").has(`value="MARTIN"`)
	got = w.post(officerKey, "/pro/inscriptions/code", form).wants(http.StatusOK, "").has("2345-6789-ABCD-EFGH", "https://messagerie.exemple.fr", "en main propre")
	checkMarkup(t, "enrolcode", got.body)
	w.post(officerKey, "/pro/inscriptions", strings.Replace(form, "1979", "2079", 1)).wants(http.StatusUnprocessableEntity, "").has("La date de naissance ne peut pas être à venir.")
	w.post(officerKey, "/pro/inscriptions/"+string(enrolmentID)+"/retirer", "csrf="+csrfToken).wants(http.StatusSeeOther, "")
	w.post(officerKey, "/pro/inscriptions/code", enrolmentFields).wants(http.StatusForbidden, "")
	for k, text := range map[conversations.Kind]string{conversations.KindAlreadyLinked: "déjà inscrite", conversations.KindPatientOpposed: "ne peut pas être inscrite"} {
		w.core.failOn["HandCode"] = kind(k)
		w.post(officerKey, "/pro/inscriptions/code", form).wants(http.StatusConflict, "").has(text)
	}
}

// D26: the form that comes twice, by a reload, makes no second code, which would take the printed one back: it is told so,
// and the next code is asked for by its own button.
func TestPages_enrolmentTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := "csrf=" + csrfToken + enrolmentFields
	operation := func(r reply) string {
		t.Helper()
		found := regexp.MustCompile(`name="operation" value="([^"]{20,})"`).FindSubmatch(r.body)
		if found == nil {
			t.Fatalf("the form names no operation: %s", r.body)
		}
		return string(found[1])
	}
	first := operation(w.post(officerKey, "/pro/inscriptions", form).wants(http.StatusOK, ""))
	w.post(officerKey, "/pro/inscriptions/code", form+"&operation="+first).wants(http.StatusOK, "").has("2345-6789-ABCD-EFGH")
	again := w.post(officerKey, "/pro/inscriptions/code", form+"&operation="+first).wants(http.StatusOK, "").
		has("Ce code a déjà été affiché", "S’il n’est pas imprimé, créez-en un autre", "Créer un autre code").lacks("2345-6789-ABCD-EFGH")
	checkMarkup(t, "enrolshown", again.body)
	next := operation(again)
	if next == first {
		t.Error("the button asks for the code that was shown")
	}
	w.post(officerKey, "/pro/inscriptions/code", form+"&operation="+next).wants(http.StatusOK, "").has("2345-6789-ABCD-EFGH")
}

// R28: where matricule and traits disagree, to correct comes first.
func TestPages_enrolmentUnlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := "csrf=" + csrfToken + enrolmentFields
	w.post(officerKey, "/pro/inscriptions", form).wants(http.StatusOK, "").has(`<button class="button" type="submit">Oui, créer le code`).lacks("malgré tout")
	w.post(officerKey, "/pro/inscriptions", strings.Replace(form, "1979-03", "1980-04", 1)).wants(http.StatusOK, "").
		has(`<button class="button" type="submit" name="action" value="corriger">`, `<button class="button second" type="submit">Créer le code malgré tout`).lacks("Oui, créer le code")
}

// D28, R28: who will read whose messages is shown back by what the matricules say alone, and done when it was confirmed.
func TestPages_representations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit(officerKey, "/pro/representations").wants(http.StatusOK, "").has("Parent d’un mineur")
	checkMarkup(t, "representations", got.body)
	form := "csrf=" + csrfToken + "&matricule=" + ins + "&representant=" + ins
	got = w.post(officerKey, "/pro/representations", form+"&titre=protector").wants(http.StatusUnprocessableEntity, "").has("ce que le jugement permet", "vu les papiers")
	checkMarkup(t, "representations refused", got.body)
	w.post(officerKey, "/pro/representations", form+"&titre=protector&portee=tout&papiers=oui").wants(http.StatusUnprocessableEntity, "").has("ce que le jugement permet")
	whole := form + "&titre=protector&portee=messages&fin=2027-01-31&papiers=oui"
	got = w.post(officerKey, "/pro/representations", whole).wants(http.StatusOK, "").
		has("une femme née en mars\u00a01979", "Personne chargée de la protection", "lit les messages et y répond", "31\u00a0janvier\u00a02027", "Oui, enregistrer", ins).lacks("MARTIN")
	checkMarkup(t, "representconfirm", got.body)
	got = w.post(officerKey, "/pro/representations/enregistrer", whole+"&action=corriger").wants(http.StatusOK, "").
		has(`value="`+ins+`"`, `value="protector" checked`, `value="messages" checked`, `value="2027-01-31"`, `value="oui" checked`)
	checkMarkup(t, "representations again", got.body)
	w.post(officerKey, "/pro/representations/enregistrer", form+"&titre=protector&portee=messages").wants(http.StatusUnprocessableEntity, "").has("vu les papiers")
	if len(w.core.represented) != 0 {
		t.Fatal("declared before it was confirmed")
	}
	w.post(officerKey, "/pro/representations/enregistrer", whole).wants(http.StatusSeeOther, "")
	if d := w.core.represented[0]; d.Scope != rules.ScopeMessages || d.Until.IsZero() {
		t.Errorf("%+v", d)
	}
	w.post(officerKey, "/pro/representations/fin", form).wants(http.StatusSeeOther, "")
	w.post(officerKey, "/pro/representations/fin", "csrf="+csrfToken+"&matricule=1").wants(http.StatusUnprocessableEntity, "").has("15 caractères")
	w.core.failOn["DeclareRepresentation"] = kind(conversations.KindMailboxUnknown)
	w.post(officerKey, "/pro/representations/enregistrer", form+"&titre=parent&papiers=oui").wants(http.StatusUnprocessableEntity, "").has("n’est pas inscrite")
}

// D26: a login that leads nowhere is told so, and linked by the code; what is wrong with a code is not told.
func TestPages_linking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(method, cookie, form string) reply {
		r := httptest.NewRequest(method, LinkPath, strings.NewReader(form))
		r.AddCookie(&http.Cookie{Name: "mes-link", Value: cookie})
		if form != "" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		return w.do(r)
	}
	got := ask(http.MethodGet, linkKey, "").wants(http.StatusOK, "").has("Zoé Martin", "ne mène encore à aucune messagerie")
	checkMarkup(t, "link", got.body)
	ask(http.MethodGet, "another", "").wants(http.StatusForbidden, "").has("Identifiez-vous d’abord")
	form := "csrf=" + csrfToken + "&code=2345"
	ask(http.MethodPost, linkKey, "code=2345").wants(http.StatusForbidden, "")
	ask(http.MethodPost, "another", form).wants(http.StatusForbidden, "")
	if w.core.asked("BindByCode") != 0 {
		t.Fatal("the core was asked")
	}
	for k, want := range map[conversations.Kind]struct {
		status int
		text   string
	}{
		conversations.KindNotFound: {http.StatusNotFound, "n’est pas valable pour vous"}, conversations.KindInvalidRequest: {http.StatusUnprocessableEntity, "erreur de frappe"},
		conversations.KindRateLimited: {http.StatusTooManyRequests, "trop de codes"}, conversations.KindStaleState: {http.StatusConflict, "Attendez une minute"},
		conversations.KindUnavailable: {http.StatusServiceUnavailable, ""},
	} {
		w.core.failOn["BindByCode"] = kind(k)
		got := ask(http.MethodPost, linkKey, form).wants(want.status, "").has(want.text)
		if k != conversations.KindUnavailable {
			checkMarkup(t, "link "+string(k), got.body)
		}
	}
	for _, err := range []error{nil, kind(conversations.KindAlreadyLinked)} {
		w.core.failOn["BindByCode"] = err
		if got := ask(http.MethodPost, linkKey, form).wants(http.StatusSeeOther, ""); got.header.Get("Location") != "/oauth/resume/patient" {
			t.Errorf("sent to %s", got.header.Get("Location"))
		}
	}
}
