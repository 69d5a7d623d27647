package mail

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"unicode"
)

// Bounds of the search for an encoded word, in octets. RFC 2047 allows 75; some software never splits.
const (
	maxWordLabel = 64
	maxWordText  = 2000
)

// decodeText decodes an unfolded, unstructured value to UTF-8: encoded words by RFC 2047, raw octets
// by guess. It also reads what many senders get wrong: blanks inside a word, missing padding, and one
// character or even one group of base64 split over two words, for which neighbours of one charset are
// decoded together. What is no encoded word stays as it stands. Control characters become spaces.
func decodeText(s string) string {
	if isPlain(s) {
		return s
	}
	var out strings.Builder
	var run encodedRun
	for {
		i := strings.Index(s, "=?")
		if i < 0 {
			break
		}
		w, rest, ok := cutWord(s[i:])
		if !ok {
			run.flush(&out)
			out.WriteString(guess([]byte(s[:i+2])))
			s = s[i+2:]
			continue
		}
		if !run.open || strings.Trim(s[:i], asciiSpace) != "" {
			run.flush(&out)
			out.WriteString(guess([]byte(s[:i])))
		}
		run.add(w, &out)
		s = rest
	}
	run.flush(&out)
	out.WriteString(guess([]byte(s)))
	return strings.Map(blankControl, out.String())
}

// isPlain reports whether s is printable ASCII without encoded words.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return !strings.Contains(s, "=?")
}

// blankControl turns control characters into spaces.
func blankControl(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// word is one encoded word with its octets decoded.
type word struct {
	charset string
	octets  []byte
	base64  string // of a B word, its text without blanks
}

// encodedRun gathers neighbouring words of one charset.
type encodedRun struct {
	word
	open bool
}

func (e *encodedRun) add(w word, out *strings.Builder) {
	if e.open && e.charset == w.charset {
		if !e.goOn(w) {
			e.octets, e.base64 = append(e.octets, w.octets...), w.base64
		}
		return
	}
	e.flush(out)
	e.word, e.open = w, true
}

// goOn adds w when it goes on with a group of base64 that the last word left open: some software cuts
// the encoded text anywhere. Neither of the two is then whole by itself, and both are together.
func (e *encodedRun) goOn(w word) bool {
	joined := e.base64 + w.base64
	if len(e.base64)%4 == 0 || len(w.base64)%4 == 0 || strings.Contains(e.base64, "=") {
		return false
	}
	octets, ok := decodeWordBase64(joined)
	if !ok {
		return false
	}
	before := len(e.octets) - base64.RawStdEncoding.DecodedLen(len(e.base64))
	e.octets, e.base64 = append(e.octets[:before], octets...), joined
	return true
}

func (e *encodedRun) flush(out *strings.Builder) {
	if e.open {
		text, _ := toUTF8(e.octets, e.charset)
		out.WriteString(text)
	}
	*e = encodedRun{}
}

// cutWord reads the encoded word that s starts with.
func cutWord(s string) (w word, rest string, ok bool) {
	label, after, ok := cutWithin(s[2:], "?", maxWordLabel)
	if !ok || label == "" || strings.ContainsAny(label, asciiSpace) {
		return word{}, "", false
	}
	encoding, after, ok := cutWithin(after, "?", 1)
	if !ok {
		return word{}, "", false
	}
	text, rest, ok := cutWithin(after, "?=", maxWordText)
	if !ok {
		return word{}, "", false
	}
	// RFC 2231 section 5 lets a language follow the charset.
	w.charset, _, _ = strings.Cut(strings.ToLower(label), "*")
	switch encoding {
	case "b", "B":
		w.base64 = strings.Join(strings.Fields(text), "")
		w.octets, ok = decodeWordBase64(w.base64)
	case "q", "Q":
		w.octets = unescape([]byte(strings.ReplaceAll(text, "_", " ")), '=')
	default:
		return word{}, "", false
	}
	return w, rest, ok
}

// cutWithin cuts s around sep, which must start within the first limit octets.
func cutWithin(s, sep string, limit int) (before, after string, ok bool) {
	head := s[:min(len(s), limit+len(sep))]
	i := strings.Index(head, sep)
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+len(sep):], true
}

// decodeWordBase64 decodes the text of a B word, with or without padding. Line ends do not count.
func decodeWordBase64(s string) ([]byte, bool) {
	s = strings.TrimRight(s, "=")
	if len(s)%4 == 1 {
		s = s[:len(s)-1] // it completes no octet by itself; see goOn
	}
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil
}

// unescape replaces each mark followed by two hexadecimal digits by the octet they name. A mark
// without digits stays as it stands.
func unescape(s []byte, mark byte) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == mark && i+2 < len(s) {
			var octet [1]byte
			if _, err := hex.Decode(octet[:], s[i+1:i+3]); err == nil {
				out = append(out, octet[0])
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}
