package mail

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestIntake_bareLineEnds_areRefused covers smuggling (RFC 5321 section 2.3.8): no octet sequence that
// another server could take for a line end passes, wherever the chunks end.
func TestIntake_bareLineEnds_areRefused(t *testing.T) {
	t.Parallel()
	head := "From: <a@ville.mssante.fr>\r\n"
	for name, s := range map[string]string{
		"LF in header":             "From: <a@ville.mssante.fr>\nSubject: x\r\n\r\nx\r\n",
		"LF at the very start":     "\n" + head + "\r\nx\r\n",
		"LF in body":               head + "\r\none\ntwo\r\n",
		"LF dot LF":                head + "\r\none\n.\nMAIL FROM:<x@y>\r\n",
		"LF dot CRLF":              head + "\r\none\n.\r\nMAIL FROM:<x@y>\r\n",
		"CR in body":               head + "\r\none\rtwo\r\n",
		"CR dot CR":                head + "\r\none\r.\rtwo\r\n",
		"CRLF dot CR":              head + "\r\none\r\n.\rtwo\r\n",
		"CR CR LF":                 head + "\r\none\r\r\n",
		"LF CR":                    head + "\r\none\n\r\n",
		"CR at the end":            head + "\r\none\r\n\r",
		"LF in a base64 part":      "From: <a@ville.mssante.fr>\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\nAAAA\r\n",
		"CR inside a boundary":     "From: <a@ville.mssante.fr>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\r\n\r\nx\r\n--b--\r\n",
		"LF after another message": strings.Repeat(head+"\r\nx\r\n", 3) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for chunk := 1; chunk <= len(s); chunk++ {
				if _, err := intake([]byte(s), chunk); !errors.Is(err, ErrBareLineEnd) {
					t.Fatalf("chunks of %d octets: %v", chunk, err)
				}
			}
		})
	}
}

// TestIntake_authors covers O69: exactly one author, and a Sender that is exactly one mailbox.
func TestIntake_authors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header string
		from   string // name and address; empty when refused
		err    error
	}{
		"address alone":            {"From: a@ville.mssante.fr", "<a@ville.mssante.fr>", nil},
		"with name":                {"From: Dr A <a@ville.mssante.fr>", "Dr A <a@ville.mssante.fr>", nil},
		"folded":                   {"From: Dr A\n\t<a@ville.mssante.fr>", "Dr A <a@ville.mssante.fr>", nil},
		"blank before the colon":   {"From : <a@ville.mssante.fr>", "<a@ville.mssante.fr>", nil},
		"name in encoded words":    {"From: =?utf-8?Q?Ana=C3=AFs?= <a@ville.mssante.fr>", "Anaïs <a@ville.mssante.fr>", nil},
		"encoded words in quotes":  {`From: "=?utf-8?B?QW5hw69z?=" <a@ville.mssante.fr>`, "Anaïs <a@ville.mssante.fr>", nil},
		"unquoted comma in name":   {"From: Martin, Dr Anne <a@ville.mssante.fr>", "Dr Anne <a@ville.mssante.fr>", nil},
		"name is the address":      {"From: a@ville.mssante.fr <A@ville.mssante.fr>", "<A@ville.mssante.fr>", nil},
		"name holds the address":   {`From: "Dr A (a@ville.mssante.fr)" <a@ville.mssante.fr>`, "Dr A <a@ville.mssante.fr>", nil},
		"raw octets in name":       {"From: Ana\xefs <a@ville.mssante.fr>", "Anaïs <a@ville.mssante.fr>", nil},
		"control in encoded name":  {"From: =?utf-8?Q?A=0D=0ABcc:=20x?= <a@ville.mssante.fr>", "A Bcc: x <a@ville.mssante.fr>", nil},
		"direction marks in name":  {"From: =?utf-8?Q?A=E2=80=AEB?= <a@ville.mssante.fr>", "AB <a@ville.mssante.fr>", nil},
		"none":                     {"To: b@ville.mssante.fr", "", ErrNoFrom},
		"empty":                    {"From:", "", ErrNoFrom},
		"no address":               {"From: Dr Martin", "", ErrNoFrom},
		"empty group":              {"From: undisclosed:;", "", ErrNoFrom},
		"not an address":           {"From: <a..b@ville.mssante.fr>", "", ErrNoFrom},
		"indented first line":      {" From: a@ville.mssante.fr\nSubject: x", "", ErrNoFrom},
		"two addresses":            {"From: a@ville.mssante.fr, b@ville.mssante.fr", "", ErrManyFrom},
		"two in a group":           {"From: g: a@ville.mssante.fr, b@ville.mssante.fr;", "", ErrManyFrom},
		"two fields":               {"From: a@ville.mssante.fr\nFrom: a@ville.mssante.fr", "", ErrManyFrom},
		"second field is unusable": {"From: a@ville.mssante.fr\nFROM: x", "", ErrManyFrom},
		"two brackets":             {"From: <a@ville.mssante.fr> <b@ville.mssante.fr>", "", ErrManyFrom},
		"another address as name":  {"From: b@ville.mssante.fr <a@ville.mssante.fr>", "", ErrManyFrom},
		"one good and one bad":     {"From: a@ville.mssante.fr, <a..b@c>", "", ErrManyFrom},
		"sender":                   {"From: a@ville.mssante.fr\nSender: Sec <s@ville.mssante.fr>", "<a@ville.mssante.fr>", nil},
		"unreadable sender":        {"From: a@ville.mssante.fr\nSender: x", "", ErrSender},
		"two senders":              {"From: a@ville.mssante.fr\nSender: s@v.fr\nSender: s@v.fr", "", ErrSender},
		"bad then good sender":     {"From: a@ville.mssante.fr\nSender: x\nSender: s@v.fr", "", ErrSender},
		"sender with two":          {"From: a@ville.mssante.fr\nSender: s@v.fr, t@v.fr", "", ErrSender},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts, err := intake(wire(c.header+"\nMessage-ID: <1@v>\n\ntext\n"), 7)
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err == nil {
				if got := strings.TrimSpace(facts.From.Name + " <" + facts.From.Address.Wire() + ">"); got != c.from {
					t.Errorf("author %q, want %q", got, c.from)
				}
			}
		})
	}
}

// TestIntake_facts reads the fields that rules decide on (R80-R82, R110, D5, D9, D22).
func TestIntake_facts(t *testing.T) {
	t.Parallel()
	raw := wire(`Received: from x
From: A <a@ville.mssante.fr>
Sender: s@ville.mssante.fr
Reply-To: <r1@ville.mssante.fr>, Ext <r2@dehors.example>
To: <279035121518989@patient.mssante.fr>
To: "B" <b@ville.mssante.fr>
Cc: Groupe: c@ville.mssante.fr, d@ville.mssante.fr;
Subject: =?utf-8?Q?[FI?=
 =?utf-8?Q?N]?=
Subject: autre
X-MSS-MES: FIN
x-mss-mes:  fin
X-Mss-Mes:
 FIN
Auto-Submitted: auto-replied; owner-email="x"
Message-ID: <id 1@ville.mssante.fr>
In-Reply-To: <p@x> (commentaire) <q@x>
References: <root@x>
 <p@x>	<mid@x>
Date: Tue, 12 May 2026 10:00:00 +0200 (CEST)
Content-Type: multipart/report; boundary=b

--b

Texte
--b
Content-Type: message/delivery-status

--b--
`)
	got, err := intake(raw, len(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "[FIN]" {
		t.Errorf("subject %q", got.Subject)
	}
	if want := []string{"FIN", "fin", "FIN"}; !reflect.DeepEqual(got.EndHeaders, want) {
		t.Errorf("X-MSS-MES %q", got.EndHeaders)
	}
	if want := []string{"p@x", "q@x", "mid@x", "root@x"}; !reflect.DeepEqual(got.References, want) {
		t.Errorf("references %q, want %q", got.References, want)
	}
	if got.MessageID != "id1@ville.mssante.fr" {
		t.Errorf("message id %q", got.MessageID)
	}
	if len(got.ReplyTo) != 2 || len(got.To) != 2 || len(got.Cc) != 2 || got.Sender.Address.Wire() != "s@ville.mssante.fr" {
		t.Errorf("addresses %d %d %d %q", len(got.ReplyTo), len(got.To), len(got.Cc), got.Sender.Address.Wire())
	}
	if !got.IsReport || !got.AutoSubmitted || !got.HasText || got.Attachments != 1 {
		t.Errorf("report %v, auto %v, text %v, attachments %d", got.IsReport, got.AutoSubmitted, got.HasText, got.Attachments)
	}
	if got.Date.Unix() != 1778572800 || got.FromFields != 1 || got.FromAddresses != 1 {
		t.Errorf("date %v, %d from fields", got.Date, got.FromFields)
	}
}

// TestIntake_subject_keepsWhatMakesANearMiss: only ASCII white space is cut around [FIN] (D5).
func TestIntake_subject_keepsWhatMakesANearMiss(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"[FIN]":                        "[FIN]",
		"  [FIN] \t":                   "[FIN]",
		"\n [FIN]":                     "[FIN]",
		"=?utf-8?B?W0ZJTl0=?=":         "[FIN]",
		"=?utf-8?Q?=C2=A0[FIN]?=":      "\u00a0[FIN]",
		"\u00a0[FIN]":                  "\u00a0[FIN]",
		"=?utf-8?Q?[FIN]=E2=80=8B?=":   "[FIN]\u200b",
		"=?x-inconnu?Q?[FIN]?=":        "[FIN]",
		"=?utf-8?X?[FIN]?=":            "=?utf-8?X?[FIN]?=",
		"Re: =?iso-8859-15?Q?10_=A4?=": "Re: 10 €",
	} {
		facts, err := intake(wire("From: <a@v.fr>\nSubject: "+raw+"\n\n"), 5)
		if err != nil {
			t.Errorf("%q: %v", raw, err)
		}
		if facts.Subject != want {
			t.Errorf("%q: subject %q, want %q", raw, facts.Subject, want)
		}
	}
}

// TestIntake_hasText tells whether a [FIN] message has something to show (OP3c).
func TestIntake_hasText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		part string
		want bool
	}{
		{"Content-Type: text/plain\n\nx\n", true},
		{"Content-Type: text/plain\n\n \t\n\n", false},
		{"Content-Type: text/plain; charset=utf-8\n\n\u00a0\u202f\n", false},
		{"Content-Type: text/plain; charset=utf-8\n\né\n", true},
		{"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n=20=0D=0A=\n\n", false},
		{"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nIA0KCg==\n", false},
		{"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nYQ==\n", true},
		{"Content-Type: text/html\n\n<html><head><title>x</title><style>p{}</style></head><body><p>&nbsp;<br></p></body></html>\n", false},
		{"Content-Type: text/html\n\n<div><p>x</p></div>\n", true},
		{"Content-Type: text/plain\nContent-Disposition: attachment\n\nx\n", false},
		{"Content-Type: multipart/mixed; boundary=b\n\nPreambule\n--b\n\n\n--b--\nEpilogue\n", false},
		{"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n\n--b\nContent-Type: text/html\n\n<p>x</p>\n--b--\n", true},
	} {
		facts, err := intake(wire("From: <a@v.fr>\n"+c.part), 11)
		if err != nil || facts.HasText != c.want {
			t.Errorf("text %v (%v), want %v:\n%s", facts.HasText, err, c.want, c.part)
		}
	}
}

// TestIntake_digest_leavesTraceFieldsOut: an operator's retry may come another way, so what servers put
// on top is not part of what makes two messages the same (docs/design.md, One message in, 4).
func TestIntake_digest_leavesTraceFieldsOut(t *testing.T) {
	t.Parallel()
	message := "Date: x\r\nReceived: below, so kept\r\nFrom: <a@v.fr>\r\n\r\nbody\r\n"
	want := sha256.Sum256([]byte(message))
	for _, top := range []string{
		"",
		"Received: from a\r\n\tby b\r\n",
		"Return-Path: <a@v.fr>\r\nRECEIVED: x\r\nDelivered-To: y\r\nX-Received: z\r\nReceived-SPF: none\r\n",
		"Authentication-Results: x\r\nARC-Seal: y\r\nReceived: z\r\n",
		"not a field\r\n",
	} {
		raw := []byte(top + message)
		for chunk := 1; chunk <= len(raw); chunk += 3 {
			facts, err := intake(raw, chunk)
			if err != nil {
				t.Fatal(err)
			}
			if facts.Digest != want {
				t.Errorf("digest depends on %q in chunks of %d", top, chunk)
			}
			if facts.SHA256 != sha256.Sum256(raw) || facts.Bytes != int64(len(raw)) {
				t.Errorf("hash of all octets is wrong with %q in chunks of %d", top, chunk)
			}
		}
	}
	other, err := intake([]byte("X-Mailer: new\r\n"+message), 1<<20)
	if err != nil || other.Digest == want {
		t.Errorf("a lasting field on top does not change the digest (%v)", err)
	}
}

// TestIntake_chunks_doNotMatter: where chunks end changes nothing.
func TestIntake_chunks_doNotMatter(t *testing.T) {
	t.Parallel()
	raw := clinicalMessage(pseudoRandom(700))
	want, err := intake(raw, len(raw))
	if err != nil || want.Attachments != 1 || !want.HasText {
		t.Fatalf("facts %+v, %v", want, err)
	}
	rapid.Check(t, func(t *rapid.T) {
		in := NewIntake(DefaultLimits())
		for rest := raw; len(rest) > 0; {
			n := rapid.IntRange(1, min(len(rest), 200)).Draw(t, "chunk")
			if _, err := in.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if got, err := in.Close(); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v (%v), want %+v", got, err, want)
		}
	})
}

// TestIntake_limits refuses what is too much to read, and takes what is just allowed.
func TestIntake_limits(t *testing.T) {
	t.Parallel()
	limits := Limits{MaxParts: 4, MaxDepth: 2, MaxHeaderBytes: 300, MaxTextBytes: 100}
	nested := func(depth int) string {
		var b strings.Builder
		for i := range depth {
			b.WriteString("Content-Type: multipart/mixed; boundary=b" + strings.Repeat("x", i) + "\n\n--b" + strings.Repeat("x", i) + "\n")
		}
		return b.String() + "\nx\n"
	}
	flat := "Content-Type: multipart/mixed; boundary=b\n\n"
	for name, c := range map[string]struct {
		message string
		err     error
	}{
		"header at the limit":     {"X-A: " + strings.Repeat("x", 300-len("From: <a@v.fr>\r\nX-A: \r\n\r\n")) + "\n\nx\n", nil},
		"header over the limit":   {"X-A: " + strings.Repeat("x", 301-len("From: <a@v.fr>\r\nX-A: \r\n\r\n")) + "\n\nx\n", ErrHeaderTooLarge},
		"header without an end":   {strings.Repeat("x", 5000), ErrHeaderTooLarge},
		"header of a part":        {flat + "--b\nX-A: " + strings.Repeat("x", 300) + "\n\nx\n--b--\n", ErrHeaderTooLarge},
		"parts at the limit":      {flat + strings.Repeat("--b\n\nx\n", 3) + "--b--\n", nil},
		"parts over the limit":    {flat + strings.Repeat("--b\n\nx\n", 4) + "--b--\n", ErrTooManyParts},
		"depth at the limit":      {nested(2), nil},
		"depth over the limit":    {nested(3), ErrTooDeep},
		"text longer than shown":  {"\n" + strings.Repeat("x", 5000) + "\n", nil},
		"boundary that is absent": {"Content-Type: multipart/mixed\n\n" + strings.Repeat("--b\n\nx\n", 9), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := NewIntake(limits)
			raw := wire("From: <a@v.fr>\n" + c.message)
			_, err := in.Write(raw)
			_, closed := in.Close()
			if err == nil {
				err = closed
			}
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Errorf("error %v, want %v", err, c.err)
			}
		})
	}
}

// TestIntake_memory_isBounded: 25 MB pass through an Intake without being kept (G10).
func TestIntake_memory_isBounded(t *testing.T) {
	t.Parallel()
	raw := clinicalMessage(pseudoRandom(18 << 20))
	in := NewIntake(DefaultLimits())
	if _, err := io.CopyBuffer(struct{ io.Writer }{in}, struct{ io.Reader }{bytes.NewReader(raw)}, make([]byte, 32<<10)); err != nil {
		t.Fatal(err)
	}
	kept := cap(in.walk.block) + cap(in.walk.carry)
	if kept > 16<<10 {
		t.Errorf("an Intake keeps %d octets of %d", kept, len(raw))
	}
	if facts, err := in.Close(); err != nil || facts.Attachments != 1 {
		t.Errorf("%d attachments, %v", facts.Attachments, err)
	}
}
