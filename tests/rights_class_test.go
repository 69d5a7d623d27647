package tests

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

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
