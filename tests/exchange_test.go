package tests

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// program is somebody else's software: it has a certificate, or none.
type program struct {
	t      *testing.T
	client *http.Client
}

// programWith believes the authority of the demonstration; cert and key may be empty.
func (d *demo) programWith(cert, key string) program {
	d.t.Helper()
	authority, err := os.ReadFile(d.PKI.CA)
	if err != nil {
		d.t.Fatal(err)
	}
	settings := &tls.Config{RootCAs: x509.NewCertPool()}
	settings.RootCAs.AppendCertsFromPEM(authority)
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			d.t.Fatal(err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{TLSClientConfig: settings}
	d.t.Cleanup(transport.CloseIdleConnections)
	return program{d.t, &http.Client{
		Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// post sends a form and decodes the answer.
func (p program) post(target string, form url.Values) (int, map[string]any, http.Header) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, target, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.do(r)
}

// get asks with a bearer token and gives the status.
func (p program) get(target, token string) (int, map[string]any) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, target, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	status, answer, _ := p.do(r)
	return status, answer
}

func (p program) do(r *http.Request) (int, map[string]any, http.Header) {
	p.t.Helper()
	res, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var v map[string]any
	_ = json.Unmarshal(text, &v) // a page has none
	return res.StatusCode, v, res.Header
}

// pscToken logs somebody in at the provider, as the editor's software does it there, and gives the access token.
func (p program) pscToken(d *demo, person string) string {
	p.t.Helper()
	e, verifier := d.Editor, oauth2.GenerateVerifier()
	asked := url.Values{
		"response_type": {"code"}, "client_id": {e.ProviderClientID}, "redirect_uri": {e.ProviderRedirect}, "scope": {"openid scope_all"},
		"state": {strings.Repeat("s", 32)}, "nonce": {strings.Repeat("n", 32)}, "acr_values": {"eidas1"},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(verifier)}, "code_challenge_method": {"S256"},
	}
	_, _, head := p.post(e.Provider+"/authorize?"+asked.Encode(), url.Values{"sub": {person}})
	back, err := url.Parse(head.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		p.t.Fatalf("the provider gave no code: %s", head.Get("Location"))
	}
	_, tokens, _ := p.post(e.Provider+"/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {e.ProviderRedirect},
		"code_verifier": {verifier}, "client_id": {e.ProviderClientID}, "client_secret": {e.ProviderClientSecret},
	})
	token, _ := tokens["access_token"].(string)
	return token
}

func exchangeOf(d *demo, token string) url.Values {
	return url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "client_id": {d.Editor.ClientID}, "subject_token": {token},
		"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "scope": {"thread.read"},
	}
}

// TestMutualTLS_programs: what software with a certificate can do, on the whole program.
func TestMutualTLS_programs(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	editorExchanges(t, d)
	clinicShowsItsCertificate(t, d)
}

// editorExchanges goes from the login at the provider to a read in the API (I52 to I54).
func editorExchanges(t *testing.T, d *demo) {
	t.Helper()
	editor, bare := d.programWith(d.Editor.Cert, d.Editor.Key), d.programWith("", "")
	operator := d.programWith(d.PKI.Operators[0].Cert, d.PKI.Operators[0].Key)
	token := editor.pscToken(d, "demo-professional-0")

	status, _, _ := bare.post(d.MTLS+"/oauth/token", exchangeOf(d, token))
	if status != http.StatusUnauthorized {
		t.Errorf("an exchange without a certificate: %d", status)
	}
	if status, _, _ = operator.post(d.MTLS+"/oauth/token", exchangeOf(d, token)); status != http.StatusUnauthorized {
		t.Errorf("an exchange with an operator's certificate: %d", status)
	}
	status, tokens, _ := editor.post(d.MTLS+"/oauth/token", exchangeOf(d, token))
	if status != http.StatusOK {
		t.Fatalf("the exchange: %d %v", status, tokens)
	}
	ours, _ := tokens["access_token"].(string)
	if left, _ := tokens["expires_in"].(float64); left <= 0 || left > 120 {
		t.Errorf("it lives for %v seconds, and the provider's for two minutes (I23)", left)
	}
	mailbox := "/api/v1/exchanges?mailbox=" + url.QueryEscape(d.Professionals[0].Mailboxes[0])
	for name, c := range map[string]struct {
		p      program
		target string
		want   int
	}{
		"the software itself":      {editor, d.MTLS + mailbox, http.StatusOK},
		"without the certificate":  {bare, d.MTLS + mailbox, http.StatusUnauthorized},
		"with another certificate": {operator, d.MTLS + mailbox, http.StatusUnauthorized},
		"over plain http":          {editor, d.HTTP + mailbox, http.StatusUnauthorized},
		"somebody else's mailbox":  {editor, d.MTLS + "/api/v1/exchanges?mailbox=" + url.QueryEscape(d.Professionals[1].Mailboxes[0]), http.StatusNotFound},
		"a page":                   {editor, d.MTLS + "/pro", http.StatusNotFound},
		"a login":                  {editor, d.MTLS + "/oauth/login/patient", http.StatusNotFound},
	} {
		if got, _ := c.p.get(c.target, ours); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if status, _, _ = editor.post(d.MTLS+"/oauth/token", exchangeOf(d, ours)); status != http.StatusBadRequest {
		t.Errorf("a token of ours is exchanged: %d", status)
	}
}

// clinicShowsItsCertificate: what the command line registers authenticates by it, and its token is bound.
func clinicShowsItsCertificate(t *testing.T, d *demo) {
	t.Helper()
	cert, key := selfSigned(t)
	clinic := d.Clinics[0]
	if secret := d.clients("add", "--id", "sih-tls", "--name", "Dossier de soins", "--kind", "application", "--scope", "thread.read",
		"--finess", clinic.FINESS, "--mailbox", clinic.Mailboxes[0], "--certificate", cert); secret != "" {
		t.Error("a client with a certificate got a secret")
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"sih-tls"}, "scope": {"thread.read"}}
	status, tokens, _ := d.programWith(cert, key).post(d.MTLS+"/oauth/token", form)
	if status != http.StatusOK {
		t.Fatalf("the token: %d %v", status, tokens)
	}
	token, _ := tokens["access_token"].(string)
	target := "/api/v1/exchanges?mailbox=" + url.QueryEscape(clinic.Mailboxes[0])
	if status, _ = d.programWith(cert, key).get(d.MTLS+target, token); status != http.StatusOK {
		t.Errorf("with the certificate: %d", status)
	}
	if status, _ = d.programWith("", "").get(d.HTTP+target, token); status != http.StatusUnauthorized {
		t.Errorf("without the certificate: %d", status)
	}
}

// selfSigned makes a certificate that nobody vouches for.
func selfSigned(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sih.clinique.exemple.fr"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "sih.pem"), filepath.Join(t.TempDir(), "sih.key")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
