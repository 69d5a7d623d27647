package tests

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAudit_runningAndStopped: O156, O157 and O158 from outside. The journal of a running bridge is
// verified and exported without stopping it; what is altered in the files is found and told; an export
// holds nothing of a message.
func TestAudit_runningAndStopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDemo(t, dir)
	doctor, patient := d.Professionals[0].Mailboxes[0], d.Patients[0]
	d.accepted(t, doctor, patient.Address, note(doctor, patient.Address, "=Sujet secret", "texte secret", "Message-ID: <demande.1@cabinet.test>"))
	ops := strings.TrimPrefix(d.Ops, "http://")
	code, text := mesbridge(t, "audit", "verify", "--data", dir, "--ops", ops)
	if code != 0 || !strings.Contains(text, "intact: ") {
		t.Fatalf("verify beside a running bridge ends with %d:\n%s", code, text)
	}
	out := filepath.Join(t.TempDir(), "traces.jsonl")
	code, text = mesbridge(t, "audit", "export", "--data", dir, "--ops", ops, "--message", "<demande.1@cabinet.test>", "--format", "jsonl", "--out", out)
	if code != 0 {
		t.Fatalf("export beside a running bridge ends with %d:\n%s", code, text)
	}
	rows := exported(t, out)
	if len(rows) != 1 || rows[0]["event"] != "message.in" || rows[0]["outcome"] != "success" || rows[0]["actorId"] != "" {
		t.Errorf("what happened to the message: %v", rows)
	}
	d.stop()

	ins := filepath.Join(t.TempDir(), "ins")
	if err := os.WriteFile(ins, []byte(patient.INS+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out = filepath.Join(t.TempDir(), "traces.csv")
	code, text = mesbridge(t, "audit", "export", "--data", dir, "--patient", ins, "--out", out)
	if code != 0 {
		t.Fatalf("export ends with %d:\n%s", code, text)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(content, []byte("\ufeffchain;sequence;")) || !bytes.Contains(content, []byte("CN=smtp1.opaline.exemple.fr")) {
		t.Errorf("the export does not say who acted:\n%s", content)
	}
	for _, secret := range []string{"secret", patient.INS, patient.Name, doctor} {
		if bytes.Contains(content, []byte(secret)) || strings.Contains(text, secret) {
			t.Errorf("the export holds %q (O155)", secret)
		}
	}
	if code, text = mesbridge(t, "audit", "verify", "--data", dir); code != 0 {
		t.Fatalf("verify ends with %d:\n%s", code, text)
	}
	spoil(t, filepath.Join(dir, "store", "journal"), dir)
}

// exported reads an export of JSON lines, and the manifest beside it.
func exported(t *testing.T, path string) (rows []map[string]any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(content) {
		var row map[string]any
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	text, err := os.ReadFile(path + ".manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Rows, Round int
		SHA256      string
	}
	if err := json.Unmarshal(text, &m); err != nil || m.Rows != len(rows) || m.Round == 0 || len(m.SHA256) != 64 {
		t.Errorf("manifest %s: %v", text, err)
	}
	return rows
}

// spoil alters one file, and takes the last round away: both are found, with the place, and a bridge
// refuses to go on from there.
func spoil(t *testing.T, archive, dir string) {
	t.Helper()
	segments, err := filepath.Glob(filepath.Join(archive, "*.segment"))
	if err != nil || len(segments) == 0 {
		t.Fatalf("no segments: %v", err)
	}
	content, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	altered := bytes.Clone(content)
	altered[len(altered)/2] ^= 1
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(segments[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(altered)
	if code, text := mesbridge(t, "audit", "verify", "--data", dir); code != 1 || !strings.Contains(text, filepath.Base(segments[0])) {
		t.Errorf("verify of an altered segment ends with %d:\n%s", code, text)
	}
	write(content)
	last := segments[len(segments)-1]
	for _, f := range []string{last, strings.TrimSuffix(last, "segment") + "manifest"} {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	if code, text := mesbridge(t, "audit", "verify", "--data", dir); code != 1 || !strings.Contains(text, "missing") {
		t.Errorf("verify without the last round ends with %d:\n%s", code, text)
	}
	if text := refusesToStart(t, dir); !strings.Contains(text, "audit verify") {
		t.Errorf("the bridge goes on from an archive that is cut:\n%s", text)
	}
	if code, _ := mesbridge(t, "audit", "verify"); code != 2 {
		t.Errorf("verify of nothing ends with %d", code)
	}
}
