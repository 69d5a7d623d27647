package tests

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// profile is one profile of a caller.
type profile struct {
	ID, Name, Kind, As string
	Rights             []string
	Until              *string
}

// delegate is one person who acts for a patient, or is invited to.
type delegate struct {
	ID, Name, Kind, State, Code string
}

// profiles lists the caller's profiles.
func (a api) profiles() []profile {
	a.t.Helper()
	var l list[profile]
	a.want(http.StatusOK, &l, http.MethodGet, "/profiles", nil)
	return l.Items
}

// forWhom is ?for= of the caller's profile of a kind.
func (a api) forWhom(kind string) string {
	a.t.Helper()
	for _, p := range a.profiles() {
		if p.Kind == kind {
			return "?for=" + url.QueryEscape(p.ID)
		}
	}
	a.t.Fatalf("no profile is %s", kind)
	return ""
}

// family is the demonstration's people who act for each other.
type family struct {
	*demo
	minor, parent, elder, helper api
	minorINS, elderINS           string
	doctor                       api
	mailbox                      string
}

func newFamily(t *testing.T, d *demo) family {
	t.Helper()
	f := family{demo: d, doctor: d.as(t, d.Professionals[0].Token), mailbox: d.Professionals[0].Mailboxes[0]}
	tokens := map[string]string{}
	for _, p := range d.Patients {
		tokens[p.INS] = p.Token
	}
	for _, p := range d.Patients {
		switch {
		case len(p.Representatives) > 0:
			f.minor, f.minorINS, f.parent = d.as(t, p.Token), p.INS, d.as(t, tokens[p.Representatives[0]])
		case len(p.Caregivers) > 0:
			f.elder, f.elderINS, f.helper = d.as(t, p.Token), p.INS, d.as(t, tokens[p.Caregivers[0]])
		}
	}
	return f
}

// writes has the doctor open a conversation, asking to be told when it is opened.
func (f family) writes(ins, subject string) {
	f.t.Helper()
	f.doctor.want(http.StatusCreated, nil, http.MethodPost, "/conversations", map[string]any{
		"mailbox": f.mailbox, "patient": map[string]any{"ins": ins}, "subject": subject, "text": "Bonjour", "confidential": "no", "readReceipt": true,
	})
}

// thread finds a conversation by its subject in an inbox.
func (a api) thread(query, subject string) conversation {
	a.t.Helper()
	var l list[conversation]
	a.want(http.StatusOK, &l, http.MethodGet, "/inbox"+query, nil)
	for _, c := range l.Items {
		if c.Subject == subject {
			a.want(http.StatusOK, &c, http.MethodGet, "/inbox/"+c.ID+query, nil)
			return c
		}
	}
	a.t.Fatalf("no conversation about %q", subject)
	return conversation{}
}

// TestDelegates is D28 from outside: who acts for whom, how far, and until when.
func TestDelegates(t *testing.T) {
	t.Parallel()
	f := newFamily(t, startDemo(t, t.TempDir()))
	t.Run("representative", f.representative)
	t.Run("caregiver", f.caregiver)
	t.Run("limits", f.limits)
	t.Run("stranger", f.stranger)
}

// R130, R134, D22: a parent reads and replies for the child under his own name, and the doctor is told who opened.
func (f family) representative(t *testing.T) {
	f.writes(f.minorINS, "Vaccin")
	query := f.parent.forWhom("minor")
	c := f.parent.thread(query, "Vaccin")
	f.parent.want(http.StatusNoContent, nil, http.MethodPost, "/inbox/"+c.ID+"/opened"+query, nil)
	var m message
	f.parent.want(http.StatusCreated, &m, http.MethodPost, "/inbox/"+c.ID+"/replies"+query, map[string]any{"text": "Merci docteur"})
	if m.From.Kind != "representative" || m.From.Name != "Julien ROUVIERAC" || !m.Mine || !strings.HasSuffix(m.Text, "représentant légal de Timéo ROUVIERAC.") {
		t.Errorf("%+v", m)
	}
	eventually(t, "the reply and the read receipt reach the doctor", func() bool {
		all := f.maildir(f.mailbox)
		return strings.Contains(all, "Merci docteur") && strings.Contains(all, "disposition-notification")
	})
	if own := f.minor.thread("", "Vaccin"); own.Unread || len(own.Messages) != 2 || own.Messages[0].From.Kind != "representative" {
		t.Errorf("the minor sees %+v", own)
	}
	var history list[struct {
		Code  string
		Actor struct{ Kind, Name string }
	}]
	f.minor.want(http.StatusOK, &history, http.MethodGet, "/inbox/history", nil)
	for _, want := range []string{"message.opened", "message.out", "message.consulted"} {
		if !slices.ContainsFunc(history.Items, func(l struct {
			Code  string
			Actor struct{ Kind, Name string }
		},
		) bool {
			return l.Code == want && l.Actor.Kind == "representative" && l.Actor.Name == "Julien ROUVIERAC"
		}) {
			t.Errorf("no %s in the history %+v", want, history.Items)
		}
	}
}

// maildir is all that a professional received.
func (f family) maildir(mailbox string) string {
	f.t.Helper()
	names, err := filepath.Glob(filepath.Join(f.OperatorMaildirs, strings.ToLower(mailbox), "new", "*"))
	if err != nil {
		f.t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.t.Fatal(err)
		}
		_, _ = all.Write(b)
	}
	return all.String()
}

// R128, R133, R134, R135: a caregiver is invited by a code, reads and replies, may do no more, and is out at once.
func (f family) caregiver(t *testing.T) {
	f.writes(f.elderINS, "Ordonnance")
	query := f.helper.forWhom("assisted")
	c := f.helper.thread(query, "Ordonnance")
	var m message
	f.helper.want(http.StatusCreated, &m, http.MethodPost, "/inbox/"+c.ID+"/replies"+query, map[string]any{"text": "Merci"})
	if m.From.Kind != "caregiver" || !strings.HasSuffix(m.Text, "\n\nCe message a été rédigé par Bruno CASTELNEAU, l'aidant de Yvonne CASTELNEAU.") {
		t.Errorf("%+v", m)
	}
	for call, body := range map[[2]string]map[string]any{
		{http.MethodDelete, "/inbox/" + c.ID}: nil, {http.MethodPost, "/account"}: {"command": "close"}, {http.MethodGet, "/inbox/objections"}: nil,
		{http.MethodPost, "/delegates"}: {"name": "Un ami"},
	} {
		var b any
		if body != nil {
			b = body
		}
		if status, code := f.helper.code(call[0], call[1]+query, b); status != http.StatusForbidden || code != "insufficient-scope" {
			t.Errorf("%v: %d %s", call, status, code)
		}
	}
	var all list[delegate]
	f.elder.want(http.StatusOK, &all, http.MethodGet, "/delegates", nil)
	if len(all.Items) != 1 || all.Items[0].Name != "Bruno CASTELNEAU" {
		t.Fatalf("%+v", all.Items)
	}
	f.elder.want(http.StatusNoContent, nil, http.MethodDelete, "/delegates/"+all.Items[0].ID, nil)
	if status, code := f.helper.code(http.MethodGet, "/inbox"+query, nil); status != http.StatusNotFound || code != "not-found" {
		t.Errorf("ended: %d %s", status, code)
	}
	if n := len(f.helper.profiles()); n != 1 {
		t.Errorf("%d profiles", n)
	}
	f.elder.want(http.StatusNoContent, nil, http.MethodPost, "/delegates/"+all.Items[0].ID+"/restore", nil)
	f.helper.want(http.StatusOK, nil, http.MethodGet, "/inbox"+query, nil)
	f.helper.want(http.StatusNoContent, nil, http.MethodDelete, "/profiles/"+strings.TrimPrefix(query, "?for="), nil)
	if status, _ := f.helper.code(http.MethodGet, "/inbox/"+c.ID+query, nil); status != http.StatusNotFound {
		t.Errorf("given up: %d", status)
	}
}

// R133, D28: a fourth caregiver is refused, and a delegation with an end is over at that instant.
func (f family) limits(t *testing.T) {
	me := f.as(t, f.Patients[0].Token)
	invite := func(body map[string]any) (d delegate) {
		me.want(http.StatusCreated, &d, http.MethodPost, "/delegates", body)
		return d
	}
	end := time.Now().Add(6 * time.Second)
	short := invite(map[string]any{"name": "Voisin", "until": end.Format(time.RFC3339Nano)})
	second := invite(map[string]any{"name": "Sœur"})
	invite(map[string]any{"name": "Frère"})
	me.refused(http.StatusUnprocessableEntity, "invalid-request", "/delegates", map[string]any{"name": "Cousine"})
	friend := f.as(t, f.Patients[1].Token)
	var seen struct{ Patient struct{ Name string } }
	friend.want(http.StatusOK, &seen, http.MethodPost, "/invitations/view", map[string]any{"code": strings.ToLower(short.Code)})
	if seen.Patient.Name != f.Patients[0].Name {
		t.Errorf("%+v", seen)
	}
	var p profile
	friend.want(http.StatusOK, &p, http.MethodPost, "/invitations/accept", map[string]any{"code": short.Code})
	if p.Kind != "assisted" || p.As != "caregiver" || !slices.Equal(p.Rights, []string{"read", "reply"}) || p.Until == nil {
		t.Errorf("%+v", p)
	}
	friend.refused(http.StatusNotFound, "not-found", "/invitations/accept", map[string]any{"code": short.Code})
	friend.want(http.StatusNoContent, nil, http.MethodPost, "/invitations/refuse", map[string]any{"code": second.Code})
	me.refused(http.StatusForbidden, "insufficient-scope", "/invitations/accept", map[string]any{"code": invite(map[string]any{"name": "Moi"}).Code})
	eventually(t, "the delegation is over", func() bool {
		asked := time.Now()
		status, _ := friend.code(http.MethodGet, "/inbox?for="+p.ID, nil)
		if status == http.StatusOK && asked.After(end) {
			t.Error("it lasts beyond its end")
		}
		return status == http.StatusNotFound
	})
}

// Another patient finds nothing: neither by a profile nor by an id that he was told.
func (f family) stranger(t *testing.T) {
	query := f.parent.forWhom("minor")
	c := f.parent.thread(query, "Vaccin")
	other := f.as(t, f.Patients[3].Token)
	if n := len(other.profiles()); n != 1 {
		t.Errorf("%d profiles", n)
	}
	for _, call := range [][2]string{
		{http.MethodGet, "/inbox" + query},
		{http.MethodGet, "/inbox/" + c.ID},
		{http.MethodGet, "/inbox/" + c.ID + query},
		{http.MethodGet, "/delegates" + query},
		{http.MethodPost, "/inbox/" + c.ID + "/opened" + query},
		{http.MethodGet, "/inbox/history" + query},
		{http.MethodGet, "/account" + query},
		{http.MethodDelete, "/profiles/" + strings.TrimPrefix(query, "?for=")},
	} {
		if status, code := other.code(call[0], call[1], nil); status != http.StatusNotFound || code != "not-found" {
			t.Errorf("%v: %d %s", call, status, code)
		}
	}
}

// R131, OP15: at the first instant of majority a parent acts no more; what is there stays the new adult's.
func TestDelegates_majority(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := newFamily(t, startDemo(t, dir))
	first.writes(first.minorINS, "Vaccin")
	c := first.minor.thread("", "Vaccin")
	query := first.parent.forWhom("minor")
	first.parent.want(http.StatusOK, nil, http.MethodGet, "/inbox/"+c.ID+query, nil)
	first.stop()

	majority := time.Now().Add(8 * time.Second).Truncate(time.Second)
	f := newFamily(t, startDemo(t, dir, "--majority", majority.Format(time.RFC3339)))
	if status, _ := f.parent.code(http.MethodGet, "/inbox/"+c.ID+query, nil); status != http.StatusOK && time.Now().Before(majority) {
		t.Errorf("before majority: %d", status)
	}
	eventually(t, "the parent acts no more", func() bool {
		status, _ := f.parent.code(http.MethodPost, "/inbox/"+c.ID+"/opened"+query, nil)
		if status != http.StatusNotFound && time.Now().After(majority.Add(time.Second)) {
			t.Errorf("after majority: %d", status)
		}
		return status == http.StatusNotFound
	})
	f.parent.refused(http.StatusNotFound, "not-found", "/inbox/"+c.ID+"/replies"+query, map[string]any{"text": "Encore"})
	if len(f.parent.profiles()) != 1 {
		t.Error("still in the list")
	}
	f.minor.want(http.StatusCreated, nil, http.MethodPost, "/inbox/"+c.ID+"/replies", map[string]any{"text": "Merci"})
}
