package tests

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// smtpClient speaks SMTP line by line, so that a test sees every reply.
type smtpClient struct {
	t    *testing.T
	conn net.Conn
	text *textproto.Conn
}

// dialSMTP connects, without TLS yet.
func (d *demo) dialSMTP(t *testing.T) *smtpClient {
	t.Helper()
	conn, err := net.DialTimeout("tcp", d.SMTP, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(60 * time.Second))
	c := &smtpClient{t: t, conn: conn, text: textproto.NewConn(conn)}
	t.Cleanup(func() { _ = conn.Close() })
	c.expect("220")
	return c
}

// session opens an SMTP session over mutual TLS with a credential; the zero credential shows none.
func (d *demo) session(t *testing.T, who credential) *smtpClient {
	t.Helper()
	c := d.dialSMTP(t)
	c.do("250", "EHLO operator.test")
	c.do("220", "STARTTLS")
	conf, err := d.clientTLS(who)
	if err != nil {
		t.Fatal(err)
	}
	secure := tls.Client(c.conn, conf)
	if err := secure.HandshakeContext(t.Context()); err != nil {
		t.Fatalf("TLS: %v", err)
	}
	c.conn, c.text = secure, textproto.NewConn(secure)
	c.do("250", "EHLO operator.test")
	return c
}

// do sends a command and checks how the reply begins.
func (c *smtpClient) do(want, format string, args ...any) {
	c.t.Helper()
	if err := c.text.PrintfLine(format, args...); err != nil {
		c.t.Fatalf("send: %v", err)
	}
	c.expect(want)
}

// expect reads a reply and checks how its last line begins.
func (c *smtpClient) expect(want string) {
	c.t.Helper()
	if got := c.reply(); !strings.HasPrefix(got, want) {
		c.t.Fatalf("reply %q, want %q", got, want)
	}
}

// reply reads a reply, its lines joined by line feeds.
func (c *smtpClient) reply() string {
	c.t.Helper()
	var lines []string
	for {
		line, err := c.text.ReadLine()
		if err != nil {
			c.t.Fatalf("read a reply: %v", err)
		}
		lines = append(lines, line)
		if len(line) < 4 || line[3] != '-' {
			return strings.Join(lines, "\n")
		}
	}
}

// send transmits a message in a new session and returns the reply to the first step that is refused, or
// the reply to the data.
func (d *demo) send(t *testing.T, who credential, from string, to []string, message string) string {
	t.Helper()
	c := d.session(t, who)
	defer c.conn.Close()
	return c.send(from, to, message)
}

func (c *smtpClient) send(from string, to []string, message string) string {
	c.t.Helper()
	steps := []string{"MAIL FROM:<" + from + ">"}
	for _, r := range to {
		steps = append(steps, "RCPT TO:<"+r+">")
	}
	for _, s := range append(steps, "DATA") {
		_ = c.text.PrintfLine("%s", s)
		if got := c.reply(); got[0] > '3' {
			return got
		}
	}
	w := c.text.DotWriter()
	if _, err := io.WriteString(w, message); err != nil {
		c.t.Fatalf("send the message: %v", err)
	}
	if err := w.Close(); err != nil {
		c.t.Fatalf("send the message: %v", err)
	}
	return c.reply()
}

// accepted sends a message that must be taken.
func (d *demo) accepted(t *testing.T, from, to, message string) {
	t.Helper()
	if got := d.send(t, d.operatorOf(from), from, []string{to}, message); !strings.HasPrefix(got, "250") {
		t.Fatalf("message refused: %s", got)
	}
}

// note is a plain message, its header fields given beside the usual ones.
func note(from, to, subject, text string, fields ...string) string {
	head := []string{
		"From: Dr_Test <" + from + ">", "To: <" + to + ">", "Subject: " + subject,
		"Date: Sat, 21 Nov 2026 10:00:00 +0100", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
	}
	return strings.Join(append(head, fields...), "\r\n") + "\r\n\r\n" + text + "\r\n"
}

// swaks sends a message with Debian's swaks, as the banner of the demonstration proposes.
func (d *demo) swaks(t *testing.T, who credential, args ...string) (string, error) {
	t.Helper()
	all := append([]string{"--server", d.SMTP, "--tls", "--tls-cert", who.Cert, "--tls-key", who.Key}, args...)
	out, err := exec.CommandContext(t.Context(), "swaks", all...).CombinedOutput()
	return string(out), err
}

// received waits for the n-th message in an operator's Maildir and returns its bytes.
func (d *demo) received(t *testing.T, mailbox string, n int) []byte {
	t.Helper()
	dir := filepath.Join(d.OperatorMaildirs, strings.ToLower(mailbox), "new")
	var found []string
	await(t, fmt.Sprintf("message %d in the Maildir", n), func() bool {
		found, _ = filepath.Glob(filepath.Join(dir, "*"))
		return len(found) >= n
	})
	newest := found[0]
	for _, f := range found {
		if modified(t, f).After(modified(t, newest)) {
			newest = f
		}
	}
	b, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// await polls until what happens outside this process has happened.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second) // a lease of a killed process lasts half a minute
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("no %s in 90 s", what)
		}
	}
}

// headerOf reads the header of a message.
func headerOf(t *testing.T, raw []byte) textproto.MIMEHeader {
	t.Helper()
	h, err := textproto.NewReader(bufio.NewReader(strings.NewReader(string(raw)))).ReadMIMEHeader()
	if err != nil {
		t.Fatalf("header of the received message: %v", err)
	}
	return h
}

// maildir lists the files of a folder of messages.
func maildir(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}
