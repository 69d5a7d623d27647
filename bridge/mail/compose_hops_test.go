package mail

import (
	"bytes"
	"errors"
	netmail "net/mail"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"mesbridge/conversations"
)

// patientsFields are the fields that a patient's message may have. X-MSS-MES and Disposition-Notification-To are
// not among them (R94).
var patientsFields = map[string]bool{
	"Date": true, "From": true, "To": true, "Subject": true, "Message-Id": true, "In-Reply-To": true, "References": true,
	"Mime-Version": true, "Content-Type": true, "Content-Transfer-Encoding": true,
}

// checkHop fails when a message needs more of a next hop than RFC 5321 gives every one, or holds a field that
// nobody meant: R156-R158, RFC 5322 section 2.1.1, RFC 6152, RFC 6531.
func checkHop(t interface{ Fatalf(string, ...any) }, raw []byte, d conversations.Draft) {
	for line := range bytes.Lines(raw) {
		if len(line) > 1000 || !bytes.HasSuffix(line, []byte("\r\n")) || bytes.Count(line, []byte("\r")) != 1 {
			t.Fatalf("a line of %d octets: %.80q", len(line), line)
		}
	}
	if i := bytes.IndexFunc(raw, func(r rune) bool { return r >= utf8.RuneSelf || r == 0 }); i >= 0 {
		t.Fatalf("octet %#x at %d", raw[i], i)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("header: %v", err)
	}
	for name, values := range m.Header {
		if !patientsFields[name] || len(values) != 1 {
			t.Fatalf("%d fields %q", len(values), name)
		}
	}
	if got := m.Header.Get("Message-Id"); got != "<"+d.MessageID+">" {
		t.Fatalf("Message-ID %q", got)
	}
}

// TestCompose_anyNextHop: whatever a patient writes and whatever a professional's message held, the reply needs
// no extension of the next hop, has no line over 998 octets, and no field that something in it made.
func TestCompose_anyNextHop(t *testing.T) {
	t.Parallel()
	hostile := rapid.OneOf(
		rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("\r\n\x00 :<>=?_-é😀a"))),
		rapid.SampledFrom([]string{
			"x\r\nX-MSS-MES: FIN", "x\nBcc: a@b.fr", "\r\n\r\n--b", "=?utf-8?q?=0D=0AX-MSS-MES:_FIN?=", strings.Repeat("a", 2000),
			strings.Repeat("é", 2000), strings.Repeat("a ", 2000), "\u2028X-MSS-MES: FIN", ".", "\r\n.\r\n",
		}),
	)
	rapid.Check(t, func(rt *rapid.T) {
		d := draft(t)
		d.From.Name, d.To[0].Name, d.Subject = hostile.Draw(rt, "from"), hostile.Draw(rt, "to"), hostile.Draw(rt, "subject")
		d.Text, d.InReplyTo = hostile.Draw(rt, "text"), hostile.Draw(rt, "answers")
		d.References = rapid.SliceOfN(hostile, 0, 5).Draw(rt, "references")
		for i := range d.Attachments {
			d.Attachments[i].Name, d.Attachments[i].Type = hostile.Draw(rt, "file"), hostile.Draw(rt, "type")
		}
		if rapid.Bool().Draw(rt, "alone") {
			d.Attachments = nil
		}
		checkHop(rt, compose(t, d), d)
	})
}

// FuzzCompose is the same for what a fuzzer finds.
func FuzzCompose(f *testing.F) {
	f.Add("Léo", "Re: Bilan", "Bonjour", "1@ch.fr", "a.pdf", "application/pdf")
	f.Add("x\r\nX-MSS-MES: FIN", "y\r\nBcc: a@b", ".\r\n", "é@x", "a\";x=\r\n", "multipart/mixed")
	f.Fuzz(func(t *testing.T, name, subject, text, answers, file, kind string) {
		d := draft(t)
		d.From.Name, d.Subject, d.Text, d.InReplyTo = name, subject, text, answers
		d.References = []string{answers, "good@x"}
		d.Attachments[0].Name, d.Attachments[0].Type = file, kind
		checkHop(t, compose(t, d), d)
	})
}

// TestCompose_recipientBeyondASCII: RFC 6857: a recipient with a local part that is not ASCII stands in the header
// as a group without members, so that the copies of the other recipients need no SMTPUTF8.
func TestCompose_recipientBeyondASCII(t *testing.T) {
	t.Parallel()
	d := draft(t)
	d.To[1].Address.Local = "hélène"
	raw := compose(t, d)
	checkHop(t, raw, d)
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 || !strings.Contains(m.Header.Get("To"), " :;") {
		t.Errorf("recipients %v, %v in %q", to, err, m.Header.Get("To"))
	}
	d.From.Address.Local = "hélène"
	if err := NewCodec(DefaultLimits()).Compose(d, new(bytes.Buffer)); !errors.Is(err, ErrDraft) {
		t.Errorf("an author beyond ASCII: %v", err)
	}
}

// TestCompose_readReceipt: R57: asked for on a professional's message alone.
func TestCompose_readReceipt(t *testing.T) {
	t.Parallel()
	d := draft(t)
	d.ReadReceipt = true
	facts, err := intake(compose(t, d), 100)
	if err != nil || len(facts.ReadTo) != 1 || facts.ReadTo[0].Address != d.From.Address {
		t.Errorf("%+v, %v", facts.ReadTo, err)
	}
}
