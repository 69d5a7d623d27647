package tests

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestClients_editedWhileTheBridgeRuns: what the command line registers, rotates and withdraws counts at
// the next request (I247; outside contract, commands).
func TestClients_editedWhileTheBridgeRuns(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	clinic := d.Clinics[0]
	first := d.clients("add", "--id", "dpi-annexe", "--name", "Dossier annexe", "--kind", "application",
		"--scope", "thread.read,episode.close", "--finess", clinic.FINESS, "--mailbox", clinic.Mailboxes[0])
	token, status := d.credentials(first)
	if status != http.StatusOK {
		t.Fatalf("a new client gets %d", status)
	}
	d.as(t, token).want(http.StatusOK, nil, http.MethodGet, "/exchanges?mailbox="+url.QueryEscape(clinic.Mailboxes[0]), nil)
	d.as(t, token).want(http.StatusNotFound, nil, http.MethodGet, "/exchanges?mailbox="+url.QueryEscape(clinic.Mailboxes[1]), nil)

	second := d.clients("rotate", "dpi-annexe")
	for name, secret := range map[string]string{"new": second, "old, for a day": first} {
		if _, status := d.credentials(secret); status != http.StatusOK {
			t.Errorf("the %s secret gets %d", name, status)
		}
	}
	third := d.clients("rotate", "dpi-annexe", "--keep", "0")
	if _, status := d.credentials(second); status != http.StatusUnauthorized {
		t.Errorf("a secret that was rotated away gets %d", status)
	}
	if _, status := d.credentials(third); status != http.StatusOK {
		t.Errorf("the newest secret gets %d", status)
	}

	d.clients("remove", "dpi-annexe")
	d.as(t, token).want(http.StatusUnauthorized, nil, http.MethodGet, "/exchanges?mailbox="+url.QueryEscape(clinic.Mailboxes[0]), nil)
	if _, status := d.credentials(third); status != http.StatusUnauthorized {
		t.Errorf("a withdrawn client gets %d", status)
	}
}

var printedSecret = regexp.MustCompile(`(?m)^client_secret: (\S+)$`)

// clients runs "mesbridge clients" on the demonstration's data and returns the secret that it printed.
func (d *demo) clients(verb string, args ...string) string {
	d.t.Helper()
	bin, err := binary()
	if err != nil {
		d.t.Fatal(err)
	}
	out, err := exec.CommandContext(d.t.Context(), bin, append([]string{"clients", verb, "--data", d.dir}, args...)...).Output()
	if err != nil {
		d.t.Fatalf("clients %s: %v", verb, err)
	}
	if m := printedSecret.FindSubmatch(out); m != nil {
		return string(m[1])
	}
	return ""
}

// credentials asks for a token with a secret of the client dpi-annexe.
func (d *demo) credentials(secret string) (token string, status int) {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.HTTP+"/oauth/token",
		strings.NewReader("grant_type=client_credentials&scope=thread.read"))
	if err != nil {
		d.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth("dpi-annexe", secret)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		d.t.Fatal(err)
	}
	return answer.Token, res.StatusCode
}
