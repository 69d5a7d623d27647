package tests

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// enrolWorld is a demonstration with an officer and somebody whom nobody enrolled yet.
type enrolWorld struct {
	*demo
	dir     string
	officer api
	browser *http.Client
}

// TestEnrolment covers D26 with the whole program: from the officer before the patient to the first message read, what is
// refused on the way, across a restart, and back: unlinked, and enrolled anew by the command line.
func TestEnrolment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w := &enrolWorld{demo: startDemo(t, dir), dir: dir}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w.browser = &http.Client{Jar: jar, Timeout: time.Minute}
	for _, p := range w.Professionals {
		if p.Enrols {
			w.officer = w.as(t, p.Token)
		}
	}
	doctor, to := w.Professionals[0].Mailboxes[0], w.Newcomer.Address
	w.refusedAt(t, doctor, to, "550 5.1.1")
	w.logsIn(t, "/rattachement", "ne mène encore à aucune messagerie")
	w.tries(t, "2345-6789-ABCD-EFGH", "/rattachement", "erreur de frappe")

	first := w.handed(t, w.Newcomer.BirthDate)
	w.accepted(t, doctor, to, note(doctor, to, "Bienvenue", "Voici votre compte rendu."))
	wrong := w.handed(t, "1994-05-18") // another day of birth than the login's: the code is nobody's
	w.tries(t, first, "/rattachement", "n’est pas valable pour vous")
	w.tries(t, wrong, "/rattachement", "n’est pas valable pour vous")
	good := w.handed(t, w.Newcomer.BirthDate)
	w.tries(t, strings.ToLower(good), "/conditions", "Conditions")
	w.acceptsTerms(t)
	w.reads(t, "Bienvenue")
	w.officer.refusesEnrolment(t, http.StatusConflict, "already-linked", w.label(w.Newcomer.BirthDate))

	w.stop()
	w.demo = startDemo(t, dir)
	w.officer.base = w.HTTP + "/api/v1"
	w.logsIn(t, "/messages", "Bienvenue")
	w.commands(t)
	w.hidden(t, good)
}

// label is what the officer reads on the label of identity.
func (w *enrolWorld) label(birth string) map[string]any {
	n := w.Newcomer
	return map[string]any{
		"ins": n.INS, "familyName": n.FamilyName, "givenNames": n.GivenNames, "birthDate": birth, "sex": n.Sex, "birthPlace": n.BirthPlace,
		"document": "identity-card", "identityChecked": true,
	}
}

// handed has the officer enrol the newcomer, and returns the code.
func (w *enrolWorld) handed(t *testing.T, birth string) string {
	t.Helper()
	var got struct{ Code string }
	w.officer.want(http.StatusCreated, &got, http.MethodPost, "/enrolments", w.label(birth))
	return got.Code
}

// refusesEnrolment makes an enrolment that must be refused.
func (a api) refusesEnrolment(t *testing.T, status int, code string, body any) {
	t.Helper()
	if got, text, _ := a.do(http.MethodPost, "/enrolments", body); got != status || !strings.Contains(string(text), code) {
		t.Errorf("%d %s, want %d %s", got, text, status, code)
	}
}

// at checks where the browser is, and what it shows.
func (w *enrolWorld) at(t *testing.T, res *http.Response, err error, path, shown string) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.Request.URL.Path != path || !strings.Contains(strings.ReplaceAll(string(text), "\u00a0", " "), shown) {
		t.Fatalf("at %s with %d: %v\n%.2500s", res.Request.URL, res.StatusCode, err, text)
	}
	return string(text)
}

// logsIn lets the newcomer log in by the provider.
func (w *enrolWorld) logsIn(t *testing.T, path, shown string) {
	t.Helper()
	res, err := w.browser.Get(w.Web.PatientLogin + "?return=/messages")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	res, err = w.browser.PostForm(res.Request.URL.String(), url.Values{"sub": {w.Newcomer.Login}})
	w.at(t, res, err, path, shown)
}

var formToken = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// token is the token of the form of a page.
func (w *enrolWorld) token(t *testing.T, path string) string {
	t.Helper()
	res, err := w.browser.Get(w.HTTP + path)
	found := formToken.FindStringSubmatch(w.at(t, res, err, path, "csrf"))
	if found == nil {
		t.Fatalf("%s has no form", path)
	}
	return found[1]
}

// tries types a code.
func (w *enrolWorld) tries(t *testing.T, code, path, shown string) {
	t.Helper()
	res, err := w.browser.PostForm(w.HTTP+"/rattachement", url.Values{"csrf": {w.token(t, "/rattachement")}, "code": {code}})
	w.at(t, res, err, path, shown)
}

// acceptsTerms is the first thing that somebody new is asked (D32).
func (w *enrolWorld) acceptsTerms(t *testing.T) {
	t.Helper()
	res, err := w.browser.Get(w.HTTP + "/conditions")
	text := w.at(t, res, err, "/conditions", "csrf")
	version := regexp.MustCompile(`name="version" value="([^"]+)"`).FindStringSubmatch(text)
	res, err = w.browser.PostForm(w.HTTP+"/conditions", url.Values{
		"csrf": {formToken.FindAllStringSubmatch(text, -1)[0][1]}, "version": {version[1]}, "accepte": {"oui"}, "retour": {"/messages"},
	})
	w.at(t, res, err, "/messages", "")
}

// reads opens the first message.
func (w *enrolWorld) reads(t *testing.T, subject string) {
	t.Helper()
	res, err := w.browser.Get(w.HTTP + "/messages")
	text := w.at(t, res, err, "/messages", subject)
	link := regexp.MustCompile(`href="(/messages/[a-z0-9]+)"`).FindStringSubmatch(text)
	if link == nil {
		t.Fatal("no conversation to open")
	}
	res, err = w.browser.Get(w.HTTP + link[1])
	w.at(t, res, err, link[1], "Voici votre compte rendu.")
}

// command runs one of the commands about patients, with a file.
func (w *enrolWorld) command(t *testing.T, want int, text, flag, name string, more ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"patient", name, "--data", w.dir, "--ops", strings.TrimPrefix(w.Ops, "http://"), "--agent", "A. Gent"}, more...)
	if flag != "" {
		args = append(args, flag, file)
	}
	code, out := mesbridge(t, args...)
	if code != want || strings.Contains(out, w.Newcomer.INS) || strings.Contains(out, w.Newcomer.FamilyName) {
		t.Fatalf("%s ends with %d: %s", name, code, out)
	}
	return out
}

// commands does by the command line what the pages do: unlink, enrol anew, codes, represent and dismiss.
func (w *enrolWorld) commands(t *testing.T) {
	t.Helper()
	n := w.Newcomer
	for _, want := range []string{"done, traced for A. Gent", "nothing changes"} {
		if out := w.command(t, 0, n.INS, "--patient", "unlink"); !strings.Contains(out, want) {
			t.Errorf("unlink: %s", out)
		}
	}
	res, err := w.browser.Get(w.HTTP + "/messages") // the session ended, and the provider's page asks who it is
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if strings.HasPrefix(res.Request.URL.String(), w.HTTP) {
		t.Errorf("after the unlinking the browser is at %s", res.Request.URL)
	}
	identity := "ins: \"" + n.INS + "\"\nfamilyName: " + n.FamilyName + "\ngivenNames: " + n.GivenNames + "\nbirthDate: \"" + n.BirthDate +
		"\"\nsex: " + n.Sex + "\ndocument: passport\n"
	w.command(t, 2, identity, "--identity", "enrol")
	w.command(t, 2, "surname: x\n", "--identity", "enrol", "--checked")
	out := w.command(t, 0, identity, "--identity", "enrol", "--checked")
	w.command(t, 0, identity, "--identity", "enrol", "--checked")
	listed := w.command(t, 0, "", "", "codes")
	if !strings.Contains(listed, "2 codes of A. Gent") || !strings.Contains(listed, "revoked") || !regexp.MustCompile(`code: ([A-Z2-9]{4}-){3}[A-Z2-9]{4}\n`).MatchString(out) {
		t.Errorf("%s\n%s", out, listed)
	}
	waiting := regexp.MustCompile(`([a-z0-9]+)  waiting`).FindStringSubmatch(listed)
	w.command(t, 0, "", "", "revoke", waiting[1])
	if listed = w.command(t, 0, "", "", "codes"); strings.Contains(listed, "waiting") {
		t.Error(listed)
	}
	if out := w.command(t, 0, n.Login+" "+n.INS+" Solène AUBREVILLE\n\n", "--from", "bind"); !strings.Contains(out, "1 logins are bound") {
		t.Error(out)
	}
	w.logsIn(t, "/messages", "Bienvenue")
	adult := n.INS + "\n" + w.Patients[0].INS
	w.command(t, 1, adult, "--patient", "represent", "--kind", "parent") // no minor
	w.command(t, 0, adult, "--patient", "represent", "--kind", "protector", "--scope", "read")
	var profiles struct{ Items []struct{ Name string } }
	w.as(t, w.Patients[0].Token).want(http.StatusOK, &profiles, http.MethodGet, "/profiles", nil)
	if len(profiles.Items) != 2 {
		t.Errorf("%+v", profiles)
	}
	for _, want := range []string{"done", "nothing changes"} {
		if out := w.command(t, 0, adult, "--patient", "dismiss"); !strings.Contains(out, want) {
			t.Errorf("dismiss: %s", out)
		}
	}
}

// hidden checks that neither code, name nor subject is readable on the disk or in redis.
func (w *enrolWorld) hidden(t *testing.T, code string) {
	t.Helper()
	w.stop()
	texts := []string{code, strings.ReplaceAll(code, "-", ""), w.Newcomer.INS, w.Newcomer.Login}
	err := filepath.WalkDir(w.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(path, "/pki/") || strings.Contains(path, "operator") {
			return err
		}
		content, err := os.ReadFile(path)
		for _, text := range texts {
			if strings.Contains(string(content), text) {
				t.Errorf("%s holds %q", path, text)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
