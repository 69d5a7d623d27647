package bridge_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestSmuggling covers RFC 5321 section 2.3.8: whatever stands for an end of data on other servers, it
// is one message or a refusal, never two, and no octet is lost.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	inner := "MAIL FROM:<" + doctor + ">\r\nRCPT TO:<" + alice + ">\r\nDATA\r\n" + message("corps du message\r\n")
	const oneMessage, refusal = "250 2.0.0", "550 5.6.0 Bare CR or LF"
	for name, tt := range map[string]struct{ end, want string }{
		"LF . LF":         {"\n.\n", refusal},
		"LF . CRLF":       {"\n.\r\n", refusal},
		"CRLF . LF":       {"\r\n.\n", refusal},
		"CR . CR":         {"\r.\r", refusal},
		"CR . CRLF":       {"\r.\r\n", refusal},
		"CRLF . CR":       {"\r\n.\r", refusal}, // go-smtp loses this CR
		"CRLF . CR CRLF":  {"\r\n.\r\r\n", refusal},
		"CR CRLF . CRLF":  {"\r\r\n.\r\n", refusal},
		"CRLF . CRLF NUL": {"\r\n.\x00\r\n", oneMessage},
		"bare LF":         {"a\nb", refusal},
		"bare CR":         {"a\rb", refusal},
		"LF at the end":   {"a\r\n\n", refusal},
		"NUL":             {"\r\n\x00.\r\n", oneMessage}, // no line end anywhere
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			for _, how := range []string{"DATA", "BDAT", "BDAT in chunks"} {
				_, before := b.inbox.taken()
				c := b.secure(t, b.operator)
				c.envelope(doctor, alice)
				text := message("corps du message\r\nx" + tt.end + inner)
				c.want(c.transmit(how, text), tt.want)
				c.want(c.do("NOOP"), "250 2.0.0 I have") // nothing of the message was taken for a command
				_, bodies := b.inbox.taken()
				bodies = bodies[len(before):]
				if tt.want == refusal && len(bodies) > 0 || tt.want == oneMessage && (len(bodies) != 1 || bodies[0] != unstuffed(how, text)) {
					t.Errorf("%s: stored %q", how, bodies)
				}
			}
		})
	}
}

// unstuffed is what is stored of a message that transmit sent.
func unstuffed(how, text string) string {
	if how == "DATA" { // the client does not double dots here
		return strings.ReplaceAll(text, "\r\n.", "\r\n") + "\r\n"
	}
	return text
}

// transmit sends a message that holds no right end of data but its own.
func (c *client) transmit(how, text string) string {
	c.t.Helper()
	switch how {
	case "DATA":
		c.want(c.do("DATA"), "354 ")
		c.write(text + "\r\n.\r\n")
	case "BDAT":
		c.write(fmt.Sprintf("BDAT %d LAST\r\n%s", len(text), text))
	default:
		const size = 100
		for len(text) > size {
			c.write(fmt.Sprintf("BDAT %d\r\n%s", size, text[:size]))
			if reply := c.reply(); !strings.HasPrefix(reply, "250 ") {
				return reply
			}
			text = text[size:]
		}
		c.write(fmt.Sprintf("BDAT %d LAST\r\n%s", len(text), text))
	}
	return c.reply()
}
