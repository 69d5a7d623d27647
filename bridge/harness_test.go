package bridge_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mesbridge/bridge"
	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// at is the instant around which all certificates of these tests are valid.
var at = time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)

const (
	citizens = "patient.mssante.fr"
	doctor   = "dr.martin@ch-exemple.mssante.fr"
	alice    = "279035121518989@" + citizens
)

// The service is what the server will be given.
var _ bridge.Inbox = (*conversations.Service)(nil)

// bench is a server with a synthetic trust space and an inbox that a test controls.
type bench struct {
	*trusttest.PKI
	t       *testing.T
	addr    string
	server  *bridge.Server
	inbox   *inbox
	log     *lockedBuffer
	clock   atomic.Value // time.Time by which certificates are judged
	listErr error        // of the white list, when there is none
	lists   sync.Mutex
	served  chan error

	officeDir string

	operator, second, unlisted, revoked tls.Certificate
}

// newBench starts a server; change may alter its settings.
func newBench(t *testing.T, change ...func(*bridge.Config)) *bench {
	t.Helper()
	return newBenchOn(t, func(*bridge.Deps) {}, change...)
}

// newBenchOn is newBench with something else to stand on.
func newBenchOn(t *testing.T, on func(*bridge.Deps), change ...func(*bridge.Config)) *bench {
	t.Helper()
	p := trusttest.New(t, at)
	b := &bench{
		PKI: p, t: t, inbox: newInbox(), log: &lockedBuffer{}, served: make(chan error, 1),
		operator: p.Issue(t, trusttest.Name("smtp.ch-exemple.fr", "1990000001", `CH  "EXEMPLE" & Fils`)),
		second:   p.Issue(t, trusttest.Name("smtp.autre.fr", "1990000002", "AUTRE")),
		unlisted: p.Issue(t, trusttest.Name("smtp.inconnu.fr", "1990000003", "INCONNU")),
		revoked:  p.Issue(t, trusttest.Name("smtp.ch-exemple.fr", "1990000001", `CH  "EXEMPLE" & Fils`)),
	}
	own := p.Issue(t, trusttest.Name("smtps1.patient.exemple.fr", "318003502400041", "CNAM"))
	b.clock.Store(at)
	list := b.list(own)
	config := bridge.Config{Host: "smtps1.patient.exemple.fr", CitizenDomain: citizens, CheckINSKey: true}
	for _, c := range change {
		c(&config)
	}
	identity, err := trust.NewIdentity(own, p.Chain(), revocation(t, p, p.CRL(t, b.revoked.Leaf)), b.judgedAt)
	if err != nil {
		t.Fatal(err)
	}
	deps := bridge.Deps{
		Inbox: b.inbox, Identity: identity, Now: time.Now, Pause: bridge.Pause, Office: b.office(t),
		Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		List: func() (*trust.List, error) {
			b.lists.Lock()
			defer b.lists.Unlock()
			return list, b.listErr
		},
	}
	on(&deps)
	b.server = bridge.NewServer(config, deps)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b.addr = ln.Addr().String()
	go func() { b.served <- b.server.Serve(context.Background(), ln) }()
	t.Cleanup(b.stop)
	return b
}

// office is where mail to the operator is filed.
func (b *bench) office(t *testing.T) *bridge.Maildir {
	t.Helper()
	b.officeDir = t.TempDir()
	root, err := os.OpenRoot(b.officeDir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	m, err := bridge.NewMaildir(root)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// filed gives the messages that the operator can read.
func (b *bench) filed(t *testing.T) (all []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(b.officeDir, "new", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(content))
	}
	if left, _ := filepath.Glob(filepath.Join(b.officeDir, "tmp", "*")); len(left) > 0 {
		t.Errorf("%d files are left in tmp", len(left))
	}
	return all
}

func (b *bench) judgedAt() time.Time {
	now, ok := b.clock.Load().(time.Time)
	if !ok {
		b.t.Error("the clock is not set")
	}
	return now
}

// list signs and verifies a white list with our domain, the operator's, and one that two operators
// serve.
func (b *bench) list(own tls.Certificate) *trust.List {
	b.t.Helper()
	data := trusttest.List(b.t, b.Signer(b.t, trust.SignerName), at,
		trusttest.Entry(b.t, citizens, own, at),
		trusttest.Entry(b.t, "ch-exemple.mssante.fr", b.operator, at),
		trusttest.Entry(b.t, "autre.mssante.fr", b.second, at),
		trusttest.Entry(b.t, "commun.mssante.fr", b.operator, at),
		trusttest.Entry(b.t, "commun.mssante.fr", b.second, at),
	)
	list, err := trust.Verify(data, trust.Options{Chain: b.Chain(), Now: at})
	if err != nil {
		b.t.Fatal(err)
	}
	return list
}

// noList takes the white list away.
func (b *bench) noList(err error) {
	b.lists.Lock()
	defer b.lists.Unlock()
	b.listErr = err
}

// until tries again until something holds. It is for what the server does after a connection ended.
func (b *bench) until(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatal("it did not happen within ten seconds")
		}
	}
}

// stop ends the server and checks that no trace quotes a person.
func (b *bench) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := b.server.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		b.t.Log("shutdown:", err)
	}
	for _, personal := range []string{"279035121518989", "dr.martin", "Objet", "corps du message", "event=panic"} {
		if strings.Contains(b.log.String(), personal) {
			b.t.Errorf("a trace holds %q: %s", personal, b.log.String())
		}
	}
}

// client is a peer that speaks SMTP line by line.
type client struct {
	net.Conn
	t *testing.T
	r *bufio.Reader
}

// dial connects in clear and reads the greeting.
func (b *bench) dial(t *testing.T) *client {
	t.Helper()
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	peer := &client{c, t, bufio.NewReader(c)}
	peer.want(peer.reply(), "220 ")
	return peer
}

// secure makes the phase before TLS, the handshake with cert, and EHLO.
func (b *bench) secure(t *testing.T, cert tls.Certificate) *client {
	t.Helper()
	c := b.tls(t, cert)
	c.want(c.do("EHLO peer.test"), "250 ")
	return c
}

// tls makes the phase before TLS and the handshake with cert.
func (b *bench) tls(t *testing.T, cert tls.Certificate) *client {
	t.Helper()
	c := b.dial(t)
	c.want(c.do("EHLO peer.test"), "250 STARTTLS")
	c.want(c.do("STARTTLS"), "220 2.0.0")
	config := &tls.Config{InsecureSkipVerify: true}
	if cert.Leaf != nil {
		config.Certificates = []tls.Certificate{cert}
	}
	tc := tls.Client(c.Conn, config)
	if err := tc.Handshake(); err != nil {
		t.Fatalf("handshake: %v", err)
	}
	c.Conn, c.r = tc, bufio.NewReader(tc)
	return c
}

// write sends raw octets.
func (c *client) write(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c.Conn, s); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// reply reads one reply, all its lines.
func (c *client) reply() string {
	c.t.Helper()
	var all strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatalf("read a reply after %q: %v", all.String(), err)
		}
		all.WriteString(line)
		if len(line) < 4 || line[3] == ' ' {
			return all.String()
		}
	}
}

// do sends one command and reads its reply.
func (c *client) do(command string) string {
	c.t.Helper()
	c.write(command + "\r\n")
	return c.reply()
}

// want checks the last line of a reply.
func (c *client) want(reply, prefix string) {
	c.t.Helper()
	lines := strings.Split(strings.TrimSuffix(reply, "\r\n"), "\r\n")
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, prefix) {
		c.t.Errorf("got %q, want %q", last, prefix)
	}
}

// ended checks that the server closed the connection.
func (c *client) ended() {
	c.t.Helper()
	if line, err := c.r.ReadString('\n'); err == nil || errors.Is(err, context.DeadlineExceeded) || line != "" {
		c.t.Errorf("the connection is still open: %q, %v", line, err)
	}
}

// envelope opens a transaction from sender to recipients.
func (c *client) envelope(sender string, recipients ...string) {
	c.t.Helper()
	c.want(c.do("MAIL FROM:<"+sender+">"), "250 2.0.0")
	for _, to := range recipients {
		c.want(c.do("RCPT TO:<"+to+">"), "250 2.0.0")
	}
}

// send sends a message whose lines end as given and whose dots are doubled already.
func (c *client) send(message string) string {
	c.t.Helper()
	c.want(c.do("DATA"), "354 ")
	c.write(message + ".\r\n")
	return c.reply()
}

// message makes a message with a header; fields of the header that are named replace the usual ones.
func message(body string, fields ...string) string {
	head := map[string]string{
		"From": "Dr Martin <" + doctor + ">", "To": alice, "Subject": "Objet", "Date": "Tue, 12 May 2026 10:00:00 +0000",
		"Message-ID": "<1@ch-exemple.mssante.fr>", "MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8",
	}
	order := []string{"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		if _, usual := head[name]; !usual {
			order = append(order, name)
		}
		head[name] = value
	}
	var b strings.Builder
	for _, name := range order {
		if head[name] != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, head[name])
		}
	}
	return b.String() + "\r\n" + body
}

// withAttachment is a body with a text and one document.
func withAttachment() (string, string) {
	const boundary = "limite"
	return "--" + boundary + "\r\nContent-Type: text/plain\r\n\r\ncorps du message\r\n--" + boundary +
		"\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\n%PDF-1.4\r\n--" +
		boundary + "--\r\n", "Content-Type: multipart/mixed; boundary=" + boundary
}

// lockedBuffer collects what the server logs.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// refusal makes an error as the conversations service gives it.
func refusal(kind conversations.Kind, rule string) error {
	return &conversations.Error{Kind: kind, Rule: rule}
}

// address parses an address that a test wrote.
func address(t *testing.T, s string) conversations.Address {
	t.Helper()
	a, err := rules.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// insOf gives the matricule of a patient's address.
func insOf(address string) rules.INS {
	local, _, _ := strings.Cut(address, "@")
	return rules.INS(local)
}
