package mail

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decodeUTF7 decodes UTF-7 (RFC 2152). No kept library has it: what is called UTF-7 in IMAP libraries
// is the other one of RFC 3501. sure is false when a run of base64 is broken or octets beyond ASCII
// stand outside of one; what can be read around them is kept. The text has at most three octets for
// each of b.
func decodeUTF7(b []byte) (text string, sure bool) {
	var out strings.Builder
	sure = true
	for len(b) > 0 {
		if b[0] != '+' {
			if b[0] < utf8.RuneSelf {
				out.WriteByte(b[0])
			} else {
				out.WriteRune(utf8.RuneError)
				sure = false
			}
			b = b[1:]
			continue
		}
		n := base64Length(b[1:])
		run := b[1 : 1+n]
		b = b[1+n:]
		closed := len(b) > 0 && b[0] == '-'
		if closed {
			b = b[1:]
		}
		if n == 0 {
			out.WriteByte('+') // "+-", or a plus sign that some software leaves bare
			sure = sure && closed
			continue
		}
		shifted, ok := decodeShifted(run)
		out.WriteString(shifted)
		sure = sure && ok
	}
	return out.String(), sure
}

// base64Length is the number of base64 characters that b starts with.
func base64Length(b []byte) int {
	for i, c := range b {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '/' {
			return i
		}
	}
	return len(b)
}

// decodeShifted decodes one run of base64 to the UTF-16 that it holds. Less than an octet of padding may
// follow the last unit.
func decodeShifted(run []byte) (text string, ok bool) {
	whole := len(run)%4 != 1
	if !whole {
		run = run[:len(run)-1] // a character that completes no octet
	}
	octets := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
	n, err := base64.RawStdEncoding.Decode(octets, run)
	units := make([]uint16, 0, n/2)
	for i := 0; i+1 < n; i += 2 {
		units = append(units, uint16(octets[i])<<8|uint16(octets[i+1]))
	}
	text = string(utf16.Decode(units))
	return text, whole && n%2 == 0 && err == nil && !strings.ContainsRune(text, utf8.RuneError)
}
