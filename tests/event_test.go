package tests

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mesbridge/rules"
)

// nobody is the matricule of nobody in a demonstration (docs/contract.md).
const nobody = "153124500723160"

var confirmCode = regexp.MustCompile(`--confirm ([0-9a-f]+)`)

// TestPatientEvent: D33 and OP17 from outside. An event is previewed, confirmed and traced; no matricule is
// printed; what was confirmed is what is carried out.
func TestPatientEvent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := startDemo(t, dir)
	ops := strings.TrimPrefix(d.Ops, "http://")
	doctor, patient := d.Professionals[0].Mailboxes[0], d.Patients[0]
	file := filepath.Join(t.TempDir(), "ins")
	event := func(name, matricules string, more ...string) (int, string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(matricules), 0o600); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"patient", "event", name, "--data", dir, "--ops", ops, "--patient", file, "--agent", "A. Gent"}, more...)
		code, text := mesbridge(t, args...)
		if strings.Contains(text, patient.INS) || strings.Contains(text, nobody) {
			t.Errorf("a matricule is printed: %s", text)
		}
		return code, text
	}
	carry := func(name, matricules string) {
		t.Helper()
		code, text := event(name, matricules)
		found := confirmCode.FindStringSubmatch(text)
		if code != 0 || found == nil {
			t.Fatalf("%s ends with %d: %s", name, code, text)
		}
		if code, text = event(name, matricules, "--confirm", found[1]); code != 0 || !strings.Contains(text, "done, traced for A. Gent") {
			t.Fatalf("%s confirmed ends with %d: %s", name, code, text)
		}
	}

	other := strings.Replace(patient.Address, patient.INS, nobody, 1)
	d.refusedAt(t, doctor, other, "550 5.1.1")
	carry("ins-merge", patient.INS+"\n"+nobody+"\n")
	d.accepted(t, doctor, other, note(doctor, other, "Nouveau matricule", "x"))
	d.accepted(t, doctor, patient.Address, note(doctor, patient.Address, "Ancien matricule", "x"))
	inbox := d.as(t, patient.Token)
	for _, subject := range []string{"Nouveau matricule", "Ancien matricule"} {
		inbox.about(subject)
	}
	carry("death", patient.INS)
	for _, address := range []string{patient.Address, other} {
		d.refusedAt(t, doctor, address, "550 5.2.1")
	}
	if code, text := event("death", patient.INS); code != 0 || !strings.Contains(text, "nothing changes") {
		t.Errorf("twice: %d, %s", code, text)
	}
	if code, text := event("death-corrected", patient.INS, "--confirm", "00000000"); code != 1 || !strings.Contains(text, "look again") {
		t.Errorf("another code: %d, %s", code, text)
	}
	carry("death-corrected", nobody)
	d.accepted(t, doctor, patient.Address, note(doctor, patient.Address, "Encore", "x"))
	for args, want := range map[string]string{
		"ins-change " + patient.INS + "\n" + nobody: "ins-merge",
		"death 000000000000000":                     "15 characters",
	} {
		name, matricules, _ := strings.Cut(args, " ")
		if code, text := event(name, matricules); code != 1 || !strings.Contains(text, want) {
			t.Errorf("%s: %d, %s", name, code, text)
		}
	}
	if code, _ := event("ins-merge", patient.INS); code != 2 {
		t.Errorf("one matricule of two ends with %d", code)
	}
	for _, p := range d.Patients[1:3] {
		d.accepted(t, doctor, p.Address, note(doctor, p.Address, "Contenu", "x"))
	}
	if code, text := event("ins-merge", d.Patients[1].INS+"\n"+d.Patients[2].INS); code != 1 || !strings.Contains(text, "wrong-patient (I232)") {
		t.Errorf("two mailboxes that hold something: %d, %s", code, text)
	}
}

// D33: the operator's page tells of every event of the table.
func TestOperations_tellEveryLifeEvent(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rules.LifeEvents() {
		if !strings.Contains(string(page), "\n| `"+string(row.Event)+"`") {
			t.Errorf("%s has no row", row.Event)
		}
	}
}

// refusedAt sends a message that must be refused with a reply.
func (d *demo) refusedAt(t *testing.T, from, to, want string) {
	t.Helper()
	if got := d.send(t, d.operatorOf(from), from, []string{to}, note(from, to, "x", "x")); !strings.HasPrefix(got, want+" ") {
		t.Errorf("answered %q, want %s", got, want)
	}
}
