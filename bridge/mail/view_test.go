package mail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// TestView_longText_isCutAndOffered: what is not shown can be downloaded, byte for byte.
func TestView_longText_isCutAndOffered(t *testing.T) {
	t.Parallel()
	c := NewCodec(Limits{MaxParts: 10, MaxDepth: 5, MaxHeaderBytes: 1000, MaxTextBytes: 100})
	long := strings.Repeat("ligne de texte\r\n", 20)
	raw := []byte("From: <a@v.fr>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\n\r\ncourt\r\n--b\r\n\r\n" + long + "\r\n--b\r\n\r\nfin\r\n" +
		"--b\r\nContent-Type: text/html\r\n\r\n<p>page</p>\r\n--b--\r\n")
	v, err := c.View(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	checkAgreement(t, c, raw, v)
	if len(v.Attachments) != 2 || v.Attachments[0].Bytes != int64(len(long)) || v.Attachments[1].Bytes != 3 {
		t.Errorf("attachments %+v", v.Attachments)
	}
	if !strings.HasPrefix(v.Text, "court\n\nligne de texte\n") || !strings.Contains(v.HTML, "<p>page</p>") {
		t.Errorf("text %q, HTML %q", v.Text, v.HTML)
	}
	if !slices.Equal(v.Notices, []string{noticeLong}) {
		t.Errorf("notices %q", v.Notices)
	}
}

// TestView_damagedFiles_haveFewNotices: a message of nothing but damage stays readable (D11).
func TestView_damagedFiles_haveFewNotices(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("From: <a@v.fr>\nContent-Type: multipart/mixed; boundary=b\n\n")
	for i := range 200 {
		fmt.Fprintf(&b, "--b\nContent-Type: application/pdf; name=f%d.pdf\nContent-Transfer-Encoding: base64\n\n****\n", i)
	}
	v := view(t, wire(b.String()))
	if len(v.Attachments) != 200 || len(v.Notices) != MaxNotices || v.Notices[MaxNotices-1] != noticeMore {
		t.Errorf("%d attachments, %d notices", len(v.Attachments), len(v.Notices))
	}
}

// TestPart_isByteIdentical: what is downloaded is what was attached, in every encoding (docs/contract.md).
func TestPart_isByteIdentical(t *testing.T) {
	t.Parallel()
	octets := pseudoRandom(100_000)
	b64 := base64.StdEncoding.EncodeToString(octets)
	var lines, odd, padded strings.Builder
	for i := 0; i < len(b64); i += 76 {
		lines.WriteString(b64[i:min(i+76, len(b64))] + "\r\n")
	}
	for i := 0; i < len(b64); i += 37 {
		odd.WriteString(" \t" + b64[i:min(i+37, len(b64))] + "\r\n")
	}
	for i := 0; i < len(octets); i += 50 { // each line encoded on its own, with its own padding
		padded.WriteString(base64.StdEncoding.EncodeToString(octets[i:min(i+50, len(octets))]) + "\r\n")
	}
	var quoted strings.Builder
	for i, c := range octets {
		fmt.Fprintf(&quoted, "=%02X", c)
		if i%20 == 19 {
			quoted.WriteString("=\r\n")
		}
	}
	eightBit := strings.NewReplacer("\r", "", "\n", "", "--", "").Replace(string(octets)) + "\r\n\r\n  fin \r\n"
	for name, c := range map[string]struct{ encoding, body, want string }{
		"lines":    {"base64", lines.String(), string(octets)},
		"one line": {"base64", b64, string(octets)},
		"odd":      {"BASE64", odd.String(), string(octets)},
		"padded":   {"base64", padded.String(), string(octets)},
		"quoted":   {"quoted-printable", quoted.String(), string(octets)},
		"8bit":     {"8bit", eightBit, eightBit},
		"empty":    {"base64", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := []byte("From: <a@v.fr>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntexte\r\n--b\r\n" +
				"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: " + c.encoding + "\r\n\r\n" + c.body + "\r\n--b--\r\n")
			var out bytes.Buffer
			if err := NewCodec(DefaultLimits()).Part(iotest.OneByteReader(bytes.NewReader(raw)), 0, &out); err != nil {
				t.Fatal(err)
			}
			if out.String() != c.want {
				t.Errorf("%d octets, want %d", out.Len(), len(c.want))
			}
			if v := view(t, raw); len(v.Notices) != 0 {
				t.Errorf("notices %q", v.Notices)
			}
		})
	}
}

// TestPart_errors: a missing attachment, a reader or a writer that fails are told apart.
func TestPart_errors(t *testing.T) {
	t.Parallel()
	c := NewCodec(DefaultLimits())
	raw := clinicalMessage(pseudoRandom(50_000))
	for _, index := range []int{-1, 1, 99} {
		if err := c.Part(bytes.NewReader(raw), index, io.Discard); !errors.Is(err, ErrNoPart) {
			t.Errorf("index %d: %v", index, err)
		}
	}
	broken := io.MultiReader(bytes.NewReader(raw[:9000]), iotest.ErrReader(io.ErrUnexpectedEOF))
	if err := c.Part(broken, 0, io.Discard); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken reader: %v", err)
	}
	if _, err := c.View(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken reader: %v", err)
	}
	if err := c.Part(bytes.NewReader(raw), 0, failingWriter{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("broken writer: %v", err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestView_emptyInput: nothing is a message too.
func TestView_emptyInput(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "\r\n", "\r\n\r\n", "x", "--", "\n--", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--"} {
		v := view(t, []byte(s))
		if len(v.Attachments) != 0 || v.HTML != "" {
			t.Errorf("%q: %+v", s, v)
		}
	}
}

// TestView_beyondLimits_isOfferedWhole: what exceeds the limits is offered in one piece, in linear time.
func TestView_beyondLimits_isOfferedWhole(t *testing.T) {
	t.Parallel()
	var flat, deep strings.Builder
	flat.WriteString("From: <a@v.fr>\nContent-Type: multipart/mixed; boundary=b\n\n")
	for i := range 5000 {
		fmt.Fprintf(&flat, "--b\nContent-Type: application/pdf\n\nDocument %d.\n", i)
	}
	flat.WriteString("--b--\n")
	deep.WriteString("From: <a@v.fr>\n")
	for i := range 100_000 {
		fmt.Fprintf(&deep, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	deep.WriteString("\nAu fond.\n")

	v := view(t, wire(flat.String()))
	rest := fetch(t, wire(flat.String()), len(v.Attachments)-1)
	if len(v.Attachments) != 1000 || !strings.Contains(rest, "Document 4999.") || !slices.Equal(v.Notices, []string{noticeLimit}) {
		t.Errorf("%d attachments, notices %q", len(v.Attachments), v.Notices)
	}
	v = view(t, wire(deep.String()))
	if len(v.Attachments) != 1 || !strings.Contains(fetch(t, wire(deep.String()), 0), "Au fond.") {
		t.Errorf("%d attachments, notices %q", len(v.Attachments), v.Notices)
	}
}

func fetch(t *testing.T, raw []byte, index int) string {
	t.Helper()
	var out bytes.Buffer
	if err := NewCodec(DefaultLimits()).Part(bytes.NewReader(raw), index, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
