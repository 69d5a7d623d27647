package mail

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// toUTF8 decodes text by the label of its charset. It always gives valid UTF-8: sure is false when the
// label is unknown or the octets do not fit it, and the text is then a best guess.
//
// A missing label and US-ASCII stand for whatever the octets are, because software that does not know
// its charset says that; ISO 8859-1 is read as windows-1252, which has a character where ISO 8859-1 has
// control codes.
func toUTF8(b []byte, label string) (text string, sure bool) {
	label = strings.ToLower(strings.Trim(label, asciiSpace+`"'`))
	switch label {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "7bit", "8bit":
		return guess(b), true
	case "utf-8", "utf8":
		return guess(b), utf8.Valid(b)
	case "iso-8859-1", "iso8859-1", "latin1", "windows-1252", "cp1252":
		return windows1252(b), true
	}
	r, err := charset.Reader(label, bytes.NewReader(b))
	if err != nil {
		return guess(b), false
	}
	decoded, err := io.ReadAll(r)
	if err != nil {
		return guess(b), false
	}
	return strings.ToValidUTF8(string(decoded), "\uFFFD"), true
}

// guess reads octets of unknown charset: UTF-8 when they are, UTF-8 with gaps when they have some of it,
// and windows-1252 otherwise.
func guess(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	for rest := b; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r != utf8.RuneError && n > 1 {
			return strings.ToValidUTF8(string(b), "\uFFFD")
		}
		rest = rest[n:]
	}
	return windows1252(b)
}

func windows1252(b []byte) string {
	var s strings.Builder
	s.Grow(len(b))
	for _, c := range b {
		s.WriteRune(charmap.Windows1252.DecodeByte(c))
	}
	return s.String()
}

// guessReader decodes by toUTF8, for libraries that ask for a reader.
func guessReader(label string, r io.Reader) (io.Reader, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	text, _ := toUTF8(b, label)
	return strings.NewReader(text), nil
}
