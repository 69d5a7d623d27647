package web

import (
	"net/http"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

const episodeURL = "/clinique/venues/" + string(visitKey)

// The board lists by state; its URLs hold no visit number.
func TestBoard_listsByState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(proKey, "/clinique").wants(http.StatusOK, "").has("Prises en charge de l’établissement", "2026/05 0815", "À traiter avant clôture", episodeURL)
	if f := w.core.filters[0]; f.State != rules.EpisodeOpen {
		t.Errorf("filter %+v", f)
	}
	w.visit(proKey, "/clinique?etat=waiting").wants(http.StatusOK, "")
	if f := w.core.filters[1]; !f.Waiting {
		t.Errorf("filter %+v", f)
	}
	w.visit(twoBoxes, "/clinique").wants(http.StatusOK, "").lacks("Prises en charge de l’établissement") // the mailbox shown is no establishment's
}

// D24: preview, close and cancel, without a script; a form sent twice is one event.
func TestBoard_closesAndCancels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(proKey, episodeURL).wants(http.StatusOK, "").has("Votre opération", "À traiter avant clôture : le patient attend une réponse.", "Une clôture n’y change rien.",
		"Clore la prise en charge", "Annuler la clôture")
	form := "csrf=" + csrfToken + "&operation=op1&bal=x&delai=14&suite=le+01&texte=Bon+retour."
	for range 2 {
		got := w.post(proKey, episodeURL+"/cloture", form).wants(http.StatusSeeOther, "")
		if got.header.Get("Location") != episodeURL+"?fait=cloture" {
			t.Errorf("goes to %s", got.header.Get("Location"))
		}
	}
	in := w.core.events[0]
	if in.EventID != w.core.events[1].EventID || in.To != rules.EpisodeClosed || in.Grace != 14*24*time.Hour || in.LastMessage != "Bon retour." ||
		in.Contact != "le 01" || in.Source != rules.ByHand || in.Visit != w.core.episode.Visit {
		t.Errorf("event %+v", in)
	}
	w.post(proKey, episodeURL+"/annulation", "csrf="+csrfToken+"&operation=op2").wants(http.StatusSeeOther, "")
	if in = w.core.events[2]; in.To != rules.EpisodeOpen {
		t.Errorf("event %+v", in)
	}
	w.post(proKey, episodeURL+"/cloture", "csrf="+csrfToken+"&operation=op3&delai=beaucoup&texte=Gard%C3%A9").wants(http.StatusUnprocessableEntity, "").
		has("Indiquez un nombre de jours", "Gardé")
	w.post(proKey, episodeURL+"/cloture", "operation=op4&delai=0").wants(http.StatusForbidden, "")
	w.visit(proKey, "/clinique/venues/ffffffffffffffffffffffffffffffff").wants(http.StatusNotFound, "")
	w.visit(twoBoxes, episodeURL).wants(http.StatusOK, "") // by the second mailbox
	w.visit(patientKey, episodeURL).wants(http.StatusForbidden, "")
	if len(w.core.events) != 3 {
		t.Errorf("%d events", len(w.core.events))
	}
}

// D8: staff sees where the patient waits, and until when he may answer.
func TestDesk_awaitedAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.pairs[0].Awaiting = true
	w.visit(proKey, "/pro").wants(http.StatusOK, "").has("réponse attendue")
	w.core.pairs[0] = conversations.ExchangeLine{ID: exchangeID, State: rules.ThreadOpen, Until: time.Date(2026, 5, 12, 16, 0, 0, 0, time.UTC)}
	w.visit(proKey, "/pro").wants(http.StatusOK, "").has("18 h")
}
