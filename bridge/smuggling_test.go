package bridge_test

import (
	"fmt"
	"strings"
	"testing"

	"mesbridge/bridge"
)

// Answers of the smuggling tests.
const (
	oneMessage = "250 2.0.0"
	bareEnd    = "550 5.6.0 Bare CR or LF"
	hiddenDot  = "550 5.6.0 A line of the message is a dot"
)

// smuggled are the sequences that some server takes for an end of data, or makes one of (RFC 5321 section
// 2.3.8, and the smuggling attacks published since December 2023), with the answer to DATA and to BDAT.
// ends tells that DATA may have ended there: then nothing behind it is read, the connection is closed.
var smuggled = map[string]struct {
	sequence, data, bdat string
	ends                 bool
}{
	"LF . LF":          {"\n.\n", bareEnd, bareEnd, false},
	"LF . CRLF":        {"\n.\r\n", bareEnd, bareEnd, false},
	"CRLF . LF":        {"\r\n.\n", bareEnd, bareEnd, false},
	"CR . CR":          {"\r.\r", bareEnd, bareEnd, false},
	"CR . LF":          {"\r.\n", bareEnd, bareEnd, false},
	"CR . CRLF":        {"\r.\r\n", bareEnd, bareEnd, false},
	"LF . CR":          {"\n.\r", bareEnd, bareEnd, false},
	"CRLF . CR":        {"\r\n.\r", bareEnd, bareEnd, false},
	"CRLF . CR x":      {"\r\n.\rx", bareEnd, bareEnd, false},
	"CRLF . CR CRLF":   {"\r\n.\r\r\n", bareEnd, bareEnd, true},
	"CR CRLF . CRLF":   {"\r\r\n.\r\n", bareEnd, bareEnd, true},
	"CRLF . CR NUL LF": {"\r\n.\r\x00\n", bareEnd, bareEnd, false},
	"CR NUL LF .":      {"\r\x00\n.\r\x00\n", bareEnd, bareEnd, false},
	"NUL . CRLF":       {"\r\n\x00.\r\n", hiddenDot, hiddenDot, false},
	"NUL . NUL CRLF":   {"\r\n\x00\x00.\x00\r\n", hiddenDot, hiddenDot, false},
	"CRLF . NUL CRLF":  {"\r\n.\x00\r\n", oneMessage, oneMessage, false},
	"NEL . NEL":        {"\xc2\x85.\xc2\x85", oneMessage, oneMessage, false},
	"VT FF":            {"\x0b.\x0c", oneMessage, oneMessage, false},
	"bare LF":          {"a\nb", bareEnd, bareEnd, false},
	"bare CR":          {"a\rb", bareEnd, bareEnd, false},
	"LF at the end":    {"a\r\n\n", bareEnd, bareEnd, false},
	"NUL":              {"a\x00b", oneMessage, oneMessage, false},
}

// TestSmuggling covers RFC 5321 section 2.3.8: whatever stands for an end of data on other servers, it
// is one message or a refusal, never two, and no octet is lost; in one packet, or in one for each octet
// of the sequence.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	inner := "MAIL FROM:<" + doctor + ">\r\nRCPT TO:<" + alice + ">\r\nDATA\r\n" + message("corps du message\r\n")
	for name, tt := range smuggled {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			for _, how := range []string{"DATA", "BDAT", "BDAT in chunks"} {
				for _, packets := range []int{1, len(tt.sequence) + 2} {
					want := tt.bdat
					if how == "DATA" {
						want = tt.data
					}
					_, before := b.inbox.taken()
					c := b.secure(t, b.operator)
					c.envelope(doctor, alice)
					text := message("corps du message\r\nx" + tt.sequence + inner)
					c.want(c.transmit(how, text, packets), want)
					if tt.ends && how == "DATA" {
						c.ended()
					} else {
						c.want(c.do("NOOP"), "250 2.0.0 I have") // nothing of the message was taken for a command
					}
					_, bodies := b.inbox.taken()
					bodies = bodies[len(before):]
					if want != oneMessage && len(bodies) > 0 || want == oneMessage && (len(bodies) != 1 || bodies[0] != unstuffed(how, text)) {
						t.Errorf("%s: stored %q", how, bodies)
					}
					for _, stored := range bodies {
						if splits(stored) {
							t.Errorf("%s: another server would split %q", how, stored)
						}
					}
				}
			}
		})
	}
}

// splits reports whether a server that takes any line end for one, or drops NULs, would end a message
// earlier than ours, once dots are doubled as RFC 5321 section 4.5.2 says.
func splits(stored string) bool {
	wire := strings.ReplaceAll("\r\n"+stored, "\r\n.", "\r\n..")
	lenient := strings.NewReplacer("\x00", "", "\r\n", "\n", "\r", "\n").Replace(wire)
	return strings.Contains(lenient, "\n.\n")
}

// unstuffed is what is stored of a message that transmit sent.
func unstuffed(how, text string) string {
	if how == "DATA" { // the client does not double dots here
		return strings.ReplaceAll(text, "\r\n.", "\r\n") + "\r\n"
	}
	return text
}

// transmit sends a message that holds no right end of data but its own. With more than one packet, each
// of its octets around a smuggled sequence goes in a packet of its own.
func (c *client) transmit(how, text string, packets int) string {
	c.t.Helper()
	begin := strings.Index(text, "\r\nx") + 2
	write := func(s string) {
		if packets > 1 && strings.Contains(s, "\r\nx") {
			from := strings.Index(s, "\r\nx") + 2
			c.write(s[:from])
			for _, octet := range []byte(s[from:min(len(s), from+packets)]) {
				c.write(string([]byte{octet}))
			}
			s = s[min(len(s), from+packets):]
		}
		c.write(s)
	}
	switch how {
	case "DATA":
		c.want(c.do("DATA"), "354 ")
		write(text + "\r\n.\r\n")
	case "BDAT":
		write(fmt.Sprintf("BDAT %d LAST\r\n%s", len(text), text))
	default: // a chunk for each octet of the sequence
		for _, chunk := range []string{text[:begin], text[begin : begin+2], text[begin+2 : begin+3]} {
			c.write(fmt.Sprintf("BDAT %d\r\n%s", len(chunk), chunk))
			if reply := c.reply(); !strings.HasPrefix(reply, "250 ") {
				c.want(c.do("BDAT 0 LAST"), "503 5.5.1") // the transaction is over (RFC 3030 section 4.2)
				return reply
			}
		}
		rest := text[begin+3:]
		c.write(fmt.Sprintf("BDAT %d LAST\r\n%s", len(rest), rest))
	}
	return c.reply()
}

// TestSmuggling_commandsBehind: what follows a message in the same packet is commands again, whatever
// became of the message, and by whatever means it came.
func TestSmuggling_commandsBehind(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"taken":         {message("corps du message\r\n"), "250 2.0.0"},
		"bare LF":       {message("corps\ndu message\r\n"), bareEnd},
		"line too long": {message(strings.Repeat("x", 70_000) + "\r\nsuite\r\n"), "550 5.6.0 Line"},
		"longest line":  {message(strings.Repeat("x", 65_000) + "\r\nsuite\r\n"), "250 2.0.0"},
		"too large":     {message(strings.Repeat("une ligne\r\n", 20_000)), "552 5.3.4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, func(c *bridge.Config) { c.MaxMessageBytes = 200_000 })
			c := b.secure(t, b.operator)
			envelope := "MAIL FROM:<" + doctor + ">\r\nRCPT TO:<" + alice + ">\r\n"
			second := message("un autre\r\n", "Message-ID: <2@ch-exemple.mssante.fr>") + ".\r\n"
			for _, whole := range []string{
				"DATA\r\n" + tt.text + ".\r\n", fmt.Sprintf("BDAT %d LAST\r\n%s", len(tt.text), tt.text),
			} {
				_, before := b.inbox.taken()
				c.write(envelope + whole + envelope + "DATA\r\n" + second)
				want := []string{"250 2.0.0", "250 2.0.0", "354 ", tt.want, "250 2.0.0", "250 2.0.0", "354 ", "250 2.0.0"}
				if strings.HasPrefix(whole, "BDAT") {
					want = append(want[:2:2], want[3:]...)
				}
				for _, w := range want {
					c.want(c.reply(), w)
				}
				_, bodies := b.inbox.taken()
				if last := bodies[len(bodies)-1]; last != strings.TrimSuffix(second, ".\r\n") {
					t.Errorf("stored %q", last)
				}
				if n := len(bodies) - len(before); n != 1 && n != 2 {
					t.Errorf("%d messages", n)
				}
			}
		})
	}
}

// TestBDAT covers RFC 3030: the framing is the sizes', chunks and DATA do not mix, and what cannot be
// framed ends the connection.
func TestBDAT(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := message("DATA\r\n.\r\nQUIT\r\n")
	whole := fmt.Sprintf("BDAT %d LAST\r\n%s", len(text), text)
	envelope := "MAIL FROM:<" + doctor + ">\r\nRCPT TO:<" + alice + ">\r\n"
	for name, tt := range map[string]struct {
		sent string
		want []string
		ends bool
	}{
		"one chunk":           {envelope + whole, []string{"250", "250", "250 2.0.0 OK"}, false},
		"lower case":          {envelope + strings.Replace(whole, "BDAT", "bdat", 1), []string{"250", "250", "250 2.0.0 OK"}, false},
		"empty last":          {envelope + fmt.Sprintf("BDAT %d\r\n%sBDAT 0 LAST\r\n", len(text), text), []string{"250", "250", "250", "250 2.0.0 OK"}, false},
		"DATA in between":     {envelope + "BDAT 0\r\nDATA\r\n" + whole, []string{"250", "250", "250", "503 5.5.1", "250 2.0.0 OK"}, false},
		"MAIL in between":     {envelope + "BDAT 0\r\n" + envelope + whole, []string{"250", "250", "250", "503 5.5.1", "503 5.5.1", "250 2.0.0 OK"}, false},
		"without MAIL":        {whole, []string{"503 5.5.1"}, false},
		"without RCPT":        {"MAIL FROM:<" + doctor + ">\r\n" + whole, []string{"250", "503 5.5.1"}, false},
		"after a refused one": {envelope + "BDAT 3 LAST\r\na\nb" + whole, []string{"250", "250", "550 5.6.0", "503 5.5.1"}, false},
		"too large":           {envelope + "BDAT 26214401\r\n" + strings.Repeat("x", 26214401) + whole, []string{"250", "250", "552 5.3.4", "503 5.5.1"}, false},
		"no size":             {envelope + "BDAT\r\n" + text, []string{"250", "250", "501 5.5.4"}, true},
		"no number":           {envelope + "BDAT x LAST\r\n" + text, []string{"250", "250", "501 5.5.4"}, true},
		"negative":            {envelope + "BDAT -1\r\n" + text, []string{"250", "250", "501 5.5.4"}, true},
		"no LAST":             {envelope + fmt.Sprintf("BDAT %d FIRST\r\n%s", len(text), text), []string{"250", "250", "501 5.5.4"}, true},
		"beyond any number":   {envelope + "BDAT 99999999999999999999 LAST\r\n" + text, []string{"250", "250", "552 5.3.4"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := b.secure(t, b.operator)
			go func() { _, _ = c.Write([]byte(tt.sent)) }() // the server answers before it has read all
			for _, want := range tt.want {
				c.want(c.reply(), want)
			}
			if tt.ends {
				c.ended()
				return
			}
			c.want(c.do("NOOP"), "250 2.0.0 I have")
		})
	}
}
