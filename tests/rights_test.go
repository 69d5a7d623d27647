package tests

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
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

// D36, class unreachable: block, refusals of each scope, messaging closed, account closed: the same answer by
// mail and by the API, in the same time, and the same silence of webhooks.
func (w *rightsWorld) unreachable(t *testing.T) {
	me, address := w.patient(t, 2)
	software := newReceiver(t)
	hook := software.register(w.as(t, w.Professionals[0].Token), w.doctor)
	w.mail(t, w.doctor, address, "Bonjour", "x")
	ins, _, _ := strings.Cut(address, "@")
	eventually(t, "the exchange is listed", func() bool { return strings.Contains(w.listed(t, ins), "conversation") })
	contact := me.contactNamed(familyName(w.Professionals[0].Name))
	manage := func(command string) func() {
		return func() { me.want(http.StatusOK, nil, http.MethodPost, "/account", map[string]any{"command": command}) }
	}
	object := func(body map[string]any) func() {
		return func() { me.want(http.StatusOK, nil, http.MethodPut, "/inbox/objections/x", body) }
	}
	lift := func() { me.want(http.StatusNoContent, nil, http.MethodDelete, "/inbox/objections/x", nil) }
	exchange := w.exchange(t, ins)
	eventually(t, "the message is told", func() bool { return slices.Contains(software.about(exchange), "message.delivery delivered") })
	seen := map[string]string{}
	members := []classMember{
		{"blocked", func() { me.want(http.StatusOK, nil, http.MethodPut, contact+"/block", map[string]any{}) }, func() { me.want(http.StatusNoContent, nil, http.MethodDelete, contact+"/block", nil) }},
		{"refuses everyone", object(map[string]any{"scope": "everyone"}), lift},
		{"refuses the profession", object(map[string]any{"scope": "profession", "value": "10"}), lift},
		{"messaging closed", manage("close-messaging"), manage("reopen-messaging")},
		{"account closed", manage("close"), manage("reopen")},
	}
	before := software.about(exchange)
	for _, member := range members {
		member.begin()
		seen[member.name] = w.observed(t, address)
		member.end()
	}
	w.uniform(t, seen, "550 5.2.1")
	w.sameTime(t, members, ins)
	if got := software.about(exchange); !slices.Equal(got, before) {
		t.Errorf("webhooks told %q before, and then %q", before, got)
	}
	defer w.as(t, w.Professionals[0].Token).want(http.StatusNoContent, nil, http.MethodDelete, hook, nil)
	if got := w.mail(t, w.doctor, address, "Après", "x"); !strings.HasPrefix(got, "250 ") {
		t.Errorf("afterwards: %q", got)
	}
	after := append(slices.Clone(before), "conversation.state open", "message.delivery delivered")
	slices.Sort(after)
	eventually(t, "the next message is told, and nothing beside it", func() bool { return slices.Equal(software.about(exchange), after) })
}

// classMember is one of a class of D36.
type classMember struct {
	name       string
	begin, end func()
}

// exchange returns the id of the doctor's exchange with a patient.
func (w *rightsWorld) exchange(t *testing.T, ins string) string {
	t.Helper()
	var found list[struct {
		ID      string
		Patient struct{ INS string }
	}]
	w.as(t, w.Professionals[0].Token).want(http.StatusOK, &found, http.MethodGet, "/exchanges?mailbox="+w.doctor, nil)
	for _, e := range found.Items {
		if e.Patient.INS == ins {
			return e.ID
		}
	}
	t.Fatal("no exchange")
	return ""
}

// sameTime compares how long the API takes about each member of a class. The members take turns, so that what else the
// machine does concerns them alike; and of two members neither may be the slower one in nearly every pair of answers
// (Mann and Whitney): with so many of each, chance keeps well within these bounds. That the steps are the same is tested
// where they are made (conversations, sameTripsInTheClass).
func (w *rightsWorld) sameTime(t *testing.T, members []classMember, ins string) {
	const rounds, bound = 8, 0.93
	pro := w.as(t, w.Professionals[0].Token)
	taken := map[string][]time.Duration{}
	for range rounds {
		for _, member := range members {
			member.begin()
			for _, call := range []struct {
				path string
				body map[string]any
			}{
				{"/conversations", map[string]any{"mailbox": w.doctor, "patient": map[string]any{"ins": ins}, "subject": "x", "text": "x"}},
				{"/verdicts", map[string]any{"mailbox": w.doctor, "patient": map[string]any{"ins": ins}}},
			} {
				for range 3 {
					began := time.Now()
					_, _, _ = pro.do(http.MethodPost, call.path, call.body)
					taken[call.path+" "+member.name] = append(taken[call.path+" "+member.name], time.Since(began))
				}
			}
			member.end()
		}
	}
	for name, one := range taken {
		path, _, _ := strings.Cut(name, " ")
		for other, two := range taken {
			if strings.HasPrefix(other, path+" ") && slower(one, two) > bound {
				t.Errorf("%s takes longer than %s: in %.0f %% of the pairs", name, other, 100*slower(one, two))
			}
		}
	}
}

// slower is the share of the pairs in which the first took longer.
func slower(one, two []time.Duration) float64 {
	n := 0
	for _, a := range one {
		for _, b := range two {
			if a > b {
				n++
			}
		}
	}
	return float64(n) / float64(len(one)*len(two))
}

// D36, class unknown: never opened, opposed, erased.
func (w *rightsWorld) unknown(t *testing.T) {
	i := w.patientIn("not-activated")
	me, _ := w.patient(t, i)
	me.want(http.StatusForbidden, nil, http.MethodPost, "/account", map[string]any{"command": "erase", "confirm": "erase"}) // not the holder's yet
	closed := w.patientIn("closed")
	me, erased := w.patient(t, closed)
	me.want(http.StatusUnprocessableEntity, nil, http.MethodPost, "/account", map[string]any{"command": "erase"})
	me.want(http.StatusOK, nil, http.MethodPost, "/account", map[string]any{"command": "erase", "confirm": "erase"})
	w.uniform(t, map[string]string{
		"never opened": w.observed(t, "153124500723160@patient.mssante.fr"),
		"opposed":      w.observed(t, w.Patients[w.patientIn("opposed")].Address),
		"erased":       w.observed(t, erased),
	}, "550 5.1.1")
}

// observed is all that a professional can observe of a patient: the replies to RCPT and the answer of the API,
// without what names the request.
func (w *rightsWorld) observed(t *testing.T, address string) string {
	t.Helper()
	ins, _, _ := strings.Cut(address, "@")
	smtp := w.mail(t, w.doctor, address, "Observé", "x")
	pro := w.as(t, w.Professionals[0].Token)
	status, body, header := pro.do(http.MethodPost, "/conversations", map[string]any{
		"mailbox": w.doctor, "patient": map[string]any{"ins": ins}, "subject": "Observé", "text": "x",
	})
	text := string(body)
	if at := strings.Index(text, `"instance":"`); at >= 0 {
		text = text[:at]
	}
	var names []string
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.ReplaceAll(smtp, ins, "INS") + "\n" + http.StatusText(status) + " " + text + "\n" + strings.Join(names, " ") + "\n" + w.listed(t, ins)
}

// listed is what the lists and a verdict tell the doctor of a patient: the states, and nothing that names one.
func (w *rightsWorld) listed(t *testing.T, ins string) string {
	t.Helper()
	pro := w.as(t, w.Professionals[0].Token)
	_, verdict, _ := pro.do(http.MethodPost, "/verdicts", map[string]any{"mailbox": w.doctor, "patient": map[string]any{"ins": ins}})
	text, _, _ := strings.Cut(string(verdict), `"silences"`)
	var exchanges list[struct {
		ID, State, LastAt string
		Since             *string
		EndedAt, EndedBy  *string
		Patient           struct{ ID, INS string }
	}]
	pro.want(http.StatusOK, &exchanges, http.MethodGet, "/exchanges?mailbox="+w.doctor, nil)
	for _, e := range exchanges.Items {
		if e.Patient.INS != ins {
			continue
		}
		text += fmt.Sprintf("\nexchange %s %v %v %v %s", e.State, e.Since == nil, e.EndedAt == nil, e.EndedBy == nil, e.LastAt)
		var threads list[struct{ Subject, State, LastAt string }]
		pro.want(http.StatusOK, &threads, http.MethodGet, "/conversations?mailbox="+w.doctor+"&patient="+e.Patient.ID, nil)
		for _, c := range threads.Items {
			text += fmt.Sprintf("\nconversation %s %s %s", c.Subject, c.State, c.LastAt)
		}
	}
	return text
}

// uniform checks that all members of a class look the same, and how.
func (w *rightsWorld) uniform(t *testing.T, seen map[string]string, prefix string) {
	t.Helper()
	first := ""
	for name, got := range seen {
		if !strings.HasPrefix(got, prefix) {
			t.Errorf("%s: %s, want %s", name, got, prefix)
		}
		if first == "" {
			first = got
		}
		if got != first {
			t.Errorf("%s looks like\n%s\nand another member like\n%s", name, got, first)
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

// R115, R117, I179: deletion, a later message, and a document that was saved before.
func (w *rightsWorld) deletion(t *testing.T) {
	me, _ := w.patient(t, 0)
	pro := w.as(t, w.Professionals[0].Token)
	var written conversation
	pro.want(http.StatusCreated, &written, http.MethodPost, "/conversations", map[string]any{
		"mailbox": w.doctor, "patient": map[string]any{"ins": w.Patients[0].INS}, "subject": "À supprimer", "text": "Voici.",
		"attachments":     []map[string]any{{"name": "ordonnance.pdf", "type": "application/pdf", "base64": base64.StdEncoding.EncodeToString([]byte("%PDF-1.7 test"))}},
		"patientInformed": map[string]any{"by": "Dr Vasserot", "at": "2026-11-21T09:00:00Z", "how": "en consultation"},
	})
	c := me.about("À supprimer")
	piece := c.Messages[0].Attachments[0].ID
	var doc struct{ ID, Name, Source string }
	me.want(http.StatusCreated, &doc, http.MethodPost, "/inbox/attachments/"+piece+"/save", nil)
	me.want(http.StatusOK, &doc, http.MethodPost, "/inbox/attachments/"+piece+"/save", nil)
	me.want(http.StatusNoContent, nil, http.MethodDelete, "/inbox/"+c.ID, nil)
	for _, call := range [][2]string{
		{"GET", "/inbox/" + c.ID}, {"DELETE", "/inbox/" + c.ID}, {"POST", "/inbox/" + c.ID + "/opened"}, {"GET", "/inbox/attachments/" + piece},
	} {
		if status, code := me.code(call[0], call[1], nil); status != http.StatusNotFound || code != "not-found" {
			t.Errorf("%v: %d %s", call, status, code)
		}
	}
	var desk conversation
	pro.want(http.StatusOK, &desk, http.MethodGet, "/conversations/"+written.ID, nil)
	if len(desk.Messages) != 1 || desk.State != "open" {
		t.Errorf("the professional sees %+v (I167)", desk)
	}
	pro.want(http.StatusCreated, nil, http.MethodPost, "/conversations/"+written.ID+"/messages", map[string]any{"text": "Une suite."})
	if again := me.open(c.ID); len(again.Messages) != 1 || again.Messages[0].Text != "Une suite." {
		t.Errorf("%+v (R117)", again.Messages)
	}
	status, content, header := me.do(http.MethodGet, "/inbox/documents/"+doc.ID, nil)
	if status != http.StatusOK || string(content) != "%PDF-1.7 test" || header.Get("Repr-Digest") == "" {
		t.Errorf("document: %d %q", status, content)
	}
	var docs list[struct{ ID, Name string }]
	me.want(http.StatusOK, &docs, http.MethodGet, "/inbox/documents", nil)
	if len(docs.Items) != 1 || docs.Items[0].Name != "ordonnance.pdf" {
		t.Errorf("%+v", docs)
	}
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

// D16: after an erasure no byte that was readable is left, on the disk or in Redis; others are untouched.
func (w *rightsWorld) erasure(t *testing.T) {
	gone, other := 7, 8
	me, address := w.patient(t, gone)
	he, his := w.patient(t, other)
	secret := "Ysengrimus-secret-9731"
	w.mail(t, w.doctor, address, "Objet "+secret, "Corps "+secret+strings.Repeat("\r\net encore une ligne de ce texte", 4_000)) // a file of its own
	w.mail(t, w.doctor, his, "Objet de l'autre", "Corps de l'autre")
	c := me.about("Objet " + secret)
	me.want(http.StatusCreated, nil, http.MethodPost, "/inbox/"+c.ID+"/replies", map[string]any{"text": "Réponse " + secret})
	me.want(http.StatusOK, nil, http.MethodPut, "/inbox/objections/"+secret, map[string]any{"scope": "profession", "value": "21"})
	var account struct{ State string }
	me.want(http.StatusOK, &account, http.MethodPost, "/account", map[string]any{"command": "erase", "confirm": "erase"})
	if account.State != "purged" {
		t.Errorf("state %s", account.State)
	}
	if status, code := me.code(http.MethodGet, "/inbox", nil); status != http.StatusNotFound || code != "mailbox-unknown" {
		t.Errorf("inbox: %d %s", status, code)
	}
	me.want(http.StatusOK, &account, http.MethodGet, "/account", nil)
	if text := he.about("Objet de l'autre").Messages[0].Text; !strings.Contains(text, "Corps de l'autre") {
		t.Errorf("the other patient reads %q", text)
	}
	w.grep(t, secret, w.Patients[gone].Name)
}

// grep looks for texts in every file of the data directory that is ours: Redis, the local database, bodies.
// The operators' Maildirs are other people's mailboxes.
func (w *rightsWorld) grep(t *testing.T, texts ...string) {
	t.Helper()
	looked := 0
	err := filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if entry != nil && (entry.Name() == "operators" || entry.Name() == "notifications" || entry.Name() == "pki") {
				return filepath.SkipDir // Maildirs of other people, and the directory of professionals
			}
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // a socket, or a file that went meanwhile
		}
		looked++
		for _, text := range texts {
			if strings.Contains(string(content), text) {
				t.Errorf("%s holds %q", path, text)
			}
		}
		return nil
	})
	if err != nil || looked < 5 {
		t.Fatalf("%d files looked at: %v", looked, err)
	}
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
