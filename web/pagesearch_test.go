package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/web/page"
)

// search looks for a patient as the form of the desk does, and goes where it leads.
func (w *world) search(typed string) reply {
	w.t.Helper()
	got := w.post(proKey, "/pro", "csrf="+csrfToken+"&patient="+url.QueryEscape(typed))
	if to := got.header.Get("Location"); to != "" {
		return w.visit(proKey, to)
	}
	return got
}

// searchURL is where a search leads.
func (w *world) searchURL(typed string) string {
	w.t.Helper()
	return w.post(proKey, "/pro", "csrf="+csrfToken+"&patient="+url.QueryEscape(typed)).wants(http.StatusSeeOther, "").header.Get("Location")
}

// TestSearch_findsByNameOrMatricule: the rows are those of the ledger; what was typed stands in the field again, and in
// no URL.
func TestSearch_findsByNameOrMatricule(t *testing.T) {
	t.Parallel()
	w := waitingWorld(t)
	row := "Attend votre réponse depuis 14\u00a0jours"
	w.visit(proKey, "/pro").has(`<label for="patient">Retrouver un patient`, `action="/pro?bal=`).lacks("Effacer la recherche")
	for _, typed := range []string{"dup", " JEANNE ", "Du Pont", ins, ins[:1] + " " + ins[1:5] + " " + ins[5:], ins + "@patient.mssante.fr"} {
		got := w.search(typed).wants(http.StatusOK, "").has("Un échange trouvé.", row, `href="/pro/echanges/a1xpair?recherche=`, `href="/pro/echanges/a1xpair/fin"`,
			`value="`+strings.TrimSpace(typed)+`"`, "Effacer la recherche").lacks("Choix de la liste", "Tout cocher", `name="echange[]"`, "échanges cochés")
		checkMarkup(t, "found", got.body)
		if cache := got.header.Get("Cache-Control"); !strings.Contains(cache, "no-store") || strings.Contains(string(got.body), "?patient=") {
			t.Errorf("%q: %s, or it stands in a URL", typed, cache)
		}
	}
	got := w.search("durand").wants(http.StatusOK, "").has("Aucun patient de cette boîte ne correspond.", "moins de lettres", `href="/pro/ecrire?bal=`, `value="durand"`).lacks("Jeanne Dupont", row)
	checkMarkup(t, "nobody", got.body)
	w.search("180017511602225").wants(http.StatusOK, "").has("Cette boîte n’a pas d’échange avec ce matricule INS.").lacks("moins de lettres", "Jeanne Dupont")
	w.core.searchCut = true
	w.search("durand").has("Seuls les 2\u202f000 échanges aux messages les plus récents", "momentanément indisponibles")
}

// TestSearch_badQuestion_saysWhatToDo: a matricule is checked as where one writes (R13, R16), and nothing is looked for.
func TestSearch_badQuestion_saysWhatToDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for typed, words := range map[string]string{
		"": "au moins deux lettres", "d": "au moins deux lettres", "--": "au moins deux lettres", "<b>": "au moins deux lettres", "27903": "15 caractères", "279035121518901": "clé ne correspond pas",
		strings.Repeat("a", 201): "au moins deux lettres",
		"12/03/1979":             "pas par la date de naissance", "Dupont 1979-03-12": "pas par la date de naissance", "27903@patient.mssante.fr": "15 caractères",
	} {
		got := w.search(typed).wants(http.StatusUnprocessableEntity, "").has(words, `aria-invalid="true" aria-describedby="patient-faute"`, "Choix de la liste", `href="/pro/echanges/a1xpair"`).lacks("trouvé", "Aucun patient")
		checkMarkup(t, "fault", got.body)
	}
	for _, call := range w.core.calls {
		if call == "FindExchanges" {
			t.Error("a bad question was looked for")
		}
	}
	w.core.failOn["FindExchanges"] = kind(conversations.KindUnavailable)
	w.search("dup").wants(http.StatusServiceUnavailable, "").lacks("Aucun patient")
	w.post(proKey, "/pro", "patient=dup").wants(http.StatusForbidden, "")
}

// TestSearch_hasAURL_thatNamesNobody: one comes back to the answer of a search; its URL tells nothing, not even how long
// a name is, serves no other session, and shows the list when it cannot be read.
func TestSearch_hasAURL_thatNamesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	to := w.searchURL(" Dupont ")
	u, err := url.Parse(to)
	if err != nil || u.Path != "/pro" || u.Query().Get("bal") == "" || u.Query().Get("recherche") == "" || len(u.Query()) != 2 {
		t.Fatalf("to %s, %v", to, err)
	}
	sealed := u.Query().Get("recherche")
	if again := w.searchURL("Dupont"); again == to || len(again) != len(w.searchURL("Li")) {
		t.Errorf("%s tells what was looked for", again)
	}
	got := w.visit(proKey, to).wants(http.StatusOK, "").has("Un échange trouvé.", `value="Dupont"`, `href="/pro/echanges/a1xpair?recherche=`+sealed+`"`)
	if cache := got.header.Get("Cache-Control"); !strings.Contains(cache, "no-store") {
		t.Errorf("may be kept: %s", cache)
	}
	got = w.visit(proKey, "/pro/echanges/a1xpair?recherche="+sealed).wants(http.StatusOK, "").has(`&amp;recherche=` + sealed + `">Résultats de la recherche</a>`)
	checkMarkup(t, "exchange", got.body)
	w.visit(proKey, "/pro/echanges/a1xpair?recherche=x").has(">Échanges</a>").lacks("Résultats de la recherche", "recherche=")
	swapped := sealed[:len(sealed)-2] + "AA"
	if strings.HasSuffix(sealed, "AA") {
		swapped = sealed[:len(sealed)-2] + "BA"
	}
	for _, bad := range []string{swapped, sealed[:20], "x", "%00", "AAAA", strings.Repeat("A", 3000)} {
		w.visit(proKey, "/pro?recherche="+bad).wants(http.StatusOK, "").has("Choix de la liste").lacks("trouvé", "Dupont\"")
	}
	if text, ok := w.app.openSought(visit{cookie: "another", query: u.Query().Get}); ok {
		t.Errorf("another session reads %q", text)
	}
	for _, text := range []string{"Li", strings.Repeat("é", 200), strings.Repeat("a", soughtRoom), "a\u202fb"} {
		v := visit{cookie: proKey}
		sealed, err := w.app.sealSought(v, text)
		v.query = func(string) string { return sealed }
		if got, ok := w.app.openSought(v); err != nil || !ok || got != text {
			t.Errorf("%q comes back as %q, %v, %v", text, got, ok, err)
		}
	}
}

// I193: neither the log nor a metric holds who was looked for.
func TestSearch_namesNobodyInTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.search("Quiproquo")
	w.search(ins)
	w.core.failOn["FindExchanges"] = kind(conversations.KindUnavailable)
	w.search("Quiproquo")
	families, err := w.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	told := w.log.String()
	for _, f := range families {
		told += f.String()
	}
	if !strings.Contains(told, `"/pro"`) {
		t.Error("the searches are not logged")
	}
	for _, secret := range []string{"uiproquo", "UIPROQUO", ins, "a1xpair", "Dupont", "recherche="} {
		if strings.Contains(told, secret) {
			t.Errorf("log or metrics hold %q", secret)
		}
	}
}

// TestDesk_listsByCare_ofSharedMailboxesOnly: I119: whoever shares a mailbox with nobody is not offered them; they have
// no counts.
func TestDesk_listsByCare_ofSharedMailboxesOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(proKey, "/pro").lacks("Suivis par moi", "Sans personne")
	w.core.shared = true
	got := w.visit(proKey, "/pro?etat=nobody").wants(http.StatusOK, "").has(`etat=mine">Suivis par moi</a>`, `etat=nobody" aria-current="true">Sans personne <span class="sr">`, "Personne ne suit ces conversations.",
		`href="/pro/echanges/a1xpair?etat=nobody"`, "Qui attend depuis le plus longtemps")
	checkMarkup(t, "nobody", got.body)
	w.visit(proKey, "/pro?etat=mine").wants(http.StatusOK, "").has("Qui attend depuis le plus longtemps")
	asked := w.core.sought[len(w.core.sought)-2:]
	if asked[0].Care != conversations.NoCare || !asked[0].Oldest || asked[1].Care != conversations.MyCare || asked[1].By.ID == "" {
		t.Errorf("%+v", asked)
	}
	w.core.pairs, w.core.next = nil, "abc"
	w.visit(proKey, "/pro?etat=mine").has("Rien encore dans cette liste, parmi 2\u202f000", "suite=abc").lacks("Qui attend depuis")
	if list, ok := page.ListNamed("mine"); !ok || list.List != 0 {
		t.Errorf("%+v, %v", list, ok)
	}
}
