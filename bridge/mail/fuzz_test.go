package mail

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// addSeeds gives the messages of testdata to a fuzz target, with LF and with CRLF line ends.
func addSeeds(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/*/*.eml")
	if err != nil || len(files) < 20 {
		f.Fatalf("%d seeds (%v)", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil || len(raw) == 0 {
			f.Fatalf("%s: %d octets (%v)", file, len(raw), err)
		}
		f.Add(raw, uint16(len(raw)))
		f.Add(wire(string(raw)), uint16(1))
	}
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\r\nx\r\n--b\r\ny\r\n--b"), uint16(3))
	f.Add([]byte("From: a@b.fr\r\n\r\n--\r\n\r--\n"), uint16(2))
}

// tightLimits make a small message exceed each limit.
func tightLimits() Limits {
	return Limits{MaxParts: 6, MaxDepth: 3, MaxHeaderBytes: 400, MaxTextBytes: 60}
}

// FuzzIntake checks that where chunks end changes nothing, and that what is accepted is whole: hashes,
// size and author are set.
func FuzzIntake(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte, chunk uint16) {
		for _, limits := range []Limits{DefaultLimits(), tightLimits()} {
			whole, err := takeIn(raw, len(raw), limits)
			parts, partsErr := takeIn(raw, int(chunk)+1, limits)
			if (err == nil) != (partsErr == nil) {
				t.Fatalf("whole: %v, in chunks: %v", err, partsErr)
			}
			if err != nil {
				continue // which of several faults is met first may depend on the chunks
			}
			if !reflect.DeepEqual(whole, parts) {
				t.Fatalf("whole %+v, in chunks %+v", whole, parts)
			}
			if whole.SHA256 != sha256.Sum256(raw) || whole.Bytes != int64(len(raw)) || whole.From.Address.IsZero() {
				t.Fatalf("%+v", whole)
			}
			if !utf8.ValidString(whole.Subject) || bytes.ContainsFunc([]byte(whole.Subject+whole.From.Name), unicode.IsControl) {
				t.Fatalf("subject %q, name %q", whole.Subject, whole.From.Name)
			}
		}
	})
}

func takeIn(raw []byte, chunk int, limits Limits) (Facts, error) {
	in := NewIntake(limits)
	for rest := raw; len(rest) > 0; {
		n := min(max(chunk, 1), len(rest))
		if _, err := in.Write(rest[:n]); err != nil {
			break
		}
		rest = rest[n:]
	}
	return in.Close()
}

// mostShown bounds what any message shows, in octets: all pictures, and the largest page that
// checkTangle lets through.
const mostShown = 16 << 20

// FuzzView checks that every octet sequence can be shown, that Intake counts what View lists, and that
// every attachment can be fetched as it is listed.
func FuzzView(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte, _ uint16) {
		for _, limits := range []Limits{DefaultLimits(), tightLimits()} {
			c := NewCodec(limits)
			v, err := c.View(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			checkAgreement(t, c, raw, v)
			if !utf8.ValidString(v.Text) || !utf8.ValidString(v.HTML) {
				t.Fatal("what is shown is not UTF-8")
			}
			if len(v.Text) > mostShown || len(v.HTML) > mostShown {
				t.Fatalf("%d octets show %d of text and %d of HTML", len(raw), len(v.Text), len(v.HTML))
			}
			if len(v.Attachments) > limits.MaxParts {
				t.Fatalf("%d attachments", len(v.Attachments))
			}
			if err := c.Part(bytes.NewReader(raw), len(v.Attachments), new(bytes.Buffer)); !errors.Is(err, ErrNoPart) {
				t.Fatalf("attachment beyond the last: %v", err)
			}
			checkHarmless(t, string(raw), v.HTML)
		}
	})
}

// FuzzHeader checks that any header block gives clean, bounded values: fields in order, valid text
// without control characters, safe names that stay the same when they are cleaned again.
func FuzzHeader(f *testing.F) {
	for _, s := range []string{
		"Subject: =?utf-8?B?w6?= =?utf-8?Q?=A9?=\r\n suite\r\n",
		"Content-Type: text/plain; charset=\"utf-7\"; name*0*=utf-8''%C3; name*1*=%A9.pdf\r\nContent-Disposition: attachment; filename==?x?q?y?=\r\n",
		"From: \"a, b\" <a@b.fr>, c@d.fr (x)\r\nTo: groupe: <e@f.fr>;\r\nReferences: <a@b> c@d\r\n",
		"Subject: r\xe9sultats\r\njunk\r\n --x\r\nContent-Transfer-Encoding: base 64\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		fields, rest, _ := splitHeader(nil, block)
		if rest < 0 || rest > len(block) {
			t.Fatalf("rest %d of %d", rest, len(block))
		}
		at := 0
		for _, field := range fields {
			if field.start < at || field.colon <= field.start || field.colon >= rest {
				t.Fatalf("field at %d to %d after %d, rest %d", field.start, field.colon, at, rest)
			}
			at = field.colon + len(field.value)
			checkValue(t, unfold(field.value))
		}
		l := describe(fields, "text/plain")
		if n := l.name(1); n == "" || len(n) > maxName || n != cleanName(n) {
			t.Fatalf("name %q", n)
		}
	})
}

// checkValue reads a value in every way that a field may be read.
func checkValue(t *testing.T, value string) {
	t.Helper()
	texts := []string{decodeText(value)}
	_, p := parseStructured(value)
	for _, q := range p {
		texts = append(texts, p.text(q.name))
	}
	addresses, _ := readAddresses(value)
	for _, a := range addresses {
		texts = append(texts, a.Name)
		if strings.Contains(a.Name, "@") {
			t.Fatalf("name %q of %q", a.Name, value)
		}
	}
	for _, s := range texts {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) || len(s) > 8*len(value)+8 {
			t.Fatalf("%q of %q", s, value)
		}
	}
	for _, id := range messageIDs(value) {
		if !validMessageID(id) {
			t.Fatalf("identifier %q", id)
		}
	}
}
