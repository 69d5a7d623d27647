package tests

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mesbridge runs a command of the built binary to its end.
func mesbridge(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, args...)
	out, _ := cmd.CombinedOutput()
	return cmd.ProcessState.ExitCode(), string(out)
}

// refusesToStart runs the demonstration on data that it must not serve, and returns what it says.
func refusesToStart(t *testing.T, dir string) string {
	t.Helper()
	code, text := mesbridge(t, "demo", "--data", dir, "--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--ops", "127.0.0.1:0")
	if code != 1 {
		t.Fatalf("a start on such data ends with %d:\n%s", code, text)
	}
	return text
}

// TestRebuild_lostRedis: the bridge refuses an empty redis and says what to do (D17); after that, the
// patient's page is what it was: messages, drafts, readings, replies, and nothing is sent twice.
func TestRebuild_lostRedis(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDemo(t, dir)
	doctor, patient := d.Professionals[0].Mailboxes[0], d.Patients[0]
	d.accepted(t, doctor, patient.Address, note(doctor, patient.Address, "Avant la perte", "x"))
	a := d.as(t, patient.Token)
	id := a.about("Avant la perte").ID
	a.want(http.StatusNoContent, nil, http.MethodPost, "/inbox/"+id+"/opened", nil)
	a.want(http.StatusCreated, nil, http.MethodPost, "/inbox/"+id+"/replies", map[string]any{"text": "bien reçu"})
	sent := filepath.Join(d.OperatorMaildirs, strings.ToLower(doctor), "new")
	await(t, "arrival of the reply", func() bool { return len(maildir(t, sent)) == 1 })
	await(t, "record of the delivery", func() bool {
		for _, m := range a.open(id).Messages {
			if m.Delivery != nil && m.Delivery.State == "sent" {
				return true
			}
		}
		return false
	})
	_, before, _ := a.do(http.MethodGet, "/inbox/"+id, nil)
	d.kill()

	if err := os.RemoveAll(filepath.Join(dir, "redis")); err != nil {
		t.Fatal(err)
	}
	if text := refusesToStart(t, dir); !strings.Contains(text, "mesbridge rebuild") {
		t.Fatalf("it does not say what to do:\n%s", text)
	}
	code, text := mesbridge(t, "rebuild", "--data", dir)
	if code != 0 || !strings.Contains(text, "rebuilt in") {
		t.Fatalf("rebuild ends with %d:\n%s", code, text)
	}
	d = startDemo(t, dir)
	a = d.as(t, d.Patients[0].Token) // logins are lost, and made again
	if _, after, _ := a.do(http.MethodGet, "/inbox/"+id, nil); string(after) != string(before) {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
	d.accepted(t, doctor, patient.Address, note(doctor, patient.Address, "Après la perte", "x"))
	if n := len(maildir(t, sent)); n != 1 {
		t.Errorf("the reply was sent %d times", n)
	}
	if code, text := mesbridge(t, "rebuild", "--data", dir); code != 1 || !strings.Contains(text, "another bridge is running") {
		t.Errorf("rebuild beside a running bridge ends with %d:\n%s", code, text)
	}
}

// TestRebuild_oldData: an old copy of the data directory does not overwrite what redis has.
func TestRebuild_oldData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDemo(t, dir)
	d.stop()
	old := filepath.Join(t.TempDir(), "store")
	if err := os.CopyFS(old, os.DirFS(filepath.Join(dir, "store"))); err != nil {
		t.Fatal(err)
	}
	d = startDemo(t, dir)
	doctor, patient := d.Professionals[0].Mailboxes[0], d.Patients[0]
	d.accepted(t, doctor, patient.Address, note(doctor, patient.Address, "Depuis la copie", "x"))
	d.stop()
	if err := os.RemoveAll(filepath.Join(dir, "store")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(old, filepath.Join(dir, "store")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "store", "signing.key"), 0o600); err != nil { // a copy that keeps modes
		t.Fatal(err)
	}
	if text := refusesToStart(t, dir); !strings.Contains(text, "newest copy") {
		t.Errorf("it does not say what to do:\n%s", text)
	}
	if code, text := mesbridge(t, "rebuild", "--data", dir); code != 1 || !strings.Contains(text, "--discard-newer") {
		t.Errorf("rebuild ends with %d:\n%s", code, text)
	}
}
