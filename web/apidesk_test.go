package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// first is the body of a first message with more members.
func first(more string) string {
	return `{"mailbox":"Claire.Martin@cabinet.mssante.fr","patient":{"ins":"` + ins + `"},"subject":"Bilan","text":"Bonjour"` + more + `}`
}

// Shapes of the professional's lists: dated, with the patient's id of the pair.
func TestDesk_lists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, query := range []string{"", "?mailbox=CLAIRE.martin@cabinet.mssante.fr", "?state=open&patient=a1xpair&limit=5"} {
		got := w.call(proToken, http.MethodGet, "/api/v1/exchanges"+query, "").wants(http.StatusOK, "").json()
		pair := got["items"].([]any)[0].(map[string]any)
		patient := pair["patient"].(map[string]any)
		if got["asOf"] != "2026-05-12T09:30:00.000Z" || patient["id"] != pair["id"] || patient["ins"] != ins || pair["mailbox"] != "claire.martin@cabinet.mssante.fr" {
			t.Errorf("exchanges %v", got)
		}
		w.call(proToken, http.MethodGet, "/api/v1/conversations"+query, "").wants(http.StatusOK, "").has(`"asOf"`)
	}
	one := w.call(proToken, http.MethodGet, "/api/v1/conversations/a1open", "").wants(http.StatusOK, "").json()
	if one["reply"] != nil || one["draft"] != nil || one["patient"].(map[string]any)["name"] != "Jeanne Dupont" {
		t.Errorf("conversation %v", one)
	}
}

// D4: one value for every cause on the patient's side, with no date of change.
func TestDesk_unreachableTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.pairs[0].State, w.core.pairs[0].EndedBy, w.core.pairs[0].EndedHow = rules.ThreadUnreachable, "Dr X", rules.ByAPI
	got := w.call(proToken, http.MethodGet, "/api/v1/exchanges", "").wants(http.StatusOK, "").json()["items"].([]any)[0].(map[string]any)
	if _, told := got["since"]; told || got["endedBy"] != nil || got["endedHow"] != nil {
		t.Errorf("exchange %v", got)
	}
}

// A mailbox that is not the caller's: 404 to read, 403 to write.
func TestDesk_otherMailboxes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/api/v1/exchanges", "/api/v1/conversations"} {
		for _, box := range []string{"autre@chu.mssante.fr", "nonsense", "@", ins + "@patient.mssante.fr"} {
			w.call(proToken, http.MethodGet, path+"?mailbox="+box, "").wants(http.StatusNotFound, "not-found")
		}
		w.call(twoBoxes, http.MethodGet, path, "").wants(http.StatusUnprocessableEntity, "invalid-request").has(`"field":"mailbox"`)
		w.call(twoBoxes, http.MethodGet, path+"?mailbox=autre@chu.mssante.fr", "").wants(http.StatusOK, "")
		w.call(proToken, http.MethodGet, path+"?state=blocked", "").wants(http.StatusUnprocessableEntity, "invalid-request").has(`"field":"state"`)
		w.call(proToken, http.MethodGet, path+"?patient=a/b", "").wants(http.StatusNotFound, "not-found")
	}
	w.call(proToken, http.MethodGet, "/api/v1/exchanges?state=no-reply", "").wants(http.StatusUnprocessableEntity, "invalid-request")
	for _, box := range []string{"autre@chu.mssante.fr", "nonsense"} {
		body := strings.Replace(first(""), "Claire.Martin@cabinet.mssante.fr", box, 1)
		w.call(proToken, http.MethodPost, "/api/v1/conversations", body).wants(http.StatusForbidden, "mailbox-not-habilitated")
	}
	w.call(clinicToken, http.MethodPost, "/api/v1/conversations", first("")).wants(http.StatusForbidden, "mailbox-not-habilitated")
	if len(w.core.written) > 0 {
		t.Error("something was written")
	}
}

func TestDesk_opensAThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.call(proToken, http.MethodPost, "/api/v1/conversations",
		first(`,"allowReply":false,"readReceipt":false,"confidential":false,"episode":null,"attachments":[{"name":"a.dcm","base64":"AQI="}]`)).wants(http.StatusCreated, "")
	if got.header.Get("Location") != "/api/v1/conversations/a1new" || got.json()["id"] != "a1new" {
		t.Errorf("answer %s %s", got.header.Get("Location"), got.body)
	}
	in := w.core.written[0]
	if in.INS != ins || in.Mailbox.Wire() != "claire.martin@cabinet.mssante.fr" || !in.NoReply || in.Subject != "Bilan" || in.Attachments[0].Type != "application/octet-stream" {
		t.Errorf("input %v %v %s", in.NoReply, in.Subject, in.Attachments[0].Type)
	}
	w.call(proToken, http.MethodPost, "/api/v1/conversations", first("")).wants(http.StatusCreated, "")
	if w.core.written[1].NoReply {
		t.Error("a message allows a reply by default")
	}
}

// What the contract has and this release cannot honour is refused with its name, never dropped in silence.
func TestDesk_refusesWithTheFieldsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for body, field := range map[string]string{
		first(`,"readReceipt":"false"`):                                    "readReceipt",
		first(`,"confidential":1`):                                         "confidential",
		first(`,"confidential":"maybe"`):                                   "confidential",
		first(`,"episode":{"finess":"770816478","number":"1"}`):            "episode.number",
		first(`,"episode":{"finess":"770816478"}`):                         "episode.visit",
		first(`,"replyTo":"nobody"`):                                       "replyTo",
		first(`,"patientInformed":{"by":"x"}`):                             "patientInformed.at",
		first(`,"patientInformed":{"by":"x","at":"2026-05-12T09:00:00Z"}`): "patientInformed.how",
		first(`,"oppositionAcknowledged":{"reason":" "}`):                  "oppositionAcknowledged.reason",
		first(`,"oppositionAcknowledged":true`):                            "oppositionAcknowledged",
		first(`,"unknown":1`):                                              "unknown",
		strings.Replace(first(""), `"ins"`, `"nir"`, 1):                    "patient.nir",
		strings.Replace(first(""), `Bilan`, ` `, 1):                        "subject",
		strings.Replace(first(""), `Bilan`, `[FIN]`, 1):                    "subject",
		strings.Replace(first(""), `Bilan`, `a\r\nBcc: x`, 1):              "subject",
		strings.Replace(first(""), `Bilan`, strings.Repeat("é", 256), 1):   "subject",
		strings.Replace(first(""), `Bonjour`, ` `, 1):                      "text",
		`{"patient":{"ins":"` + ins + `"},"subject":"s","text":"t"}`:       "mailbox",
	} {
		got := w.call(proToken, http.MethodPost, "/api/v1/conversations", body).wants(http.StatusUnprocessableEntity, "invalid-request").json()
		if got["field"] != field {
			t.Errorf("%.80s: field %v, want %s", body, got["field"], field)
		}
	}
	w.call(proToken, http.MethodPost, "/api/v1/conversations", `{`).wants(http.StatusBadRequest, "invalid-request")
	for _, wrong := range []string{"279035121518988", "2790351215189", "", "x"} {
		w.call(proToken, http.MethodPost, "/api/v1/conversations", strings.Replace(first(""), ins, wrong, 1)).
			wants(http.StatusUnprocessableEntity, "ins-invalid").has(`"field":"patient.ins"`)
	}
	if len(w.core.written) > 0 {
		t.Error("something was written")
	}
}

// D20: a setting turns the key check off for test data.
func TestDesk_insKeyIsASetting(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.CheckINSKey = false })
	w.call(proToken, http.MethodPost, "/api/v1/conversations", strings.Replace(first(""), ins, "279035121518900", 1)).wants(http.StatusCreated, "")
}

// A further message is written for the mailbox of the caller that takes part.
func TestDesk_writesForTheMailboxOfTheThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(twoBoxes, http.MethodPost, "/api/v1/conversations/a1open/messages", `{"text":"Suite","allowReply":true}`).wants(http.StatusCreated, "").has(`"text":"Suite"`)
	if len(w.core.written) != 1 || w.core.written[0].Mailbox.Wire() != "claire.martin@cabinet.mssante.fr" {
		t.Errorf("written %d", len(w.core.written))
	}
	w.call(clinicToken, http.MethodPost, "/api/v1/conversations/a1open/messages", `{"text":"Suite"}`).wants(http.StatusNotFound, "not-found")
	w.call(proToken, http.MethodPost, "/api/v1/conversations/a1open/messages", `{"text":"a","subject":"b"}`).
		wants(http.StatusUnprocessableEntity, "invalid-request").has(`"field":"subject"`)
}

// R57: the caller may ask to be told of the first opening, by either call.
func TestDesk_asksForAReadReceipt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(proToken, http.MethodPost, "/api/v1/conversations", first(`,"readReceipt":true`)).wants(http.StatusCreated, "")
	w.call(proToken, http.MethodPost, "/api/v1/conversations/a1open/messages", `{"text":"a","readReceipt":true}`).wants(http.StatusCreated, "")
	w.call(proToken, http.MethodPost, "/api/v1/conversations", first(`,"readReceipt":null`)).wants(http.StatusCreated, "")
	if got := w.core.written; len(got) != 3 || !got[0].ReadReceipt || !got[1].ReadReceipt || got[2].ReadReceipt {
		t.Errorf("asked: %+v", got)
	}
}

func TestDesk_ends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 { // idempotent
		got := w.call(proToken, http.MethodPost, "/api/v1/exchanges/a1xpair/end", `{"reason":"Suivi terminé"}`).wants(http.StatusOK, "").json()
		if got["state"] != "ended" || got["endedHow"] != "api" {
			t.Errorf("exchange %v", got)
		}
		w.call(proToken, http.MethodPost, "/api/v1/conversations/a1open/end", "").wants(http.StatusOK, "").has(`"id":"a1open"`)
	}
	for _, path := range []string{"/api/v1/exchanges/a1xpair/end", "/api/v1/conversations/a1open/end"} {
		w.call(proToken, http.MethodPost, path, fmt.Sprintf(`{"reason":%q}`, strings.Repeat("a", 501))).wants(http.StatusUnprocessableEntity, "invalid-request")
		w.call(proToken, http.MethodPost, path, `{"why":"x"}`).wants(http.StatusUnprocessableEntity, "invalid-request").has(`"field":"why"`)
	}
	w.call(proToken, http.MethodPost, "/api/v1/exchanges/a1none/end", "").wants(http.StatusNotFound, "not-found")
}

// D36: unknown is 404 to a professional, unreachable 403, suspended later.
func TestDesk_classesOfRefusal(t *testing.T) {
	t.Parallel()
	for k, status := range map[conversations.Kind]int{
		conversations.KindMailboxUnknown: 404, conversations.KindUnreachable: 403, conversations.KindUnavailable: 503,
	} {
		w := newWorld(t)
		w.core.failOn["OpenThread"] = kind(k)
		w.call(proToken, http.MethodPost, "/api/v1/conversations", first("")).wants(status, string(k)).lacks(ins)
	}
}
