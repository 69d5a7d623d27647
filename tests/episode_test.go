package tests

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// episode is an episode as the API answers it.
type episode struct {
	FINESS, Visit, State string
	ClosesAt             *string
	Conversations        []struct {
		ID, State string
		Waiting   bool
	}
}

func (e episode) ids() (ids []string) {
	for _, c := range e.Conversations {
		ids = append(ids, c.ID)
	}
	return ids
}

// ward is a clinic of the demonstration with one patient of it.
type ward struct {
	*demo
	clinic, patient api
	ins, finess     string
	box             string
}

func newWard(t *testing.T) *ward {
	t.Helper()
	d := startDemo(t, t.TempDir())
	c, p := d.Clinics[0], d.Patients[1]
	return &ward{demo: d, clinic: d.as(t, c.Token), patient: d.as(t, p.Token), ins: p.INS, finess: c.FINESS, box: c.Mailboxes[0]}
}

func (w *ward) at(visit string) string { return "/facilities/" + w.finess + "/episodes/" + visit }

// tell declares an event that must be taken.
func (w *ward) tell(visit string, event map[string]any) (e episode) {
	w.t.Helper()
	w.clinic.want(http.StatusOK, &e, http.MethodPut, w.at(visit), event)
	return e
}

// write opens a conversation, about a visit unless that is empty.
func (w *ward) write(visit, subject string) string {
	w.t.Helper()
	body := map[string]any{"mailbox": w.box, "patient": map[string]any{"ins": w.ins}, "subject": subject, "text": "Bonjour"}
	if visit != "" {
		body["episode"] = map[string]any{"finess": w.finess, "visit": visit}
	}
	var c conversation
	w.clinic.want(http.StatusCreated, &c, http.MethodPost, "/conversations", body)
	return c.ID
}

// TestEpisode_story runs an episode on the built program: D24, D34, D6, D7.
func TestEpisode_story(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	const visit = "V2026%2F0815"
	open := map[string]any{"state": "open", "eventId": "a1", "patient": map[string]any{"ins": w.ins}}
	if e := w.tell(visit, open); e.State != "open" || e.Visit != "V2026/0815" || len(e.Conversations) != 0 {
		t.Fatalf("opened %+v", e)
	}
	tagged, other := w.write("V2026/0815", "Votre séjour"), w.write("", "Sans rapport")
	var preview episode
	w.clinic.want(http.StatusOK, &preview, http.MethodGet, w.at(visit)+"/preview", nil)
	if len(preview.ids()) != 1 || preview.ids()[0] != tagged {
		t.Errorf("preview %+v", preview)
	}
	closing := map[string]any{"state": "closed", "eventId": "a2", "lastMessage": "Bon retour chez vous."}
	for range 2 { // the same event twice
		if e := w.tell(visit, closing); e.State != "closed" || len(e.ids()) != 1 || e.ids()[0] != tagged {
			t.Errorf("closed %+v", e)
		}
	}
	c := w.patient.open(tagged)
	if c.State != "ended" || c.Ended == nil || c.Ended.How != "episode" || len(c.Messages) != 2 || !c.Messages[0].NoReply || c.Messages[0].Text != "Bon retour chez vous." {
		t.Errorf("the patient sees %s %+v, %d messages", c.State, c.Ended, len(c.Messages))
	}
	w.patient.refused(http.StatusForbidden, "thread-closed", "/inbox/"+tagged+"/replies", map[string]any{"text": "Encore un mot"})
	if w.patient.open(other).State != "open" {
		t.Error("an untagged conversation ended too")
	}
	if e := w.tell(visit, map[string]any{"state": "open", "eventId": "a3", "patient": map[string]any{"ins": w.ins}}); len(e.ids()) != 1 {
		t.Errorf("cancelled %+v", e)
	}
	if state := w.patient.open(tagged).State; state != "open" {
		t.Errorf("after the cancellation: %s", state)
	}
	for state, want := range map[string]int{"": 1, "?state=open": 1, "?state=closed": 0} {
		var page list[episode]
		w.clinic.want(http.StatusOK, &page, http.MethodGet, "/facilities/"+w.finess+"/episodes"+state, nil)
		if len(page.Items) != want {
			t.Errorf("%s: %d episodes, want %d", state, len(page.Items), want)
		}
	}
	foreign := "/facilities/" + w.Clinics[1].FINESS + "/episodes/" + visit
	if status, b, _ := w.clinic.do(http.MethodGet, foreign, nil); status != http.StatusNotFound {
		t.Errorf("another clinic's episode: %d %s", status, b)
	}
	w.clinic.refusedBy(http.MethodPut, http.StatusUnprocessableEntity, "wrong-patient", w.at(visit),
		map[string]any{"state": "open", "eventId": "a4", "patient": map[string]any{"ins": w.Patients[0].INS}})
	w.noTrace(t, "V2026/0815", "V2026%2F0815")
}

// refusedBy is refused for any method.
func (a api) refusedBy(method string, status int, code, path string, body any) {
	a.t.Helper()
	got, b, _ := a.do(method, path, body)
	var problem struct{ Code string }
	if err := json.Unmarshal(b, &problem); err != nil || got != status || problem.Code != code {
		a.t.Fatalf("%s %s: status %d %s, want %d %s", method, path, got, b, status, code)
	}
}

// noTrace checks that texts are nowhere in what the program wrote.
func (w *ward) noTrace(t *testing.T, texts ...string) {
	t.Helper()
	err := filepath.WalkDir(w.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // a file that the program just removed
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // the same
		}
		for _, text := range texts {
			if strings.Contains(string(b), text) && !strings.Contains(path, "operator") {
				t.Errorf("%s holds the visit number", filepath.Base(path))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		if strings.Contains(w.output.String(), text) {
			t.Error("the output holds the visit number")
		}
	}
}

// TestEpisode_graceSurvivesAKill: an announced end is told to the patient, and comes at its instant although
// the bridge was killed meanwhile (D24).
func TestEpisode_graceSurvivesAKill(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.tell("K1", map[string]any{"state": "open", "eventId": "k1", "patient": map[string]any{"ins": w.ins}})
	tagged, asked := w.write("K1", "Suivi"), w.write("K1", "Question")
	w.patient.want(http.StatusCreated, nil, http.MethodPost, "/inbox/"+asked+"/replies", map[string]any{"text": "Et ensuite ?"})
	const grace = 6 * time.Second
	e := w.tell("K1", map[string]any{"state": "closed", "eventId": "k2", "graceDays": grace.Hours() / 24, "source": "adt", "contact": "01 02 03 04 05"})
	if len(e.ids()) != 2 || e.ClosesAt == nil {
		t.Fatalf("closing %+v", e)
	}
	c := w.patient.open(tagged)
	if c.State != "open" || len(c.Messages) != 2 || !strings.Contains(c.Messages[0].Text, "01 02 03 04 05") {
		t.Errorf("announced: %s, %+v", c.State, c.Messages)
	}
	w.kill()
	again := startDemo(t, w.dir)
	patient, clinic := again.as(t, w.patient.token), again.as(t, w.clinic.token)
	await(t, "the end", func() bool { return patient.open(tagged).State == "ended" })
	if c := patient.open(asked); c.State != "open" {
		t.Errorf("the unanswered one is %s (D24)", c.State)
	}
	var page list[episode]
	clinic.want(http.StatusOK, &page, http.MethodGet, "/facilities/"+w.finess+"/episodes?state=waiting", nil)
	if len(page.Items) != 1 {
		t.Errorf("%d episodes to be treated", len(page.Items))
	}
}

// TestVerdict_story: D29 on the built program.
func TestVerdict_story(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	ask := func(ins string) (v struct {
		Allowed            bool
		Code, Reachability string
		Silences           []conversation
	},
	) {
		w.clinic.want(http.StatusOK, &v, http.MethodPost, "/verdicts", map[string]any{"mailbox": w.box, "patient": map[string]any{"ins": ins}})
		return v
	}
	for _, i := range []int{1, w.patientIn("opposed"), w.patientIn("closed"), w.patientIn("suspended")} {
		if v := ask(w.Patients[i].INS); !v.Allowed || v.Code != "" || v.Reachability != "unknown" {
			t.Errorf("%s: %+v", w.Patients[i].State, v)
		}
	}
	if v := ask("153124500723160"); !v.Allowed || v.Reachability != "unknown" {
		t.Errorf("nobody: %+v", v)
	}
	id := w.write("", "Un message")
	await(t, "the index", func() bool {
		v := ask(w.ins)
		return v.Allowed && v.Reachability == "reachable" && len(v.Silences) == 1 && v.Silences[0].ID == id
	})
	if v := ask("279035121518988"); v.Allowed || v.Code != "ins-invalid" {
		t.Errorf("invalid: %+v", v)
	}
}
