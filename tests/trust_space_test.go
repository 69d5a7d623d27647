package tests

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mesbridge/bridge/delivery"
	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
	"mesbridge/cmd/mesbridge/app"
	"mesbridge/cmd/mesbridge/config"
	"mesbridge/cmd/mesbridge/redisserver"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// Names of the trust space of these tests.
const (
	citizenDomain = "patient.mssante.fr"
	auditSuffix   = ".espacedeconfiance.mssante.fr"
	bridgeHost    = "smtps1.patient.exemple.fr"
	listPath      = "/listeblanchemssante.xml"
	crlPath       = "/org.crl"
)

// trustSpace is a synthetic trust space with all its servers on loopback, and a whole bridge in it: the
// list comes over HTTPS with roots of its own, revocation from a list that the certificates name and, for
// the second authority, from an OCSP responder alone.
type trustSpace struct {
	t *testing.T

	org       *trusttest.PKI // certificates name a revocation list
	other     *trusttest.PKI // under the same root; certificates name a responder
	foreign   *trusttest.PKI // the same names, other keys
	site      *trusttest.Site
	lists     *trusttest.Site
	responder *trusttest.Responder
	signer    tls.Certificate
	own       tls.Certificate

	entries []trust.Entry
	revoked []*x509.Certificate
	servers delivery.Static

	dir      string
	settings config.Config
	log      *lockedLog
	app      *app.App
	patient  conversations.Patient
}

// lockedLog is the log of the bridge.
type lockedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newTrustSpace makes authorities and servers; nothing is listed yet but our own domain.
func newTrustSpace(t *testing.T) *trustSpace {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	s := &trustSpace{t: t, org: trusttest.New(t, now), foreign: trusttest.New(t, now), servers: delivery.Static{}, dir: t.TempDir(), log: &lockedLog{}}
	s.other = s.org.Sibling(t, "AC TEST REPONDEUR")
	s.site, s.responder = trusttest.NewSite(t, tls.Certificate{}), trusttest.NewResponder(t, s.other)
	web := trusttest.New(t, now)
	s.lists = trusttest.NewSite(t, web.Issue(t, trusttest.Name("127.0.0.1", "1", "EDITEUR"), trusttest.Loopback))
	s.signer = s.org.Signer(t, trust.SignerName, trusttest.ListAt(s.site.URL+crlPath))
	s.own = s.issue("318003502400041", "CNAM", bridgeHost)
	s.entries = []trust.Entry{trusttest.Entry(t, citizenDomain, s.own, now)}
	s.settings = s.configure(web)
	return s
}

// issue makes a certificate of the usual authority.
func (s *trustSpace) issue(unit, organisation, host string, changes ...trusttest.Change) tls.Certificate {
	s.t.Helper()
	changes = append([]trusttest.Change{trusttest.ListAt("ldap://ldap.test/cn=org", s.site.URL+crlPath)}, changes...)
	return s.org.Issue(s.t, trusttest.Name(host, unit, organisation), changes...)
}

// list adds a domain with the subject of a certificate to the white list.
func (s *trustSpace) list(domain string, cert tls.Certificate) {
	s.t.Helper()
	s.entries = append(s.entries, trusttest.Entry(s.t, domain, cert, s.org.At))
}

// mx starts the server of a domain; a zero certificate offers no TLS.
func (s *trustSpace) mx(domain string, show tls.Certificate) *mxServer {
	s.t.Helper()
	m := newMX(s.t, show, s.org.Root)
	s.servers[domain] = []delivery.Host{{Name: "mx." + domain, Address: m.addr}}
	return m
}

// signed is the white list as it stands, of a given date.
func (s *trustSpace) signed(generated time.Time) []byte {
	return trusttest.List(s.t, s.signer, generated, s.entries...)
}

// publish puts the lists on their servers.
func (s *trustSpace) publish(generated time.Time) {
	s.site.Put(crlPath, s.org.CRL(s.t, s.revoked...))
	s.lists.Put(listPath, s.signed(generated))
}

func (s *trustSpace) write(name string, data []byte) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// configure writes the files of a production start and returns its settings.
func (s *trustSpace) configure(web *trusttest.PKI) config.Config {
	signing, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		s.t.Fatal(err)
	}
	secret := config.SecretFile(s.write("secret", []byte(strings.Repeat("0f", 32))))
	ca := config.File(s.write("ca.pem", trusttest.CertificatePEM(s.org.Root, s.org.Issuer, s.other.Issuer)))
	c := config.Default()
	c.Environment, c.CitizenDomain, c.DataDir = config.Test, citizenDomain, s.dir
	c.Listen = config.Listen{HTTP: "127.0.0.1:0", SMTP: "127.0.0.1:0", Ops: "127.0.0.1:0"}
	c.Limits.QuotaBytes = c.Limits.MaxMessageBytes // a mailbox that a test can fill
	c.SMTP.Hostname, c.SMTP.CA = bridgeHost, ca
	c.SMTP.Certificate = config.File(s.write("own.pem", trusttest.CertificatePEM(s.own.Leaf, s.org.Issuer)))
	c.SMTP.Key = config.SecretFile(s.write("own.key", trusttest.KeyPEM(s.t, s.own)))
	c.WhiteList.URL, c.WhiteList.SignerRoots = s.lists.URL+listPath, ca
	c.WhiteList.Roots = config.File(s.write("web.pem", trusttest.CertificatePEM(web.Root)))
	c.Keys = config.Keys{Master: secret, PatientHash: secret}
	c.OAuth.Secret = secret
	c.OAuth.SigningKey = config.SecretFile(s.write("oauth.key",
		pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(signing)})))
	for _, p := range []*config.Provider{&c.Patients, &c.Professionals} {
		p.Issuer, p.ClientID, p.ClientSecret = "https://identite.test", "mesbridge", secret
	}
	return c
}

// start publishes the lists, starts the bridge and enrols a patient.
func (s *trustSpace) start() {
	s.t.Helper()
	s.publish(s.org.At.Add(-time.Hour))
	s.again()
	s.t.Cleanup(s.stop)
	actor := conversations.Actor{Kind: conversations.ActorSystem, ID: "test"}
	var err error
	if s.patient, err = s.app.Conversations.Enrol(s.t.Context(), actor, thePatient, "Dominique TEST", rules.Active); err != nil {
		s.t.Fatal(err)
	}
}

// again starts the bridge on the same data directory.
func (s *trustSpace) again() {
	s.t.Helper()
	lock, err := redisserver.LockDir(s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	listeners, err := app.Listen(s.t.Context(), s.settings.Listen)
	if err != nil {
		s.t.Fatal(err)
	}
	s.settings.PublicURL = "http://" + listeners.HTTP.Addr().String()
	s.app, err = app.Start(s.t.Context(), app.Options{
		Config: s.settings, Lock: lock, Listeners: listeners,
		Log:           slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Demonstration: &app.Demonstration{Servers: s.servers},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// stop ends the bridge and checks that its log names nobody.
func (s *trustSpace) stop() {
	if err := s.app.Stop(); err != nil {
		s.t.Error(err)
	}
	for _, personal := range []string{thePatient, "medecin@", "Dominique", "Sujet de", "corps du message"} {
		if strings.Contains(s.log.String(), personal) {
			s.t.Errorf("the log holds %q:\n%s", personal, s.log)
		}
	}
}

// metrics are those of the operations listener, as text.
func (s *trustSpace) metrics(t *testing.T) string {
	t.Helper()
	resp, err := http.Get("http://" + s.app.Listeners.Ops.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// clear connects without TLS yet.
func (s *trustSpace) clear(t *testing.T) *smtpClient {
	t.Helper()
	conn, err := net.Dial("tcp", s.app.Listeners.SMTP.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(60 * time.Second)); err != nil {
		t.Fatal(err)
	}
	c := &smtpClient{t: t, conn: conn, text: textproto.NewConn(conn)}
	c.expect("220")
	return c
}

// secure connects over TLS with a certificate; the zero one shows none. The server's own certificate is
// checked as an operator would.
func (s *trustSpace) secure(t *testing.T, show tls.Certificate) *smtpClient {
	t.Helper()
	c := s.clear(t)
	c.do("250", "EHLO operateur.test")
	c.do("220", "STARTTLS")
	roots, issuers := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(s.org.Root)
	issuers.AddCert(s.org.Issuer)
	conf := &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error {
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: issuers})
		return err
	}}
	if show.Leaf != nil {
		conf.Certificates = []tls.Certificate{show}
	}
	over := tls.Client(c.conn, conf)
	if err := over.HandshakeContext(t.Context()); err != nil {
		t.Fatalf("TLS: %v", err)
	}
	c.conn, c.text = over, textproto.NewConn(over)
	c.do("250", "EHLO operateur.test")
	return c
}

// deposit sends a message of a subject to the patient and returns the reply to the first step that is
// refused, or to the data.
func (s *trustSpace) deposit(t *testing.T, show tls.Certificate, from, subject string) string {
	t.Helper()
	c := s.secure(t, show)
	defer c.conn.Close()
	to := thePatient + "@" + citizenDomain
	return c.send(from, []string{to}, note(from, to, subject, "corps du message"))
}

// thread is the patient's conversation of a subject; nil when there is none.
func (s *trustSpace) thread(t *testing.T, subject string) *conversations.Thread {
	t.Helper()
	page, err := s.app.Conversations.Inbox(t.Context(), s.patient.ID, "", 200)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range page.Items {
		if line.Subject != subject {
			continue
		}
		found, err := s.app.Conversations.Thread(t.Context(), s.patient.ID, line.ID)
		if err != nil {
			t.Fatal(err)
		}
		return &found
	}
	return nil
}

// reply answers the conversation of a subject.
func (s *trustSpace) reply(t *testing.T, subject string) error {
	t.Helper()
	c := s.thread(t, subject)
	if c == nil {
		t.Fatalf("there is no conversation %q", subject)
	}
	actor := conversations.Actor{Kind: conversations.ActorPatient, ID: string(s.patient.ID), Name: s.patient.Name}
	_, err := s.app.Conversations.Reply(t.Context(), actor, s.patient.ID, c.ID, conversations.ReplyInput{Text: "corps du message", Choice: rules.ReplyToOne})
	return err
}

// delivery is the state of the patient's last reply in the conversation of a subject.
func (s *trustSpace) delivery(t *testing.T, subject string) conversations.DeliveryState {
	t.Helper()
	for _, m := range s.thread(t, subject).Messages {
		if m.Mine && m.Delivery != nil {
			return m.Delivery.State
		}
	}
	return ""
}
