package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// I208: professionals and applications find mailboxes, page by page, and learn all that the directory says.
func TestDirectory_api(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var got struct {
		Items []entryShape
		Next  *string
	}
	for _, key := range []string{proToken, clinicToken} {
		decode(t, w.call(key, http.MethodGet, "/api/v1/directory?name=goff", "").wants(http.StatusOK, "").body, &got)
		if len(got.Items) != 1 || got.Next != nil {
			t.Fatalf("%d items", len(got.Items))
		}
	}
	m := got.Items[0]
	if m.Address != "anne.legoff@medecin.mssante.fr" || m.Kind != rules.Personal || *m.Name != "Dr Anne LE GOFF" || *m.Profession.Name != "Médecin" ||
		*m.Profession.ID != "10" || *m.Speciality != "Pédiatrie" || *m.Structure.ID != "1210000001" || *m.Place != "21000 DIJON" || !m.ZeroPaper {
		t.Errorf("%+v", m)
	}
	seen, cursor := map[string]bool{}, ""
	for range 10 {
		decode(t, w.call(proToken, http.MethodGet, "/api/v1/directory?name=durand&limit=20&cursor="+cursor, "").wants(http.StatusOK, "").body, &got)
		for _, m := range got.Items {
			seen[m.Address] = true
		}
		if got.Next == nil {
			break
		}
		cursor = *got.Next
	}
	if len(seen) != crowdOfOneName {
		t.Errorf("%d mailboxes on all pages, want %d", len(seen), crowdOfOneName)
	}
	for _, bad := range []string{"", "?name=a", "?name=+-", "?name=" + strings.Repeat("x", 201), "?name=goff&cursor=zz", "?name=%ff%fe%ff"} {
		w.call(proToken, http.MethodGet, "/api/v1/directory"+bad, "").wants(http.StatusUnprocessableEntity, string(codeInvalidRequest))
	}
	w.call(patientToken, http.MethodGet, "/api/v1/directory?name=goff", "").wants(http.StatusForbidden, string(codeInsufficientScope))
}

// I208: the page finds as the call does, shows all of it, and no question stands in a URL.
func TestDirectory_page(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.visit(proKey, "/pro/annuaire").wants(http.StatusOK, "").has("Annuaire des professionnels", "liste rouge")
	checkMarkup(t, "directory", got.body)
	ask := func(more ...string) reply {
		f := url.Values{"csrf": {csrfToken}}
		for i := 0; i+1 < len(more); i += 2 {
			f.Set(more[i], more[i+1])
		}
		return w.post(proKey, "/pro/annuaire", f.Encode())
	}
	got = ask("nom", "goff").wants(http.StatusOK, "").
		has("Dr Anne LE GOFF", "Médecin, Pédiatrie, CH de l’Étang, 21000 DIJON", "BAL personnelle", "anne.legoff@medecin.mssante.fr", "Zéro papier")
	checkMarkup(t, "found", got.body)
	got = ask("nom", "durand").wants(http.StatusOK, "").has("DURAND 100", "DURAND 119", "Résultats suivants")
	checkMarkup(t, "a page of many", got.body)
	ask("nom", "durand", "suite", "20").wants(http.StatusOK, "").has("DURAND 120")
	got = ask("nom", "personne").wants(http.StatusOK, "").has("Personne ne correspond")
	checkMarkup(t, "nobody", got.body)
	got = ask("nom", " x ").wants(http.StatusUnprocessableEntity, "").has("au moins deux lettres")
	checkMarkup(t, "too short", got.body)
	ask("nom", "durand", "suite", "zz").wants(http.StatusUnprocessableEntity, "")
	w.post(patientKey, "/pro/annuaire", "csrf="+csrfToken+"&nom=goff").wants(http.StatusForbidden, "")
	if strings.Contains(w.log.String(), "goff") || strings.Contains(w.log.String(), "durand") {
		t.Error("a name stands in the log")
	}
}

// R79: whoever is found goes into the form of a message, and what was typed stays.
func TestWrite_copies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const anne = "anne.legoff@medecin.mssante.fr"
	got := w.post(proKey, "/pro/annuaire/copie", "csrf="+csrfToken+"&copie="+anne).wants(http.StatusOK, "").has("Matricule INS du patient", "Dr Anne LE GOFF", `value="`+anne+`"`)
	checkMarkup(t, "identify with a copy", got.body)
	got = w.post(proKey, "/pro/ecrire", addressedForm(w, "copie", anne)).wants(http.StatusOK, "").has("Dr Anne LE GOFF", "Zéro papier", "En copie")
	checkMarkup(t, "compose with a copy", got.body)
	asked := w.core.asked("Ask")
	got = w.post(proKey, "/pro/ecrire/annuaire", addressedForm(w, "copie", anne, "copie-nom", "martin", "texte", "Mon texte", "objet", "Mon objet")).
		wants(http.StatusOK, "").has("Dr Claire Martin", "Dr Anne LE GOFF", "Mon texte", "Mon objet", "Cochez les professionnels")
	checkMarkup(t, "searched", got.body)
	if w.core.asked("OpenThread") != 0 || w.core.asked("Ask") != asked {
		t.Errorf("a search sent or asked something: %v", w.core.calls)
	}
	w.post(proKey, "/pro/ecrire/annuaire", addressedForm(w, "copie-nom", "durand")).wants(http.StatusOK, "").has("précisez le nom ou le lieu")
	w.post(proKey, "/pro/ecrire/annuaire", addressedForm(w, "copie-nom", "x")).wants(http.StatusUnprocessableEntity, "").has("au moins deux lettres")
	w.post(proKey, "/pro/ecrire/message", addressedForm(w, "copie", anne, "texte", "Bonjour", "objet", "Bilan", "confirme", "oui")).wants(http.StatusSeeOther, "")
	sent := w.core.written[len(w.core.written)-1].CopyTo
	if len(sent) != 1 || sent[0].Wire() != anne {
		t.Errorf("copied to %d mailboxes", len(sent))
	}
	w.core.failOn["OpenThread"] = &conversations.Error{Kind: conversations.KindInvalidRequest, Rule: "R79"}
	got = w.post(proKey, "/pro/ecrire/message", addressedForm(w, "copie", anne, "texte", "Bonjour", "objet", "Bilan", "confirme", "oui")).
		wants(http.StatusUnprocessableEntity, "").has("espace de confiance")
	checkMarkup(t, "a copy outside", got.body)
	many := addressedForm(w, "texte", "Bonjour", "objet", "Bilan", "confirme", "oui")
	for i := range 11 {
		many += "&copie=durand" + string(rune('a'+i)) + "@ch.mssante.fr"
	}
	w.post(proKey, "/pro/ecrire/message", many).wants(http.StatusUnprocessableEntity, "").has("dix professionnels")
}

// R79: a further message may be copied as well.
func TestContinue_copies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	thread := "/pro/conversations/" + string(openID)
	got := w.post(proKey, thread+"/annuaire", url.Values{"csrf": {csrfToken}, "copie-nom": {"goff"}, "texte": {"La suite"}}.Encode()).
		wants(http.StatusOK, "").has("Dr Anne LE GOFF", "La suite")
	checkMarkup(t, "searched in a conversation", got.body)
	w.post(proKey, thread+"/ecrire", url.Values{"csrf": {csrfToken}, "copie": {"anne.legoff@medecin.mssante.fr"}, "texte": {"La suite"}}.Encode()).wants(http.StatusSeeOther, "")
	if sent := w.core.written[len(w.core.written)-1].CopyTo; len(sent) != 1 {
		t.Errorf("copied to %d mailboxes", len(sent))
	}
}

// R79: the API copies as the desk does, and says which member is wrong.
func TestOpenThread_copyTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := func(copyTo string) string {
		return `{"mailbox":"claire.martin@cabinet.mssante.fr","patient":{"ins":"` + ins + `"},"subject":"Bilan","text":"x","copyTo":` + copyTo + `}`
	}
	w.call(proToken, http.MethodPost, "/api/v1/conversations", body(`["anne.legoff@medecin.mssante.fr"]`)).wants(http.StatusCreated, "")
	if sent := w.core.written[len(w.core.written)-1].CopyTo; len(sent) != 1 || sent[0].Local != "anne.legoff" {
		t.Errorf("copied to %d mailboxes", len(sent))
	}
	for _, bad := range []string{`["not an address"]`, `"anne.legoff@medecin.mssante.fr"`, `[` + strings.Repeat(`"a@b.mssante.fr",`, 10) + `"a@b.mssante.fr"]`} {
		w.call(proToken, http.MethodPost, "/api/v1/conversations", body(bad)).wants(http.StatusUnprocessableEntity, string(codeInvalidRequest))
	}
	w.core.failOn["OpenThread"] = &conversations.Error{Kind: conversations.KindInvalidRequest, Rule: "R79"}
	w.call(proToken, http.MethodPost, "/api/v1/conversations", body(`["a@gmail.com"]`)).wants(http.StatusUnprocessableEntity, string(codeInvalidRequest))
}

// decode reads a JSON answer.
func decode(t *testing.T, body []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatal(err)
	}
}
