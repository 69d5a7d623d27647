package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"mesbridge/cmd/mesbridge/demo"
)

// output is what a command wrote. It may be read while the command runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// mesbridge runs one command line to its end.
func mesbridge(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs output
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestRun_exitCodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := write(t, dir, "empty.yaml", "")
	unknown := write(t, dir, "unknown.yaml", "imap: yes\n")
	_, text, _ := mesbridge(t, "config", "example")
	example := write(t, dir, "example.yaml", text)
	add := slices.Clip([]string{
		"clients", "add", "--data", dir, "--id", "a", "--name", "A", "--kind", "professional", "--scope", "thread.read", "--redirect", "https://a.example/",
	})
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{nil, exitDone, "check-config", ""},
		{[]string{"help"}, exitDone, "check-config", ""},
		{[]string{"help", "demo"}, exitDone, "--ready", ""},
		{[]string{"help", "trust", "verify"}, exitDone, "--at", ""},
		{[]string{"demo", "--help"}, exitDone, "--data", ""},
		{[]string{"version"}, exitDone, "mesbridge ", ""},
		{[]string{"simulate"}, exitUsage, "", "see mesbridge help"}, // of a later version
		{[]string{"--nonsense"}, exitUsage, "", "see mesbridge help"},
		{[]string{"serve"}, exitUsage, "", "--config"},
		{[]string{"check-config", example}, exitDone, "complete", "note: "},
		{[]string{"check-config", empty}, exitUsage, "", "dataDir is missing"},
		{[]string{"check-config", unknown}, exitUsage, "", "no setting imap"},
		{[]string{"check-config", dir + "/absent"}, exitUsage, "", "no such file"},
		{[]string{"serve", "--config", example}, exitUsage, "", "master.key"},
		{[]string{"serve", "--config", unknown}, exitUsage, "", "no setting imap"},
		{[]string{"demo", "--http", "0.0.0.0:0"}, exitUsage, "", "stays on this machine"},
		{[]string{"demo", "--smtp", ":25"}, exitUsage, "", "stays on this machine"},
		{[]string{"demo", "--log", "loud"}, exitUsage, "", "--log"},
		{[]string{"clients", "list"}, exitUsage, "", "--config=FILE or --data=DIR"},
		{[]string{"clients", "list", "--data", dir}, exitDone, "AUTHENTICATION", ""},
		{[]string{"clients", "list", "--data", dir + "/absent"}, exitUsage, "", "no data directory"},
		{[]string{"clients", "remove", "--data", dir, "nobody"}, exitFailed, "", "clients list"},
		{[]string{"clients", "rotate", "--data", dir, "--keep", "-1h", "nobody"}, exitUsage, "", "--keep"},
		{[]string{"clients", "add", "--data", dir, "--id", "a", "--name", "A", "--kind", "application", "--scope", "admin"}, exitUsage, "", "--finess"},
		{append(add, "--exchange", "x"), exitUsage, "", "--certificate or --tls-subject"},
		{append(add, "--public", "--tls-subject", "CN=a"), exitUsage, "", "a public client proves nothing"},
		{append(add, "--tls-subject", "nonsense"), exitUsage, "", "-nameopt RFC2253"},
		{append(add, "--certificate", empty), exitUsage, "", "is not a certificate in PEM"},
		{[]string{"directory", "import", empty}, exitFailed, "", "directory"},
		{[]string{"trust", "verify", empty}, exitUsage, "", "--ca"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := mesbridge(t, c.args...)
			if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) {
				t.Errorf("code %d, want %d\n%s\n%s", code, c.code, stdout, stderr)
			}
			for line := range strings.Lines(stderr) {
				if !strings.HasPrefix(line, "mesbridge: ") {
					t.Errorf("error line %q does not say who speaks", line)
				}
			}
		})
	}
}

// Commands of later versions are not offered.
func TestRun_help_listsWhatThereIs(t *testing.T) {
	t.Parallel()
	_, stdout, _ := mesbridge(t, "help")
	for _, later := range []string{"simulate", "conform"} {
		if regexp.MustCompile(`(?m)^\s+` + later).MatchString(stdout) {
			t.Errorf("%s is offered", later)
		}
	}
}

func TestTrustVerify(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := space(t, dir)
	foreign := filepath.Join(dir, "foreign", "ca.pem")
	list, err := os.ReadFile(s.WhiteList)
	if err != nil {
		t.Fatal(err)
	}
	altered := write(t, dir, "altered.xml", strings.Replace(string(list), "opaline.mssante.fr", "autre.mssante.fr", 1))
	for _, c := range []struct {
		name string
		args []string
		code int
		text string
	}{
		{"valid, chain beside the list", []string{s.WhiteList}, exitDone, "valid: generated"},
		{"valid, chain named", []string{s.WhiteList, "--ca", s.CA, "--crl", s.CRL}, exitDone, "valid: generated"},
		{"at its own time", []string{s.WhiteList, "--at", time.Now().UTC().Format(time.RFC3339)}, exitDone, "valid"},
		{"from the future", []string{s.WhiteList, "--at", "2020-01-01T00:00:00Z"}, exitFailed, "rollback"},
		{"altered", []string{altered, "--ca", s.CA}, exitFailed, "signature"},
		{"another authority", []string{s.WhiteList, "--ca", foreign}, exitFailed, "signer"},
		{"another signer", []string{s.WhiteList, "--ca", s.CA, "--signer", "someone.else"}, exitFailed, "signer-name"},
		{"each check is told", []string{s.WhiteList}, exitDone, "signer-name  ok\n"},
		{"what was not checked is told", []string{s.WhiteList}, exitDone, "revocation   ok       not checked"},
		{"refusal is told", []string{altered, "--ca", s.CA}, exitFailed, "signature    refused\n"},
		{"beside the list in service", []string{s.WhiteList, "--previous", s.WhiteList}, exitDone, "valid"},
		{"our own entry", []string{s.WhiteList, "--domain", "patient.mssante.fr", "--certificate", s.Bridge.Cert}, exitDone, "valid"},
		{"our own entry is another's", []string{s.WhiteList, "--domain", "patient.mssante.fr", "--certificate", s.Operators[0].Cert}, exitFailed, "plausibility"},
		{"half of our own entry", []string{s.WhiteList, "--domain", "patient.mssante.fr"}, exitUsage, "go together"},
		{"time that is none", []string{s.WhiteList, "--at", "noon"}, exitUsage, "--at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := mesbridge(t, append([]string{"trust", "verify"}, c.args...)...)
			if code != c.code || !strings.Contains(stdout+stderr, c.text) {
				t.Errorf("code %d, want %d\n%s%s", code, c.code, stdout, stderr)
			}
		})
	}
}

// TestTrustAccept covers O17: what an administrator accepts still has to be a good list.
func TestTrustAccept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := space(t, dir)
	code, stdout, stderr := mesbridge(t, "trust", "accept", s.WhiteList, "--data", dir)
	if _, err := os.Stat(filepath.Join(dir, "white-list.xml.accept")); err != nil || code != exitDone || !strings.Contains(stdout, "accepted once") {
		t.Errorf("code %d\n%s%s%v", code, stdout, stderr, err)
	}
	code, _, stderr = mesbridge(t, "trust", "accept", s.CA, "--ca", s.CA, "--data", t.TempDir())
	if code != exitFailed || !strings.Contains(stderr, "nothing can accept") {
		t.Errorf("code %d\n%s", code, stderr)
	}
}

func TestDirectoryImport_counts(t *testing.T) {
	t.Parallel()
	s := space(t, t.TempDir())
	code, stdout, stderr := mesbridge(t, "directory", "import", s.Directory)
	if code != exitDone || !strings.Contains(stdout, "14 mailboxes in 14 rows, 0 rows passed over") {
		t.Errorf("code %d\n%s%s", code, stdout, stderr)
	}
}

// production writes a configuration over a synthetic trust space, changed as replace says, old and new
// text in turn.
func production(t *testing.T, dir string, replace ...string) string {
	t.Helper()
	s := space(t, filepath.Join(dir, "pki"))
	secret := func(name, content string) string { return write(t, dir, name, content) }
	key := strings.Repeat("0f", 32)
	signing, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(signing)})
	text := fmt.Sprintf(`
environment: production
dataDir: %s
publicURL: https://messagerie.exemple.fr
listen: {http: "127.0.0.1:0", smtp: "127.0.0.1:0", ops: "127.0.0.1:0"}
smtp: {hostname: %s, certificate: %s, key: %s, ca: %s, crls: [%s]}
whiteList: {file: %s, signerRoots: %s}
directory: {file: %s}
keys: {master: %s, patientHash: %s}
oauth: {secret: %s, signingKey: %s}
patients: {issuer: "https://patients.exemple.fr", clientID: a, clientSecret: %s}
professionals: {issuer: "https://pros.exemple.fr", clientID: a, clientSecret: %s}
log: {format: text, level: info}
`, filepath.Join(dir, "data"), demo.ServerName, s.Bridge.Cert, s.Bridge.Key, s.CA, s.CRL, s.WhiteList, s.CA, s.Directory,
		secret("master.key", key), secret("hash.key", key), secret("oauth.secret", key), secret("oauth.key", string(pemKey)),
		secret("patients.secret", "p"), secret("pros.secret", "p"))
	return write(t, dir, "mesbridge.yaml", strings.NewReplacer(replace...).Replace(text))
}

// TestServe is not parallel to itself: the client library's log is one for the whole process.
func TestServe(t *testing.T) {
	t.Run("starts and stops", serveStartsAndStops)
	t.Run("own certificate not in the list D2", func(t *testing.T) {
		config := production(t, t.TempDir(), "environment: production", "environment: production\ncitizenDomain: opaline.mssante.fr")
		code, _, stderr := mesbridge(t, "serve", "--config", config)
		if code != exitUsage || !strings.Contains(stderr, "D2") {
			t.Errorf("code %d\n%s", code, stderr)
		}
	})
	t.Run("secret that others may read", func(t *testing.T) {
		dir := t.TempDir()
		config := production(t, dir)
		if err := os.Chmod(filepath.Join(dir, "oauth.secret"), 0o644); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := mesbridge(t, "serve", "--config", config)
		if code != exitUsage || !strings.Contains(stderr, "chmod 600") {
			t.Errorf("code %d\n%s", code, stderr)
		}
	})
	t.Run("demonstration provider D26", func(t *testing.T) {
		config := production(t, t.TempDir(), "https://patients.exemple.fr", "http://127.0.0.1:9000/patients")
		code, _, stderr := mesbridge(t, "serve", "--config", config)
		if code != exitUsage || !strings.Contains(stderr, "patients.issuer") {
			t.Errorf("code %d\n%s", code, stderr)
		}
	})
	t.Run("address taken", func(t *testing.T) {
		config := production(t, t.TempDir(), `ops: "127.0.0.1:0"`, `ops: "192.0.2.1:1"`)
		code, _, stderr := mesbridge(t, "serve", "--config", config)
		if code != exitFailed || !strings.Contains(stderr, "choose another address") {
			t.Errorf("code %d\n%s", code, stderr)
		}
	})
}

// serveStartsAndStops runs a production start until it is ready, then stops it.
func serveStartsAndStops(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, errs output
	config := production(t, t.TempDir())
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"serve", "--config", config}, &out, &errs) }()
	ops := regexp.MustCompile(`msg=serving .*ops=(\S+)`)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ops.MatchString(errs.String()) {
		select {
		case code := <-ended:
			t.Fatalf("ended with code %d\n%s", code, errs.String())
		case <-tick.C:
		}
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+ops.FindStringSubmatch(errs.String())[1]+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("readyz: %d\n%s", res.StatusCode, errs.String())
	}
	code, _, stderr := mesbridge(t, "serve", "--config", config)
	if code != exitFailed || !strings.Contains(stderr, "another bridge is running") {
		t.Errorf("second start on live data: code %d\n%s", code, stderr)
	}
	stop()
	if code := <-ended; code != exitDone {
		t.Errorf("stopped with code %d\n%s", code, errs.String())
	}
}

func space(t *testing.T, dir string) *demo.Space {
	t.Helper()
	s, err := demo.OpenSpace(dir, demo.People(), time.Now().Add(-time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
