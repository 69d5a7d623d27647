package web

import (
	"net/http"
	"strings"
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
	w.visit(proKey, episodeURL).wants(http.StatusOK, "").has("Votre opération", "Une clôture n’y change rien.", "Annuler la clôture").lacks("checked")
	form := "csrf=" + csrfToken + "&operation=op1&bal=x&quand=date&delai=14&suite=le+01&texte=Bon+retour."
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
	w.post(proKey, episodeURL+"/cloture", "csrf="+csrfToken+"&operation=op3&quand=date&delai=beaucoup&texte=Gard%C3%A9").wants(http.StatusUnprocessableEntity, "").
		has("Rien n’a été enregistré.", faultDays+"</a>", faultDays+"</span>", "Gardé", `value="date" checked`)
	w.post(proKey, episodeURL+"/cloture", "operation=op4&quand=maintenant").wants(http.StatusForbidden, "")
	w.visit(proKey, "/clinique/venues/ffffffffffffffffffffffffffffffff").wants(http.StatusNotFound, "")
	w.visit(twoBoxes, episodeURL).wants(http.StatusOK, "") // by the second mailbox
	w.visit(patientKey, episodeURL).wants(http.StatusForbidden, "")
	if len(w.core.events) != 3 {
		t.Errorf("%d events", len(w.core.events))
	}
}

// D24: nobody closes at once without having chosen it, and whoever does while the patient waits is told so.
func TestEpisode_close_isChosen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields  string
		awaited bool
		goes    string        // notice; empty: the form is shown again
		grace   time.Duration // of the close
	}{
		"nothing chosen":             {"", true, "", 0},
		"a delay without the choice": {"&delai=7", false, "", 0},
		"an unknown choice":          {"&quand=hier&delai=7", false, "", 0},
		"a date of today":            {"&quand=date&delai=0", false, "", 0},
		"no date":                    {"&quand=date", true, "", 0},
		"a date over a year away":    {"&quand=date&delai=366", true, "", 0},
		"a contact too long":         {"&quand=maintenant&suite=" + strings.Repeat("x", maxContact+1), false, "", 0},
		"a date":                     {"&quand=date&delai=7", true, "cloture", 7 * 24 * time.Hour},
		"at once":                    {"&quand=maintenant&delai=7", false, "cloture", 0},
		"at once, the patient waits": {"&quand=maintenant", true, "cloture-attendue", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.core.episode.Threads[0].Asked = c.awaited
			got := w.post(proKey, episodeURL+"/cloture", "csrf="+csrfToken+"&operation=x"+c.fields)
			if c.goes == "" {
				checkMarkup(t, name, got.wants(http.StatusUnprocessableEntity, "").has("Rien n’a été enregistré.").body)
				if len(w.core.events) > 0 {
					t.Errorf("closed by %+v", w.core.events)
				}
				return
			}
			if to := got.wants(http.StatusSeeOther, "").header.Get("Location"); to != episodeURL+"?fait="+c.goes || w.core.events[0].Grace != c.grace {
				t.Errorf("goes to %s, closed by %+v", to, w.core.events[0])
			}
		})
	}
}

// D24: a close is offered for a date; of a visit that is closed for good, nothing says what a close would do.
func TestEpisode_offersADate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.episode.Threads[0].Asked, w.core.episode.Threads[0].Waiting = false, false
	w.core.episode.State, w.core.episode.ClosesAt = rules.EpisodeOpen, time.Time{}
	got := w.visit(proKey, episodeURL).wants(http.StatusOK, "").has(`value="date" checked`, `max="365" value="7"`, "Clore la prise en charge").lacks("Le patient attend")
	checkMarkup(t, "episode", got.body)
	w.core.episode.State, w.core.episode.ClosesAt = rules.EpisodeClosed, now.Add(-time.Hour)
	for i := range w.core.episode.Threads {
		w.core.episode.Threads[i].Ends = false
	}
	w.visit(proKey, episodeURL+"?fait=cloture-attendue").wants(http.StatusOK, "").has("Un patient attendait votre réponse").lacks("n’y change rien", "Quand clore")
}

// D24: the page says what a close does to an unanswered question, leads to it, and names the patient to who reads.
func TestEpisode_unanswered_saysWhatACloseDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const fate = "Une clôture immédiate la termine quand même"
	w.visit(proKey, episodeURL).wants(http.StatusOK, "").has(fate, "avec un délai, elle reste à traiter.", "répondez d’abord, ou prévenez-le par un autre moyen",
		`href="/pro/conversations/a1open"`, `href="/pro/conversations/a1open#ecrire"`, "Jeanne Dupont</bdi></h1>").lacks("a1next#ecrire")
	w.visit(proKey, "/clinique").has(`href="`+episodeURL+`"><bdi>Jeanne Dupont</bdi></a>`, "<br>Venue <bdi>2026/05 0815</bdi>", "<bdi>Jeanne Dupont</bdi> – <bdi>")
	for i := range w.core.episode.Threads {
		th := &w.core.episode.Threads[i]
		th.With, th.Subject, th.Asked, th.Waiting = nil, "", i == 0, false
	}
	w.visit(proKey, episodeURL).wants(http.StatusOK, "").has(fate, "répondez d’abord").lacks("/pro/conversations/", "Jeanne Dupont", "Votre opération")
}

// D24: what an announced close will say is shown and stands in the form; a field that nobody could see stays.
func TestEpisode_announced_keepsWhatWasPlanned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.episode.ClosesAt = now.Add(6*24*time.Hour + time.Hour)
	w.core.episode.Plan = conversations.ClosingPlan{LastMessage: "Bon retour.", Contact: "le 01"}
	body := string(w.visit(proKey, episodeURL).wants(http.StatusOK, "").has("Changer la date, ou clore tout de suite", "<bdi>le 01</bdi>",
		`<dd class="text">Bon retour.</dd>`, `max="365" value="7"`, `maxlength="300" value="le 01"`, ">Bon retour.</textarea>").body)
	if strings.Contains(body, "Une autre boîte") {
		t.Error("says that there are words that she may not read")
	}
	w.post(proKey, episodeURL+"/cloture", "csrf="+csrfToken+"&operation=op1&quand=date&delai=7")
	w.core.episode.Plan = conversations.ClosingPlan{Hidden: true}
	w.visit(proKey, episodeURL).has("Une autre boîte de l’établissement a prévu", `maxlength="300" value=""`)
	w.post(proKey, episodeURL+"/cloture", "csrf="+csrfToken+"&operation=op2&quand=date&delai=7")
	if e := w.core.events; e[0].Keep || !e[1].Keep {
		t.Errorf("kept: %v, %v", e[0].Keep, e[1].Keep)
	}
}

// D24: whoever cancels hears that the patient knows the old date, with the conversations in which to write.
func TestEpisode_cancelled_afterItWasTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cancel := func(op string) string {
		return w.post(proKey, episodeURL+"/annulation", "csrf="+csrfToken+"&operation="+op).wants(http.StatusSeeOther, "").header.Get("Location")
	}
	if at := cancel("a"); at != episodeURL+"?fait=annulation" {
		t.Errorf("untold: %s", at)
	}
	w.core.episode.Threads[1].Told = true
	at := cancel("b")
	w.core.episode.State, w.core.episode.ClosesAt = rules.EpisodeOpen, time.Time{}
	notice := between(t, string(w.visit(proKey, at).wants(http.StatusOK, "").body), `role="status">`, "</p>")
	const told = "Clôture annulée. La date avait été annoncée au patient\u00a0: prévenez-le"
	if !strings.HasPrefix(notice, told+` dans <a href="/pro/conversations/a1open"><bdi>Votre opération</bdi></a>, <a href="/pro/conversations/a1next">`) || !strings.HasSuffix(notice, "</a>.") {
		t.Errorf("told: %s", notice)
	}
	if again := string(w.visit(proKey, episodeURL).body); strings.Contains(again, "annoncée au patient\u00a0: prévenez") {
		t.Error("said without a cancellation")
	}
	for i := range w.core.episode.Threads {
		w.core.episode.Threads[i].With = nil
	}
	w.visit(proKey, at).has(told + ".</p>") // nobody whom she may write to
}

// D24: each list of the board holds what its name says; a visit that waits is not called closed.
func TestBoard_lists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.visit(proKey, "/clinique?etat=closing").wants(http.StatusOK, "").has("Clôture annoncée pour")
	if len(w.core.filters) != 0 {
		t.Errorf("announced ends by %+v, not by their instant", w.core.filters)
	}
	w.visit(proKey, "/clinique?etat=closed")
	if f := w.core.filters[0]; f.State != rules.EpisodeClosed || !f.Ended {
		t.Errorf("closed: %+v", f)
	}
	w.core.episode.ClosesAt = now.Add(-time.Hour)
	w.visit(proKey, "/clinique?etat=waiting").wants(http.StatusOK, "").has("Aurait dû être close le").lacks("Close le ")
	w.visit(proKey, episodeURL).wants(http.StatusOK, "").has("Aurait dû être close", ">Ne plus clore</button>", "Clore la prise en charge").lacks("Annuler la clôture")
	w.call(clinicToken, http.MethodGet, "/api/v1/facilities/"+ownFINESS+"/episodes?state=closed", "").wants(http.StatusOK, "")
	if f := w.core.filters[2]; f.Ended {
		t.Errorf("the contract's list became %+v", f)
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
