package tests

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// rightsWorld is a demonstration on which a patient uses his rights.
type rightsWorld struct {
	*demo
	doctor, clinic string // mailboxes
}

// TestRights is what a patient may do with his mailbox, seen from outside: by the API, by mail and on the
// disk.
func TestRights(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	w := &rightsWorld{demo: d, doctor: d.Professionals[0].Mailboxes[0], clinic: d.Clinics[0].Mailboxes[0]}
	for name, part := range map[string]func(*testing.T){
		"terms": w.terms, "objections": w.objections, "unreachable": w.unreachable, "unknown": w.unknown,
		"deletion and documents": w.deletion, "history": w.history, "recorded by the professional": w.recorded,
		"erasure": w.erasure,
	} {
		t.Run(name, part)
	}
}

// patient returns a caller for the patient at an index, with his address.
func (w *rightsWorld) patient(t *testing.T, i int) (api, string) {
	t.Helper()
	return w.as(t, w.Patients[i].Token), w.Patients[i].Address
}

// mail brings a message of the doctor to a patient and returns the reply to it.
func (w *rightsWorld) mail(t *testing.T, from, to, subject, text string) string {
	t.Helper()
	return w.send(t, w.operatorOf(from), from, []string{to}, note(from, to, subject, text))
}

// code makes a call and returns its status and code.
func (a api) code(method, path string, body any) (int, string) {
	a.t.Helper()
	status, b, _ := a.do(method, path, body)
	code := ""
	if at := strings.Index(string(b), `"code":"`); at >= 0 {
		code, _, _ = strings.Cut(string(b[at+8:]), `"`)
	}
	return status, code
}

// D32: the last person has not accepted; every call but the terms says so, until they are accepted.
func (w *rightsWorld) terms(t *testing.T) {
	last := w.as(t, w.Patients[len(w.Patients)-1].Token)
	for _, call := range [][2]string{{"GET", "/inbox"}, {"GET", "/profiles"}, {"POST", "/account"}, {"DELETE", "/inbox/7fx"}} {
		if status, code := last.code(call[0], call[1], nil); status != http.StatusForbidden || code != "terms-not-accepted" {
			t.Errorf("%v: %d %s", call, status, code)
		}
	}
	var terms struct {
		Version, Hash, Text string
		AcceptedAt          *string
	}
	last.want(http.StatusOK, &terms, http.MethodGet, "/terms", nil)
	if terms.Version == "" || len(terms.Hash) != 64 || terms.AcceptedAt != nil {
		t.Errorf("%+v", terms)
	}
	if status, _ := last.code(http.MethodPost, "/terms", map[string]any{"version": "another"}); status != http.StatusUnprocessableEntity {
		t.Errorf("another version: %d", status)
	}
	last.want(http.StatusOK, &terms, http.MethodPost, "/terms", map[string]any{"version": terms.Version, "hash": terms.Hash})
	last.want(http.StatusOK, nil, http.MethodGet, "/inbox", nil)
	for _, p := range w.Professionals {
		if len(p.Mailboxes) > 0 {
			w.as(t, p.Token).want(http.StatusOK, nil, http.MethodGet, "/exchanges", nil)
		}
	}
}

// D14 b and c with their scopes, as the contract writes them.
func (w *rightsWorld) objections(t *testing.T) {
	me, address := w.patient(t, 1)
	w.mail(t, w.doctor, address, "Avant", "1")
	id := me.about("Avant").ID
	put := func(name string, body map[string]any) int {
		status, _, _ := me.do(http.MethodPut, "/inbox/objections/"+name, body)
		return status
	}
	for range 2 { // idempotent
		if got := put("o1", map[string]any{"scope": "everyone"}); got != http.StatusOK {
			t.Fatalf("put: %d", got)
		}
	}
	if got := w.mail(t, w.doctor, address, "Refusé", "2"); !strings.HasPrefix(got, "550 5.2.1 ") {
		t.Errorf("refused by everyone: %q", got)
	}
	if c := me.open(id); c.State != "frozen" || c.Reply.Code != "patient-opposed" {
		t.Errorf("%s %s", c.State, c.Reply.Code)
	}
	me.refused(http.StatusForbidden, "patient-opposed", "/inbox/"+id+"/replies", map[string]any{"text": "x"})
	var all list[struct {
		ID, Kind, Scope string
		Binds           []string
	}]
	me.want(http.StatusOK, &all, http.MethodGet, "/inbox/objections", nil)
	if len(all.Items) != 1 || all.Items[0].ID != "o1" || all.Items[0].Kind != "messages" || len(all.Items[0].Binds) != 1 {
		t.Errorf("%+v", all.Items)
	}
	for range 2 {
		me.want(http.StatusNoContent, nil, http.MethodDelete, "/inbox/objections/o1", nil)
	}
	if c := me.open(id); c.State != "open" {
		t.Errorf("lifted: %s (D15)", c.State)
	}
	if got := put("p", map[string]any{"scope": "profession", "value": "10"}); got != http.StatusOK {
		t.Fatalf("put: %d", got)
	}
	if doctor, clinic := w.mail(t, w.doctor, address, "Médecin", "x"), w.mail(t, w.clinic, address, "Clinique", "x"); !strings.HasPrefix(doctor, "550 5.2.1 ") || !strings.HasPrefix(clinic, "250 ") {
		t.Errorf("by profession: %q and %q", doctor, clinic)
	}
	if got := put("p", map[string]any{"kind": "exchange", "scope": "structure", "value": w.Clinics[0].FINESS}); got != http.StatusOK {
		t.Fatalf("put: %d", got)
	}
	if got := w.mail(t, w.doctor, address, "De nouveau", "x"); !strings.HasPrefix(got, "250 ") {
		t.Errorf("the id now says something else: %q", got)
	}
	w.told(t, address)
	for name, body := range map[string]map[string]any{
		"no value": {"scope": "structure"}, "a value too many": {"scope": "everyone", "value": "x"}, "no scope": {}, "kind": {"scope": "everyone", "kind": "x"},
	} {
		if got := put("bad", body); got != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, got)
		}
	}
}

// told checks that the clinic sees the objection to exchange, and that the doctor does not (D14 c).
func (w *rightsWorld) told(t *testing.T, address string) {
	t.Helper()
	for token, want := range map[string]bool{w.Clinics[0].Token: true, w.Professionals[0].Token: false} {
		var found list[struct {
			Patient   struct{ INS string }
			Objection *struct{ Code, At string }
		}]
		caller := w.as(t, token)
		eventually(t, "the exchange is listed", func() bool {
			caller.want(http.StatusOK, &found, http.MethodGet, "/exchanges", nil)
			return slices.ContainsFunc(found.Items, func(e struct {
				Patient   struct{ INS string }
				Objection *struct{ Code, At string }
			},
			) bool {
				return strings.HasPrefix(address, e.Patient.INS)
			})
		})
		for _, e := range found.Items {
			if strings.HasPrefix(address, e.Patient.INS) && (e.Objection != nil && e.Objection.Code == "objection-recorded" && e.Objection.At != "") != want {
				t.Errorf("told %+v, want %v", e.Objection, want)
			}
		}
	}
}

// contactNamed returns the path of the contact whose name holds a text.
func (a api) contactNamed(name string) string {
	a.t.Helper()
	var contacts list[struct{ ID, Name string }]
	a.want(http.StatusOK, &contacts, http.MethodGet, "/inbox/contacts", nil)
	for _, c := range contacts.Items {
		if strings.Contains(c.Name, name) {
			return "/inbox/contacts/" + c.ID
		}
	}
	a.t.Fatalf("no contact named %s in %+v", name, contacts)
	return ""
}

// O159: the history tells each act in a sentence, without an address.
func (w *rightsWorld) history(t *testing.T) {
	me, address := w.patient(t, 3)
	w.mail(t, w.doctor, address, "Pour l'historique", "x")
	me.want(http.StatusOK, nil, http.MethodPut, me.contactNamed(familyName(w.Professionals[0].Name))+"/block", map[string]any{})
	var past list[struct{ Code, Text, At string }]
	me.want(http.StatusOK, &past, http.MethodGet, "/inbox/history?limit=200", nil)
	codes := map[string]string{}
	for _, l := range past.Items {
		codes[l.Code] = l.Text
		if strings.Contains(l.Text, "@") || !strings.HasSuffix(l.Text, ".") || l.At == "" {
			t.Errorf("%+v", l)
		}
	}
	for code, words := range map[string]string{"patient.block": "Vous avez bloqué Dr Claire VASSEROT.", "message.in": "Dr Claire VASSEROT vous a écrit."} {
		if codes[code] != words {
			t.Errorf("%s: %q, want %q", code, codes[code], words)
		}
	}
}

// D14 d: recorded by the professional's side, hard by default, and no word of it to the patient's mail.
func (w *rightsWorld) recorded(t *testing.T) {
	pro := w.as(t, w.Professionals[1].Token)
	box, ins := w.Professionals[1].Mailboxes[0], w.Patients[4].INS
	body := map[string]any{"mailbox": box, "patient": map[string]any{"ins": ins}, "toPatient": true, "reason": "dit au téléphone"}
	pro.want(http.StatusOK, nil, http.MethodPut, "/oppositions", body)
	first := map[string]any{"mailbox": box, "patient": map[string]any{"ins": ins}, "subject": "Bilan", "text": "x"}
	pro.refused(http.StatusForbidden, "objection-recorded", "/conversations", first)
	if got := w.mail(t, box, w.Patients[4].Address, "Par mail", "x"); !strings.HasPrefix(got, "250 ") {
		t.Errorf("mail: %q", got)
	}
	body["toPatient"] = false
	pro.want(http.StatusOK, nil, http.MethodPut, "/oppositions", body)
	pro.want(http.StatusCreated, nil, http.MethodPost, "/conversations", first)
}

// eventually waits until something is projected for a professional's list.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		if done() {
			return
		}
		<-tick.C
	}
	t.Fatalf("%s: not in ten seconds", what)
}
