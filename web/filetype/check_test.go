package filetype_test

import (
	"errors"
	"strings"
	"testing"

	"mesbridge/web/filetype"
)

// R113: the kinds offered, each by name and content.
func TestCheck_kindsOfR113(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, want string }{
		"a.jpg":       {"\xff\xd8\xff\xe0rest", "image/jpeg"},
		"A.JPEG":      {"\xff\xd8\xff\xe1rest", "image/jpeg"},
		"a.b.png":     {"\x89PNG\r\n\x1a\nrest", "image/png"},
		"scan.tif":    {"II*\x00rest", "image/tiff"},
		"scan.TIFF":   {"MM\x00*rest", "image/tiff"},
		"été.txt":     {"Température : 38,5 °C\r\n", "text/plain"},
		"vide.txt":    {"", "text/plain"},
		"a.pdf":       {"%PDF-1.7\n", "application/pdf"},
		"late.pdf":    {strings.Repeat("\n", 900) + "%PDF-1.4", "application/pdf"},
		"a.rtf":       {`{\rtf1\ansi}`, "application/rtf"},
		"a.doc":       {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "application/msword"},
		"unknown.doc": {"\x00\x01\x02\x03\x9f", "application/msword"},
	} {
		if got, err := filetype.Check(name, []byte(c.content)); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestCheck_refusesOtherKinds(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "pdf", "a.docx", "a.zip", "a.html", "a.pdf.exe", "a.heic", "a.svg", "a.", "a.pdf "} {
		if _, err := filetype.Check(name, []byte("%PDF-1.7")); !errors.Is(err, filetype.ErrNotOffered) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestCheck_refusesContentThatIsSomethingElse(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"a.pdf":  "MZ\x90\x00",
		"b.pdf":  "<!DOCTYPE html><script>",
		"c.pdf":  "just words",
		"d.jpg":  "\x89PNG\r\n\x1a\n",
		"e.png":  "PK\x03\x04zip",
		"f.txt":  "\x00\x01\x02binary",
		"g.txt":  "<html><body>",
		"h.txt":  "%PDF-1.4",
		"i.doc":  "PK\x03\x04docx",
		"j.tiff": "\x7fELF",
		"k.rtf":  "%PDF-1.4",
	} {
		if _, err := filetype.Check(name, []byte(content)); !errors.Is(err, filetype.ErrMismatch) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAgrees(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		declared, checked string
		want              bool
	}{
		{"", "application/pdf", true},
		{"application/octet-stream", "image/png", true},
		{"Image/JPG", "image/jpeg", true},
		{"text/rtf", "application/rtf", true},
		{"text/plain; charset=utf-8", "text/plain", true},
		{"image/jpg", "image/png", false},
		{"text/html", "text/plain", false},
		{"application/pdf", "image/png", false},
	} {
		if got := filetype.Agrees(c.declared, c.checked); got != c.want {
			t.Errorf("%q for %q: got %v", c.declared, c.checked, got)
		}
	}
}
