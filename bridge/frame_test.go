package bridge_test

import (
	"strings"
	"testing"
	"time"

	"mesbridge/bridge"
)

// TestCommands covers what go-smtp alone would answer wrongly: each line has one reply, of ASCII, with the
// codes of RFC 5321 and RFC 2034, and the connection goes on.
func TestCommands(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, tt := range []struct{ sent, want string }{
		{"NOOP", "250 2.0.0"},
		{"NOOP anything", "250 2.0.0"},
		{"noop", "250 2.0.0"},
		{"RSET", "250 2.0.0"},
		{"HELP", "214 2.0.0"},
		{"HELP MAIL", "214 2.0.0"},
		{"VRFY " + alice, "252 2.5.0"},
		{"EXPN x", "502 5.5.1"},
		{"AUTH PLAIN AAAA", "502 5.5.1"},
		{"STARTTLS", "503 5.5.1"},
		{"DATA", "503 5.5.1"},
		{"RCPT TO:<" + alice + ">", "503 5.5.1"},
		{"EHLO", "501 5.5.2"},
		{"MAIL", "501 5.5.2"},
		{"MAIL FROM:", "501 5.5.2"},
		{"MAIL FROM:<" + doctor + "> SIZE=999999999999999", "552 5.3.4"},
		{"MAIL FROM:<" + doctor + "> size=99999999999999999999", "552 5.3.4"},
		{"MAIL FROM:<" + doctor + "> SIZE=x", "501 5.5.4"},
		{"MAIL FROM:<" + doctor + "> FOO=BAR", "555 5.5.4"},
		{"MAIL FROM:<" + doctor + "> BODY=BINARYMIME", "504 5.5.4"},
		{"MAIL FROM:<é@ch-exemple.mssante.fr> SMTPUTF8", "250 2.0.0 Roger, accepting mail from <?@ch-exemple.mssante.fr>"},
		{"RCPT TO:<" + alice + "> FOO=BAR", "555 5.5.4"},
		{"RCPT TO:<" + alice + "> NOTIFY=NEVER,SUCCESS", "501 5.5.4"},
		{"RCPT TO:<" + alice + "\x00>", "500 5.5.2 A command holds"},
		{"RCPT TO:<" + alice + ">\rRCPT TO:<" + alice + ">", "500 5.5.2 A command holds"},
		{"RCPT TO:<" + alice + ">\nRCPT TO:<" + alice + ">", "500 5.5.2 A command ends with CR LF, closing"},
		{"NOOP " + strings.Repeat("x", 2100), "500 5.5.2 Line too long"},
		{"NOOP " + strings.Repeat("x", 100_000), "500 5.5.2 Line too long"},
		{"FOOB é\x07", "500 5.5.2"},
	} {
		c := b.secure(t, b.operator)
		if strings.HasPrefix(tt.sent, "RCPT TO") && tt.want[:3] != "503" {
			c.want(c.do("MAIL FROM:<"+doctor+">"), "250 2.0.0")
		}
		got := c.do(tt.sent)
		c.want(got, tt.want)
		if strings.ContainsFunc(got, func(r rune) bool { return r > '~' || r < ' ' && r != '\r' && r != '\n' }) {
			t.Errorf("%q: the reply %q is not ASCII", tt.sent, got)
		}
		if strings.Contains(tt.sent, "\n") { // nothing behind the LF is a command
			c.ended()
			continue
		}
		c.want(c.do("NOOP"), "250 2.0.0")
	}
}

// TestCommands_tooManyFaults: a peer that does not speak SMTP is sent away, and what it sent behind is not
// read.
func TestCommands_tooManyFaults(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.write(strings.Repeat("x\x00\r\n", 12) + "MAIL FROM:<" + doctor + ">\r\n")
	for range 9 {
		c.want(c.reply(), "500 5.5.2")
	}
	c.want(c.reply(), "421 4.7.0")
	c.ended()
	if !strings.Contains(b.log.String(), "event=connection outcome=refused reason=too-many-errors") {
		t.Errorf("it is not traced in %s", b.log.String())
	}
}

// TestCommands_slowly: a command has to come within the idle time as a whole, and a connection ends
// however busy it is with nothing.
func TestCommands_slowly(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *bridge.Config) { c.IdleTimeout, c.ConnectionTimeout = 400*time.Millisecond, time.Second })
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	trickle := b.secure(t, b.operator)
	began := time.Now()
	for range 200 { // ten seconds, unless the server ends it
		<-tick.C
		if _, err := trickle.Write([]byte("N")); err != nil {
			break
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("a command was awaited for %v", took)
	}
	trickle.want(trickle.reply(), "421 4.4.2")

	c := b.secure(t, b.operator)
	began = time.Now()
	for {
		<-tick.C
		if reply := c.do("NOOP"); !strings.HasPrefix(reply, "250 ") {
			c.want(reply, "421 4.4.2")
			break
		}
		if time.Since(began) > 5*time.Second {
			t.Fatal("the connection has no end")
		}
	}
}
