package trust_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
)

// xmlsec runs Debian's xmlsec1, an implementation of XML signatures that shares nothing with ours.
func xmlsec(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "xmlsec1", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal("xmlsec1 is missing: run `make test`, which installs it, or `apt-get install xmlsec1`")
	}
	return string(out), err
}

// TestSign_crossCheck has xmlsec1 judge our signatures and has us judge its own (O34).
func TestSign_crossCheck(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	odd := trusttest.Entry(t, "a.mssante.fr", s.operator, at)
	odd.Description = "É \u00a0 <&> \"guillemets\" 'apostrophe' ]]>\ttab\r\nfin"
	ours := trusttest.List(t, s.signer, at, s.entries(t, odd)...)
	key := file("signer.pem", trusttest.CertificatePEM(s.signer.Leaf))
	verify := func(path string) error {
		out, err := xmlsec(t, "--verify", "--pubkey-cert-pem", key, path)
		if err != nil {
			t.Logf("xmlsec1: %s", out)
		}
		return err
	}
	if err := verify(file("ours.xml", ours)); err != nil {
		t.Errorf("xmlsec1 refuses our signature: %v", err)
	}
	altered := strings.Replace(string(ours), "a.mssante.fr", "b.mssante.fr", 1)
	if err := verify(file("altered.xml", []byte(altered))); err == nil {
		t.Error("xmlsec1 accepts an altered list: the cross-check proves nothing")
	}
	template := regexp.MustCompile(`(?s)<DigestValue>.*</DigestValue>`).ReplaceAllString(string(ours), "<DigestValue></DigestValue>")
	template = regexp.MustCompile(`(?s)<SignatureValue>.*</SignatureValue>`).ReplaceAllString(template, "<SignatureValue></SignatureValue>")
	theirs := filepath.Join(dir, "theirs.xml")
	out, err := xmlsec(t, "--sign", "--privkey-pem", file("key.pem", trusttest.KeyPEM(t, s.signer)), "--output", theirs, file("template.xml", []byte(template)))
	if err != nil {
		t.Fatalf("xmlsec1 does not sign: %v %s", err, out)
	}
	data, err := os.ReadFile(theirs)
	if err != nil {
		t.Fatal(err)
	}
	list, err := trust.Verify(data, s.options())
	if err != nil || !list.Allows("a.mssante.fr", s.operator.Leaf) {
		t.Errorf("we refuse the signature of xmlsec1: %v", err)
	}
}
