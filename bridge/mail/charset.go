package mail

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// toUTF8 decodes text by the label of its charset. It always gives valid UTF-8: sure is false when the
// label is unknown or the octets do not fit it, and the text is then a best guess.
//
// Labels mean what the WHATWG Encoding Standard says, because mail is written by software that is
// tested against browsers: ISO 8859-1 is read as windows-1252, GB 2312 as GBK, KS C 5601 as its
// windows superset. Beyond that list come UTF-7, HZ and the names of IANA. A missing label and
// US-ASCII stand for whatever the octets are, because software that does not know its charset says
// that.
func toUTF8(b []byte, label string) (text string, sure bool) {
	label = cleanLabel(label)
	switch label {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "7bit", "8bit", "binary", "unknown-8bit", "x-unknown", "default":
		return guess(b), true
	case "utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8", "utf8mb4":
		return guess(b), utf8.Valid(b)
	case "utf-7", "utf7", "unicode-1-1-utf-7", "x-unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "csutf7", "unicode-2-0-utf-7":
		return decodeUTF7(b)
	case "utf-16", "utf16", "utf-16le", "utf-16be", "unicode", "csunicode", "ucs-2", "iso-10646-ucs-2", "unicodefeff", "unicodefffe":
		return decodeUTF16(b, label)
	}
	switch e := encodingOf(label); e {
	case encoding.Replacement:
		return guess(b), false
	case nil:
	default:
		return decodeBy(e, b)
	}
	r, err := charset.Reader(label, bytes.NewReader(b))
	if err != nil {
		return guess(b), false
	}
	decoded, err := io.ReadAll(r)
	if err != nil {
		return guess(b), false
	}
	return checked(string(decoded))
}

// cleanLabel cuts what careless software puts around the label of a charset.
func cleanLabel(label string) string {
	label, _, _ = strings.Cut(label, ";")
	return strings.ToLower(strings.Trim(label, asciiSpace+`"'`))
}

// encodingOf finds an encoding by a WHATWG label, nil when there is none. Of the encodings that the
// standard forbids to browsers, which it calls Replacement, mail still uses HZ (RFC 1843).
func encodingOf(label string) encoding.Encoding {
	if label == "hz-gb-2312" {
		return simplifiedchinese.HZGB2312
	}
	e, err := htmlindex.Get(label)
	if err != nil {
		return nil
	}
	return e
}

// decodeBy decodes all of b. What does not fit the encoding is told by sure.
func decodeBy(e encoding.Encoding, b []byte) (text string, sure bool) {
	decoded, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return guess(b), false
	}
	return checked(string(decoded))
}

// checked makes decoded text valid UTF-8 and reports whether all of it could be read.
func checked(s string) (text string, sure bool) {
	text = strings.ToValidUTF8(s, "\uFFFD")
	return text, !strings.Contains(text, "\uFFFD")
}

// decodeUTF16 decodes UTF-16. A byte order mark is believed before the label. Without either the order
// is told by the zero octets of Latin letters: RFC 2781 says big endian, much software means little.
func decodeUTF16(b []byte, label string) (text string, sure bool) {
	order := unicode.BigEndian
	switch {
	case label == "utf-16le", label == "unicodefeff":
		order = unicode.LittleEndian
	case label == "utf-16be", label == "unicodefffe":
	case zeroOctets(b, 1) > zeroOctets(b, 0):
		order = unicode.LittleEndian
	}
	return decodeBy(unicode.UTF16(order, unicode.UseBOM), b)
}

// zeroOctets counts the zero octets of b at every second place from start on.
func zeroOctets(b []byte, start int) (n int) {
	for i := start; i < len(b); i += 2 {
		if b[i] == 0 {
			n++
		}
	}
	return n
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
