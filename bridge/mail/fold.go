package mail

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
)

// maxLine is the length that header lines are folded to, in octets without the line end (RFC 5322
// section 2.1.1, RFC 2047 section 2).
const maxLine = 76

// headerFields are complete header fields in the order they are written.
type headerFields [][]byte

// add appends a field, folded between the words of its value; a field without value is left out. The
// value must hold no line end; its words may be up to 900 octets long.
func (h *headerFields) add(name, value string) {
	if value == "" {
		return
	}
	var b strings.Builder
	b.WriteString(name + ":")
	length := len(name) + 1
	for i, w := range strings.Split(value, " ") {
		if i > 0 && length+1+len(w) > maxLine && w != "" {
			b.WriteString("\r\n")
			length = 0
		}
		b.WriteString(" " + w)
		length += 1 + len(w)
	}
	b.WriteString("\r\n")
	*h = append(*h, []byte(b.String()))
}

// header gives the fields to go-message, which writes those added last first.
func (h headerFields) header() message.Header {
	var m message.Header
	for i := len(h) - 1; i >= 0; i-- {
		m.AddRaw(h[i])
	}
	return m
}

// maxPlainWord is the longest word that is left unencoded, in octets: longer ones could not be folded.
const maxPlainWord = 60

// needsEncoding reports whether a text must be written as encoded words: it is not printable ASCII, it
// holds what a reader would take for an encoded word, or folding could change its blanks.
func needsEncoding(s string) bool {
	if !isPlain(s) {
		return true
	}
	for _, w := range strings.Split(s, " ") {
		if w == "" || len(w) > maxPlainWord {
			return s != ""
		}
	}
	return false
}

// writeUnstructured writes a text as the value of an unstructured field. Control characters become
// blanks, so that no text can start another field.
func writeUnstructured(s string) string {
	s = strings.Trim(strings.Map(blankControl, strings.ToValidUTF8(s, "\uFFFD")), asciiSpace)
	if needsEncoding(s) {
		return encodeWords(s)
	}
	return s
}

// writePhrase writes a display name: as it is, quoted, or as encoded words (RFC 5322 section 3.2.5).
func writePhrase(s string) string {
	switch {
	case needsEncoding(s):
		return encodeWords(s)
	case strings.ContainsAny(s, `()<>[]:;@\,."`):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
	}
	return s
}

// maxEncodedOctets is how much text one encoded word holds: with its frame and the name of a field
// before it, it fits a line.
const maxEncodedOctets = 39

// encodeWords writes a text as encoded words in UTF-8, each of whole characters (RFC 2047 section 5).
func encodeWords(s string) string {
	var words []string
	for s != "" {
		n := min(len(s), maxEncodedOctets)
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, " ")
}
