package filetype

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
)

// Errors of [Check]. Neither holds the name.
var (
	// ErrNotOffered means that the name ends in none of the kinds of R113.
	ErrNotOffered = errors.New("kind of document not offered")
	// ErrMismatch means that the content is not what the name says.
	ErrMismatch = errors.New("content does not match the name")
)

// Media types of R113.
const (
	jpeg = "image/jpeg"
	png  = "image/png"
	tiff = "image/tiff"
	text = "text/plain"
	pdf  = "application/pdf"
	rtf  = "application/rtf"
	doc  = "application/msword"
)

// PDF is the media type of a document that browsers show in a reader of their own.
const PDF = pdf

// Shown returns the media type under which a browser may show a document with a declared type and name, "" for one that
// is only to be saved: of the kinds that patients get, PDF, JPEG and PNG run nothing.
func Shown(declared, name string) string {
	named := byName(name)
	for _, kind := range []string{pdf, jpeg, png} {
		if Agrees(declared, kind) && (named == kind || named == "" && declared != "" && declared != "application/octet-stream") {
			return kind
		}
	}
	return ""
}

// Is reports whether content begins as documents of a kind do.
func Is(kind string, content []byte) bool { return byContent(content) == kind }

// Extensions are those of R113, as the accept attribute of a file field takes them.
const Extensions = ".jpg,.jpeg,.png,.tiff,.tif,.txt,.pdf,.rtf,.doc"

// Check returns the media type under which a document leaves, from its name and content.
func Check(name string, content []byte) (string, error) {
	claimed := byName(name)
	if claimed == "" {
		return "", ErrNotOffered
	}
	found := byContent(content)
	if found == claimed || found == "" && claimed != text {
		return claimed, nil
	}
	return "", ErrMismatch
}

// Agrees reports whether a declared media type is one under which software sends documents of the
// kind that Check returned. No declaration agrees with every kind.
func Agrees(declared, checked string) bool {
	declared, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(declared)), ";")
	switch declared = strings.TrimSpace(declared); declared {
	case "", "application/octet-stream", checked:
		return true
	case "image/jpg":
		return checked == jpeg
	case "text/rtf":
		return checked == rtf
	}
	return false
}

// byName returns the media type that the end of a file name stands for, "" for any other end.
func byName(name string) string {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return ""
	}
	switch strings.ToLower(name[dot+1:]) {
	case "jpg", "jpeg":
		return jpeg
	case "png":
		return png
	case "tiff", "tif":
		return tiff
	case "txt":
		return text
	case "pdf":
		return pdf
	case "rtf":
		return rtf
	case "doc":
		return doc
	}
	return ""
}

// byContent returns the media type that the first bytes show, "" when they show none. The three that
// the WHATWG table of net/http lacks come first.
func byContent(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("II*\x00")), bytes.HasPrefix(b, []byte("MM\x00*")):
		return tiff
	case bytes.HasPrefix(b, []byte("{\\rtf")):
		return rtf
	case bytes.HasPrefix(b, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return doc
	case bytes.HasPrefix(b, []byte("MZ")), bytes.HasPrefix(b, []byte("\x7fELF")):
		return "application/x-executable"
	case bytes.Contains(b[:min(len(b), 1024)], []byte("%PDF-")): // some writers put a few bytes first
		return pdf
	}
	found, _, _ := strings.Cut(http.DetectContentType(b), ";")
	if found == "application/octet-stream" {
		return ""
	}
	return found
}
