package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

const episodePath = "/api/v1/facilities/" + ownFINESS + "/episodes/2026%2F05%200815"

// D24, I248: an event as the contract has it, its defaults, and what is refused by name.
func TestEpisode_event(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.call(clinicToken, http.MethodPut, episodePath, `{"state":"closed","eventId":"e1","graceDays":14,"at":"2026-05-12T10:00:00+02:00",
		"source":"adt","lastMessage":" Bon retour. ","contact":"le 01 02 03 04 05"}`).wants(http.StatusOK, "").json()
	in := w.core.events[0]
	if in.Visit != (conversations.Visit{FINESS: ownFINESS, Number: "2026/05 0815"}) || in.To != rules.EpisodeClosed || in.Source != rules.ByADT ||
		in.Grace != 14*24*time.Hour || !in.At.Equal(time.Date(2026, 5, 12, 8, 0, 0, 0, time.UTC)) || in.LastMessage != "Bon retour." {
		t.Errorf("event %+v", in)
	}
	list := got["conversations"].([]any)
	if first := list[0].(map[string]any); len(list) != 3 || first["id"] != "a1open" || first["waiting"] != true || got["visit"] != "2026/05 0815" {
		t.Errorf("answer %v", got)
	}
	w.call(clinicToken, http.MethodPut, episodePath, `{"state":"open","eventId":"e2","patient":{"ins":"`+ins+`"}}`).wants(http.StatusOK, "")
	if in = w.core.events[1]; in.INS != ins || in.Source != rules.ByHand || in.Grace != 0 || !in.At.IsZero() {
		t.Errorf("defaults %+v", in)
	}
	for field, body := range map[string]string{
		"state":        `{"state":"ended","eventId":"e"}`,
		"eventId":      `{"state":"open"}`,
		"source":       `{"state":"closed","eventId":"e","source":"rumour"}`,
		"graceDays":    `{"state":"closed","eventId":"e","graceDays":-1}`,
		"at":           `{"state":"closed","eventId":"e","at":"yesterday"}`,
		"patient.name": `{"state":"open","eventId":"e","patient":{"name":"x"}}`,
		"visit":        `{"state":"open","eventId":"e","visit":"x"}`,
		"contact":      `{"state":"closed","eventId":"e","contact":"a\nb"}`,
		"lastMessage":  `{"state":"closed","eventId":"e","lastMessage":"` + strings.Repeat("x", maxLastMessage+1) + `"}`,
	} {
		w.call(clinicToken, http.MethodPut, episodePath, body).wants(http.StatusUnprocessableEntity, "invalid-request").has(`"field":"` + field + `"`)
	}
	w.call(clinicToken, http.MethodPut, episodePath, `{"state":"open","eventId":"e","patient":{"ins":"279035121518988"}}`).wants(http.StatusUnprocessableEntity, "ins-invalid")
	if len(w.core.events) != 2 {
		t.Errorf("%d events", len(w.core.events))
	}
	w.core.failOn["ChangeEpisode"] = kind(conversations.KindEpisodeUnknown)
	w.call(clinicToken, http.MethodPut, episodePath, `{"state":"open","eventId":"e"}`).wants(http.StatusUnprocessableEntity, "invalid-request").has(`"field":"patient"`)
	w.call(clinicToken, http.MethodPut, episodePath, `{"state":"closed","eventId":"e"}`).wants(http.StatusNotFound, "episode-unknown")
}

// I247, I248: a clinic's token is bound to its FINESS; others have no such call.
func TestEpisode_isOfTheOwnEstablishment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := strings.Replace(episodePath, ownFINESS, "990000028", 1)
	for _, path := range []string{other, other + "/preview", "/api/v1/facilities/990000028/episodes"} {
		w.call(clinicToken, http.MethodGet, path, "").wants(http.StatusNotFound, "not-found")
		w.call(proToken, http.MethodGet, path, "").wants(http.StatusForbidden, "insufficient-scope")
	}
	w.call(clinicToken, http.MethodPut, other, `{"state":"closed","eventId":"e"}`).wants(http.StatusNotFound, "not-found")
	w.call(clinicToken, http.MethodGet, "/api/v1/facilities/"+ownFINESS+"/episodes/never", "").wants(http.StatusNotFound, "episode-unknown")
	w.call(clinicToken, http.MethodGet, "/api/v1/facilities/"+ownFINESS+"/episodes/%0A", "").wants(http.StatusNotFound, "not-found")
	if w.core.asked("ChangeEpisode") > 0 {
		t.Error("something changed")
	}
	if log := w.log.String(); strings.Contains(log, "05 0815") || strings.Contains(log, "%200815") { // four digits alone may be of an instant
		t.Error("the visit number is in the log")
	}
}

func TestEpisode_lists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(clinicToken, http.MethodGet, episodePath, "").wants(http.StatusOK, "").has(`"closesAt":"2026-05-19T09:30:00.000Z"`)
	if got := w.call(clinicToken, http.MethodGet, episodePath+"/preview", "").wants(http.StatusOK, "").json(); len(got["conversations"].([]any)) != 2 {
		t.Errorf("preview %v", got)
	}
	for state, want := range map[string]conversations.EpisodeFilter{
		"": {}, "?state=open": {State: rules.EpisodeOpen}, "?state=closed": {State: rules.EpisodeClosed},
		"?state=closing": {State: rules.EpisodeClosed, Closing: true}, "?state=waiting&limit=3": {State: rules.EpisodeClosed, Waiting: true},
	} {
		w.core.filters = nil
		w.call(clinicToken, http.MethodGet, "/api/v1/facilities/"+ownFINESS+"/episodes"+state, "").wants(http.StatusOK, "").has(`"asOf"`)
		got := w.core.filters[0]
		if got.Limit = 0; got != want {
			t.Errorf("%s: %+v", state, got)
		}
	}
	w.call(clinicToken, http.MethodGet, "/api/v1/facilities/"+ownFINESS+"/episodes?state=ended", "").wants(http.StatusUnprocessableEntity, "invalid-request")
}

// D24: a first message may name a visit of the caller's establishment alone.
func TestDesk_opensAThreadOfAVisit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tagged := func(finess, visit string) string {
		return first(`,"episode":{"finess":"` + finess + `","visit":"` + visit + `"}`)
	}
	w.call(proToken, http.MethodPost, "/api/v1/conversations", tagged(ownFINESS, "V 1")).wants(http.StatusCreated, "")
	if v := w.core.written[0].Visit; v == nil || *v != (conversations.Visit{FINESS: ownFINESS, Number: "V 1"}) {
		t.Errorf("written %v", v)
	}
	w.call(proToken, http.MethodPost, "/api/v1/conversations", tagged("990000028", "V 1")).wants(http.StatusNotFound, "not-found")
	w.call(proToken, http.MethodPost, "/api/v1/conversations", tagged(ownFINESS, "")).wants(http.StatusUnprocessableEntity, "invalid-request")
	w.call(proToken, http.MethodPost, "/api/v1/conversations", tagged("", "V 1")).wants(http.StatusUnprocessableEntity, "invalid-request")
	app := strings.Replace(tagged("990000028", "V 1"), "Claire.Martin@cabinet.mssante.fr", "app@chu.mssante.fr", 1)
	w.call(clinicToken, http.MethodPost, "/api/v1/conversations", app).wants(http.StatusNotFound, "not-found")
}

// D29: the shape, the cases that need no look, and the limit.
func TestVerdict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := func(mailbox, ins string) reply {
		return w.call(proToken, http.MethodPost, "/api/v1/verdicts", `{"mailbox":"`+mailbox+`","patient":{"ins":"`+ins+`"}}`)
	}
	const box = "claire.martin@cabinet.mssante.fr"
	if got := ask(box, ins).wants(http.StatusOK, "").json(); got["allowed"] != true || got["code"] != nil || got["reachability"] != "unknown" || got["rule"] != "D29" {
		t.Errorf("%v", got)
	}
	before := w.core.asked("Ask")
	if got := ask(box, "1").wants(http.StatusOK, "").json(); got["allowed"] != false || got["code"] != "ins-invalid" || w.core.asked("Ask") != before {
		t.Errorf("%v", got)
	}
	ask("other@chu.mssante.fr", ins).wants(http.StatusForbidden, "mailbox-not-habilitated")
	w.call(patientToken, http.MethodPost, "/api/v1/verdicts", `{}`).wants(http.StatusForbidden, "insufficient-scope")
	w.core.verdict = conversations.ContactVerdict{
		ContactAnswer: rules.ContactAnswer{Refusal: rules.Refusal{Code: rules.PatientUnreachable, Rule: "D13"}, Rule: "D36", Reachability: rules.Unreachable},
		Silences:      []conversations.ThreadLine{{ID: "a1open", State: string(rules.ThreadOpen), LastAt: now}},
	}
	got := ask(box, ins).wants(http.StatusOK, "").lacks("D13").json()
	if got["allowed"] != false || got["code"] != "patient-unreachable" || len(got["silences"].([]any)) != 1 {
		t.Errorf("%v", got)
	}
	w.core.verdict = conversations.ContactVerdict{ContactAnswer: rules.ContactAnswer{Rule: "D29", Reachability: rules.Reachable, Objected: now}}
	got = ask(box, ins).wants(http.StatusOK, "").json() // D14 c
	if mark, _ := got["objection"].(map[string]any); got["allowed"] != true || got["code"] != "objection-recorded" || mark["at"] == nil {
		t.Errorf("%v", got)
	}
	w.core.failOn["Ask"] = &conversations.Error{Kind: conversations.KindRateLimited, Rule: "D29", RetryAfter: 90*time.Second + time.Millisecond}
	limited := w.call(proToken, http.MethodPost, "/api/v1/verdicts", `{"mailbox":"`+box+`","patient":{"ins":"`+ins+`"}}`, "Idempotency-Key", "k").wants(http.StatusTooManyRequests, "rate-limited")
	if limited.header.Get("Retry-After") != "91" {
		t.Errorf("Retry-After %q", limited.header.Get("Retry-After"))
	}
	delete(w.core.failOn, "Ask") // a refusal for now is not kept under the key
	w.call(proToken, http.MethodPost, "/api/v1/verdicts", `{"mailbox":"`+box+`","patient":{"ins":"`+ins+`"}}`, "Idempotency-Key", "k").wants(http.StatusOK, "")
}
