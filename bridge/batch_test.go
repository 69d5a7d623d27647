package bridge_test

import (
	"strings"
	"testing"
)

// TestPipelining_repliesGoTogether: replies to commands that came together are one record of TLS, and
// the reply to DATA is never kept back (RFC 2920 section 3.2).
func TestPipelining_repliesGoTogether(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.write("MAIL FROM:<" + doctor + ">\r\nRCPT TO:<" + alice + ">\r\nRCPT TO:<nobody@" + citizens + ">\r\nDATA\r\n")
	record := make([]byte, 4096)
	n, err := c.Read(record)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for line := range strings.Lines(string(record[:n])) {
		codes = append(codes, line[:3])
	}
	if got := strings.Join(codes, " "); got != "250 250 553 354" {
		t.Errorf("the first record holds the replies %s", got)
	}
	c.write(message("corps du message\r\n") + ".\r\n")
	c.want(c.reply(), "250 2.0.0")
}

// TestPipelining_noReplyIsLate: a command that comes alone is answered, the last ones of a group too.
func TestPipelining_noReplyIsLate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.write("MAIL FROM:<" + doctor + ">\r\nRCPT TO:<" + alice + ">\r\n")
	for range 2 {
		c.want(c.reply(), "250 2.0.0")
	}
	c.write("RCPT TO:<nobody@" + citizens + ">\r\nNOOP\r\nRCPT TO:<" + alice + ">\r\nQU")
	for _, want := range []string{"553 5.1.3", "250 2.0.0", "250 2.0.0"} {
		c.want(c.reply(), want)
	}
	c.write("IT\r\n")
	c.want(c.reply(), "221 2.0.0")
}
