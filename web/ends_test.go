package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

const secondPair = conversations.ID("b2ypair")

// severalPairs gives the desk a second exchange, in which a patient waits, and one that is ended.
func severalPairs(w *world) {
	second, ended := w.core.pairs[0], w.core.pairs[0]
	second.ID, second.Patient.Name, second.Waiting = secondPair, "Louis Petit", true
	ended.ID, ended.Patient.Name, ended.State = "c3zpair", "Zoé Martin", rules.ThreadEnded
	w.core.pairs = append(w.core.pairs, second, ended)
}

func chosen(ids ...conversations.ID) string {
	form := "csrf=" + csrfToken
	for _, id := range ids {
		form += "&echange%5B%5D=" + string(id)
	}
	return form
}

// TestEnds_preview_planNothing: D6, D7: the preview names what each end silences, who waits, and what does not change.
func TestEnds_preview_planNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	severalPairs(w)
	got := w.post(proKey, endsPath, chosen(exchangeID, secondPair, exchangeID, "c3zpair")).wants(http.StatusOK, "")
	got.has("Mettre fin à ces 2 échanges", "Jeanne Dupont", "Louis Petit", "Résultats de votre prise de sang", "Un patient attend", "Ne changeront pas", "Zoé Martin")
	if n := strings.Count(string(got.body), `name="echange[]" value="`+string(exchangeID)); n != 1 {
		t.Errorf("an exchange chosen twice is there %d times", n)
	}
	if len(w.core.plans) != 0 {
		t.Errorf("a preview planned %v", w.core.plans)
	}
	w.post(proKey, endsPath, chosen()).wants(http.StatusOK, "").has("Aucun échange à terminer")
	w.post(proKey, endsPath, chosen(exchangeID, "d4other")).wants(http.StatusNotFound, "")
	w.post(proKey, endsPath, "echange%5B%5D="+string(exchangeID)).wants(http.StatusForbidden, "")
}

// TestEnds_confirmed_canBeTakenBack: D7: ten minutes, one instant for all, shown with a way back until then.
func TestEnds_confirmed_canBeTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	severalPairs(w)
	got := w.post(proKey, endsPath+"/confirmation", chosen(exchangeID, secondPair, "c3zpair")+"&motif=+Fin+du+suivi+").wants(http.StatusSeeOther, "")
	want := fmt.Sprint([]planned{{exchangeID, now.Add(10 * time.Minute), "Fin du suivi"}, {secondPair, now.Add(10 * time.Minute), "Fin du suivi"}})
	if fmt.Sprint(w.core.plans) != want {
		t.Errorf("planned %v, want %s", w.core.plans, want)
	}
	w.visit(proKey, got.header.Get("Location")).has("Ces fins sont prévues dans dix minutes", "2 fins prévues", "Annuler toutes ces fins", "Fin du suivi", "11:40")
	got = w.post(proKey, "/pro/echanges/"+string(exchangeID)+"/fin/annulation", chosen()).wants(http.StatusSeeOther, "")
	w.visit(proKey, got.header.Get("Location")).has("La fin prévue est annulée", "Une fin prévue")
	got = w.post(proKey, endsPath+"/annulation", chosen(exchangeID, secondPair)).wants(http.StatusSeeOther, "")
	w.visit(proKey, got.header.Get("Location")).has("Fins annulées\u00a0: les échanges continuent.").lacks("fins prévues", "Une fin prévue")
	got = w.post(proKey, endsPath+"/confirmation", chosen(exchangeID)).wants(http.StatusSeeOther, "")
	w.visit(proKey, got.header.Get("Location")).has("La fin est prévue dans dix minutes")
	w.core.pairs[0].State = rules.ThreadEnded
	got = w.post(proKey, "/pro/echanges/"+string(exchangeID)+"/fin/annulation", chosen()).wants(http.StatusSeeOther, "")
	w.visit(proKey, got.header.Get("Location")).has("L’échange avait déjà pris fin")
}

// TestEnds_leadBackToTheList: whoever ends from a list comes back to it, and is told with whom it ended.
func TestEnds_leadBackToTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	severalPairs(w)
	got := w.visit(proKey, "/pro?etat=open").has("/pro/echanges/a1xpair/fin?etat=open", `action="/pro/fins?etat=open"`)
	list := strings.Index(string(got.body), `class="contacts`)
	if button := strings.Index(string(got.body), "Mettre fin aux échanges cochés"); button < list {
		t.Error("the end of several stands before the list")
	}
	got = w.visit(proKey, "/pro/echanges/a1xpair/fin?etat=open").has(`etat=open">Échanges</a>`, `action="/pro/fins/confirmation?etat=open"`, `href="/pro/echanges/a1xpair?etat=open">Renoncer`)
	checkMarkup(t, "end", got.body)
	got = w.post(proKey, endsPath+"?etat=open", chosen(exchangeID, secondPair)).has(`action="/pro/fins/confirmation?etat=open"`, `etat=open">Renoncer`)
	checkMarkup(t, "ends", got.body)
	for path, form := range map[string]string{
		endsPath + "/confirmation": chosen(exchangeID), endsPath + "/annulation": chosen(exchangeID),
		"/pro/echanges/a1xpair/fin/annulation": chosen(), "/pro/echanges/a1xpair/fin": chosen(),
	} {
		to := w.post(proKey, path+"?etat=open", form).wants(http.StatusSeeOther, "").header.Get("Location")
		if !strings.Contains(to, "etat=open&fait=") || strings.Contains(to, "martin") {
			t.Errorf("%s leads to %s", path, to)
		}
	}
	w.core.pairs[0].State = rules.ThreadEnded
	got = w.visit(proKey, "/pro?etat=open&fait=fin&echange=a1xpair").has(`Les échanges avec <a href="/pro/echanges/a1xpair?etat=open"><bdi>Jeanne Dupont</bdi></a> ont pris fin.`)
	checkMarkup(t, "ended", got.body)
	for _, other := range []string{"b2ypair", "a1none", "%22%3E", ""} { // one that goes on, and none
		w.visit(proKey, "/pro?fait=fin&echange="+other).wants(http.StatusOK, "").has("Les échanges ont pris fin.")
	}
}

// TestDesk_followed_beginsWithWhoWaits: among the exchanges that one follows, whoever waits longest comes first.
func TestDesk_followed_beginsWithWhoWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	severalPairs(w)
	w.core.shared = true
	w.core.pairs[2].Waiting, w.core.pairs[2].LastAt = true, w.core.pairs[1].LastAt.Add(-time.Hour)
	body := string(w.visit(proKey, "/pro?etat=mine").wants(http.StatusOK, "").has("Qui attend depuis le plus longtemps").body)
	at := 0
	for _, name := range []string{"<bdi>Zoé Martin", "<bdi>Louis Petit", "<bdi>Jeanne Dupont"} {
		next := strings.Index(body, name)
		if next < at {
			t.Errorf("%s comes too early", name)
		}
		at = next
	}
}

func TestEnds_reasonTooLong_isToldAndNothingPlanned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.post(proKey, endsPath+"/confirmation", chosen(exchangeID)+"&motif="+strings.Repeat("a", 501)).wants(http.StatusUnprocessableEntity, "")
	got.has("500 caractères au plus", "Jeanne Dupont")
	if len(w.core.plans) != 0 {
		t.Errorf("planned %v", w.core.plans)
	}
}

// TestDesk_lists: D4, D22: each list has its count, and asks the core for itself.
func TestDesk_listsAndCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	severalPairs(w)
	w.visit(proKey, "/pro").has("Tous <span class=\"count\">(3)</span>", "Ouverts <span class=\"count\">(2)</span>", "En attente de votre réponse <span class=\"count\">(1)</span>",
		"Terminés <span class=\"count\">(1)</span>", "Liste à jour le", "Attend votre réponse")
	for name, list := range map[string]rules.Lists{
		"open": rules.ListOpen, "waiting": rules.ListWaiting, "unread": rules.ListUnread, "undelivered": rules.ListUndelivered,
		"ended": rules.ListEnded, "unreachable": rules.ListUnreachable, "": 0, "none": 0,
	} {
		w.core.sought = nil
		w.visit(proKey, "/pro?etat="+name).wants(http.StatusOK, "")
		if len(w.core.sought) == 0 || w.core.sought[0].List != list {
			t.Errorf("%q asks for %+v", name, w.core.sought)
		}
	}
	all := string(w.visit(proKey, "/pro?choix=tout").body)
	if n := strings.Count(all, " checked"); n != 2 {
		t.Errorf("%d exchanges are ticked", n)
	}
}

// TestAPI_planEnds: D7, by the API.
func TestAPI_planEnds(t *testing.T) {
	t.Parallel()
	later := now.Add(time.Hour).Format(time.RFC3339)
	for _, tc := range []struct {
		name, body string
		at         time.Time
		field      string
	}{
		{"ten minutes", `{"ids":["a1xpair"]}`, now.Add(10 * time.Minute), ""},
		{"an instant", `{"ids":["a1xpair","a1xpair"],"at":"` + later + `","reason":"fini"}`, now.Add(time.Hour), ""},
		{"a delay", `{"ids":["a1xpair"],"delay":0}`, now, ""},
		{"both", `{"ids":["a1xpair"],"delay":0,"at":"` + later + `"}`, time.Time{}, "delay"},
		{"too far", `{"ids":["a1xpair"],"delay":86401}`, time.Time{}, "delay"},
		{"a date too far", `{"ids":["a1xpair"],"at":"2027-01-01T00:00:00Z"}`, time.Time{}, "at"},
		{"no date", `{"ids":["a1xpair"],"at":"demain"}`, time.Time{}, "at"},
		{"nobody", `{"ids":[]}`, time.Time{}, "ids"},
		{"a long reason", `{"ids":["a1xpair"],"reason":"` + strings.Repeat("a", 501) + `"}`, time.Time{}, "reason"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got := w.call(proToken, http.MethodPost, "/api/v1/exchanges/end", tc.body)
			if tc.field != "" {
				if got.wants(http.StatusUnprocessableEntity, "invalid-request").json()["field"] != tc.field || len(w.core.plans) != 0 {
					t.Errorf("%s, planned %v", got.body, w.core.plans)
				}
				return
			}
			got.wants(http.StatusOK, "").has(`"endsAt":"` + *stamp(tc.at))
			if len(w.core.plans) != 1 || !w.core.plans[0].at.Equal(tc.at) {
				t.Errorf("planned %v", w.core.plans)
			}
		})
	}
}

// TestAPI_planEnds_oneUnknown_doesNothing: all are the caller's, or none is ended.
func TestAPI_planEnds_oneUnknown_doesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(proToken, http.MethodPost, "/api/v1/exchanges/end", `{"ids":["a1xpair","a1nobody"]}`).wants(http.StatusNotFound, "not-found")
	if len(w.core.plans) != 0 {
		t.Errorf("planned %v", w.core.plans)
	}
	w.call(proToken, http.MethodDelete, "/api/v1/exchanges/a1xpair/end", "").wants(http.StatusOK, "").has(`"endsAt":null`)
	w.call(proToken, http.MethodDelete, "/api/v1/exchanges/a1nobody/end", "").wants(http.StatusNotFound, "not-found")
}

func TestAPI_lists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/api/v1/exchanges", "/api/v1/conversations"} {
		w.call(proToken, http.MethodGet, path+"?list=waiting", "").wants(http.StatusOK, "")
		w.call(proToken, http.MethodGet, path+"?list=nonsense", "").wants(http.StatusUnprocessableEntity, "invalid-request")
	}
	if w.core.sought[0].List != rules.ListWaiting {
		t.Errorf("asked for %+v", w.core.sought[0])
	}
}

// TestDesk_attachment: D34: the page offers the document, and gives it whole.
func TestDesk_attachment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/pro/conversations/" + string(openID) + "/pieces/" + string(pieceID)
	w.visit(proKey, "/pro/conversations/"+string(openID)).has(`href="` + path + `"`)
	got := w.visit(proKey, path).wants(http.StatusOK, "")
	if string(got.body) != string(w.core.files[pieceID]) || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%s %q", got.header, got.body)
	}
	w.visit(proKey, "/pro/conversations/"+string(openID)+"/pieces/a1open.9.9").wants(http.StatusNotFound, "")
	api := "/api/v1/conversations/" + string(openID) + "/attachments/" + string(pieceID)
	if got := w.call(proToken, http.MethodGet, api, "").wants(http.StatusOK, ""); string(got.body) != string(w.core.files[pieceID]) {
		t.Errorf("%q", got.body)
	}
	w.call(proToken, http.MethodGet, "/api/v1/conversations/"+string(openID)+"/attachments/%2e", "").wants(http.StatusNotFound, "not-found")
}
