package bridge_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge"
)

// TestClear covers O58, O64 and section 20 "sans-tls": before TLS nothing is offered but STARTTLS and
// nothing is taken.
func TestClear(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.dial(t)
	if got := c.do("EHLO peer.test"); got != "250-smtps1.patient.exemple.fr\r\n250 STARTTLS\r\n" {
		t.Errorf("EHLO in clear gave %q", got)
	}
	for command, want := range map[string]string{
		"MAIL FROM:<" + doctor + ">": "530 5.7.0 Must issue a STARTTLS command first",
		"RCPT TO:<" + alice + ">":    "530 5.7.0",
		"DATA":                       "530 5.7.0",
		"BDAT 0 LAST":                "530 5.7.0",
		"AUTH PLAIN AAAA":            "530 5.7.0",
		"VRFY " + alice:              "530 5.7.0",
		"":                           "530 5.7.0",
		"NOOP":                       "250 2.0.0",
		"RSET":                       "250 2.0.0",
		"HELO peer.test":             "250 ",
		"EHLO":                       "501 5.5.4",
		"STARTTLS now":               "501 5.5.4",
	} {
		c.want(c.do(command), want)
	}
	c.want(c.do("QUIT"), "221 2.0.0")
	c.ended()
}

// TestClear_injection covers RFC 3207 section 4.2: what was sent in clear behind STARTTLS is not read
// as if it came inside TLS.
func TestClear_injection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.dial(t)
	c.write("STARTTLS\r\nMAIL FROM:<" + doctor + ">\r\n")
	c.want(c.reply(), "503 5.5.1")
	c.ended()
}

func TestClear_bounds(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *bridge.Config) { c.ClearTimeout = 200 * time.Millisecond })
	long := b.dial(t)
	long.write(strings.Repeat("x", 2000))
	long.want(long.reply(), "500 5.5.2")
	many := b.dial(t)
	for range 20 {
		many.want(many.do("NOOP"), "250 2.0.0")
	}
	many.want(many.reply(), "421 4.7.0")
	for name, begin := range map[string]string{"silent": "", "half a line": "EHLO pe", "no handshake": "STARTTLS\r\n"} {
		c := b.dial(t)
		c.write(begin)
		if rest, err := io.ReadAll(c.r); err != nil || len(rest) > 30 { // the server closes at its deadline
			t.Errorf("%s: %q, %v", name, rest, err)
		}
	}
}

// TestEHLO_afterTLS covers the list of extensions of docs/contract.md and O64, exactly.
func TestEHLO_afterTLS(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	got := strings.Split(strings.TrimSuffix(c.do("EHLO peer.test"), "\r\n"), "\r\n")
	want := []string{
		"250-smtps1.patient.exemple.fr Hello peer.test", "250-PIPELINING", "250-8BITMIME", "250-ENHANCEDSTATUSCODES", "250-CHUNKING", "250-SMTPUTF8",
		"250-DSN", "250 SIZE 26214400",
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("EHLO gave %q", got)
	}
	c.want(c.do("STARTTLS"), "503 5.5.1 TLS is active")
	c.want(c.do("VRFY "+alice), "252 2.5.0")
	c.want(c.do("EXPN x"), "502 5.5.1")
	c.want(c.do("AUTH PLAIN AAAA"), "502 5.5.1 AUTH is not offered")
	if got := b.secure(t, tls.Certificate{}).do("EHLO x"); strings.Contains(got, "STARTTLS") || strings.Contains(got, "AUTH") {
		t.Errorf("EHLO gave %q", got)
	}
}

// TestConnections_overTheLimit is RFC 5321 section 3.8 and finding 4: one more is answered and closed,
// and a place that is free again is given.
func TestConnections_overTheLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *bridge.Config) { c.MaxConnections = 2 })
	first, second := b.dial(t), b.secure(t, b.operator)
	third, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if all, err := io.ReadAll(third); err != nil || !strings.HasPrefix(string(all), "421 4.3.2 ") {
		t.Errorf("the third got %q, %v", all, err)
	}
	first.want(first.do("QUIT"), "221 ")
	first.ended()
	second.want(second.do("QUIT"), "221 ")
	second.ended()
	for range 2 {
		b.until(t, func() bool {
			c, err := net.Dial("tcp", b.addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			line := make([]byte, 4)
			_, err = io.ReadFull(c, line)
			return err == nil && string(line) == "220 "
		})
	}
}
