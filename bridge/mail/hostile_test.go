package mail

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHostileMessages_takeLittleTime reads messages made to be slow. Each takes well under a second when
// the work grows with the size, and minutes when it grows with its square, so the bound is wide.
func TestHostileMessages_takeLittleTime(t *testing.T) {
	t.Parallel()
	const most = 20 * time.Second
	const multipart = "Content-Type: multipart/mixed; boundary=b\n"
	const page = "Content-Type: text/html\n\n"
	numbered := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)))
		}
		return b.String()
	}
	for name, message := range map[string]string{
		"nested multiparts":         strings.Repeat(multipart+"\n--b\n", 100_000),
		"nested, each its boundary": numbered("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", 100_000),
		"parts":                     multipart + "\n" + strings.Repeat("--b\n\n\n", 400_000),
		"parts without line":        multipart + "\n" + strings.Repeat("--b\n", 400_000),
		"almost delimiters":         multipart + "\n--b\n\n" + strings.Repeat("--b x\n", 400_000),
		"hyphens":                   multipart + "\n--b\n\n" + strings.Repeat("\n--", 400_000),
		"junk before delimiters":    multipart + "\n" + strings.Repeat("--b\njunk\n", 200_000),
		"closing delimiters":        multipart + "\n--b\n" + strings.Repeat("--b--\n", 200_000),
		"encoded words":             "Subject: " + strings.Repeat("=?a?b?", 40_000) + "\n\n",
		"whole encoded words":       "Subject: " + strings.Repeat("=?a?q?x?= ", 25_000) + "\n\n",
		"open addresses":            "To: " + strings.Repeat("<a@b,", 50_000) + "\n\n",
		"bare addresses":            "From: <" + strings.Repeat("a@b ", 60_000) + "\n\n",
		"scraped addresses":         "From: x@y " + numbered("<a%d@b.fr>", 15_000) + "\n\n",
		"many scraped words":        "From: " + numbered("a%d@b.fr ", 18_000) + "\n\n",
		"open quotes":               "To: " + strings.Repeat(`"a" `, 60_000) + "\n\n",
		"open comments":             "From: " + strings.Repeat("(", 250_000) + "\n\n",
		"identifiers":               "References: " + numbered("<%d@x>", 25_000) + "\n\n",
		"open identifiers":          "References: " + strings.Repeat("<", 250_000) + "\n\n",
		"parameters":                "Content-Type: a/b" + strings.Repeat(";name*0=x", 25_000) + "\n\n",
		"numbered parameters":       "Content-Disposition: attachment" + numbered(";filename*%d=x", 15_000) + "\n\n",
		"fields":                    strings.Repeat("A:\n", 80_000) + "\n",
		"junk lines":                strings.Repeat("a\n", 120_000) + "\n",
		"continuations":             "A: b\n" + strings.Repeat(" c\n", 80_000) + "\n",
		"links":                     page + strings.Repeat("<a href=http://x>", 60_000),
		"links with text":           page + numbered("<a href=http://x/%d>y</a>", 40_000),
		"open tags":                 page + strings.Repeat("<b>", 340_000),
		"tables":                    page + strings.Repeat("<table><tr><td>", 70_000),
		"table text":                page + "<table>" + strings.Repeat("<b>x", 200_000),
		"formatting":                page + strings.Repeat("<b><i><p>", 110_000),
		"attributes":                page + "<p " + numbered("a%d ", 120_000) + ">x",
		"entities":                  page + strings.Repeat("&amp;&#1;", 110_000),
		"open comment":              page + strings.Repeat("<!--", 250_000),
		"quoted, no line":           "Content-Transfer-Encoding: quoted-printable\n\n" + strings.Repeat("=4", 400_000),
		"base64, no line":           "Content-Transfer-Encoding: base64\n\n" + strings.Repeat("A=", 400_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := wire(message)
			start := time.Now()
			_, _ = intake(append([]byte("From: <a@v.fr>\r\n"), raw...), 4096) // refusing it is right too
			c := NewCodec(DefaultLimits())
			v, err := c.View(bytes.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > most {
				t.Errorf("%d octets took %v", len(raw), took)
			} else if took > most/20 {
				t.Logf("%d octets took %v", len(raw), took)
			}
			if len(v.Notices) > MaxNotices || len(v.Attachments) > DefaultLimits().MaxParts {
				t.Errorf("%d notices, %d attachments", len(v.Notices), len(v.Attachments))
			}
		})
	}
}
