package tests

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestExamples runs the examples of docs/examples against the demonstration, as a reader would.
func TestExamples(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	clinic := d.Clinics[0]
	env := append(os.Environ(), "MESBRIDGE_URL="+d.HTTP, "CLIENT_ID="+clinic.ClientID, "CLIENT_SECRET="+clinic.ClientSecret,
		"MAILBOX="+clinic.Mailboxes[0], "INS="+d.Patients[0].INS, "LISTEN=127.0.0.1:0")
	for name, command := range map[string][]string{
		"go":   {"go", "run", "../docs/examples/client"},
		"curl": {"sh", "../docs/examples/curl.sh"},
		"hook": {"go", "run", "../docs/examples/webhook"},
	} {
		run := exec.CommandContext(t.Context(), command[0], command[1:]...)
		run.Env = env
		if name == "curl" {
			software := httptest.NewServer(http.NotFoundHandler())
			defer software.Close()
			run.Env = append(env, "RECEIVER="+software.URL)
		}
		out, err := run.CombinedOutput()
		if name == "hook" {
			if err != nil || !strings.Contains(string(out), "told: webhook.ping") {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
			continue
		}
		if err != nil || !strings.Contains(string(out), "written: ") || !strings.Contains(string(out), "ended: ended") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		if name == "curl" && (!strings.Contains(string(out), "unchanged: 304") || !strings.Contains(string(out), "test: 202\ncalls: 200\nremoved: 204")) {
			t.Errorf("curl: %s", out)
		}
	}
	wrong := exec.CommandContext(t.Context(), "sh", "../docs/examples/curl.sh")
	wrong.Env = append(env, "CLIENT_SECRET=wrong")
	if out, err := wrong.CombinedOutput(); err == nil {
		t.Errorf("a wrong secret is not told: %s", out)
	}
}

// TestStates_conditional: the tag of a line of the list is that of the exchange, so that an end can be made
// conditional on what the list showed.
func TestStates_conditional(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	pro := d.as(t, d.Professionals[0].Token)
	pro.want(http.StatusCreated, nil, http.MethodPost, "/conversations", map[string]any{
		"mailbox": d.Professionals[0].Mailboxes[0], "patient": map[string]any{"ins": d.Patients[0].INS}, "subject": "Bilan", "text": "x",
	})
	var pairs list[struct{ ID, ETag string }]
	eventually(t, "the exchange is listed", func() bool {
		pro.want(http.StatusOK, &pairs, http.MethodGet, "/exchanges", nil)
		return len(pairs.Items) == 1
	})
	end := func(tag string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.HTTP+"/api/v1/exchanges/"+pairs.Items[0].ID+"/end", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+d.Professionals[0].Token)
		r.Header.Set("If-Match", tag)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	first := pairs.Items[0].ETag
	if got := end(`"of-another-state"`); got != http.StatusPreconditionFailed {
		t.Errorf("another state: %d", got)
	}
	if got := end(first); got != http.StatusOK {
		t.Errorf("the state of the list: %d", got)
	}
	if got := end(first); got != http.StatusPreconditionFailed {
		t.Errorf("the state before the end: %d", got)
	}
}
