package mail

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"reflect"
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
