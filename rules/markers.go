package rules

import "strings"

// Markers by which a professional's software ends exchanges (section 1 of mes-messaging.md).
const (
	endSubject = "[FIN]"
	endHeader  = "FIN"
)

// ReadSubject reads the subject marker from a decoded, unfolded subject: trimmed of ASCII white
// space, then exact and case-sensitive (R80, D5). near tells a subject that resembles it, also behind the
// prefix of documents, which is an ordinary message.
func ReadSubject(subject string) (ends, near bool) {
	s := trimASCII(subject)
	if s == endSubject {
		return true, false
	}
	return false, resembles(trimASCII(ShownSubject(s)))
}

// ReadEndHeaders reads all X-MSS-MES fields of a message: FIN when one of them is exactly that
// (R81, R82; with two fields the safe side wins). near tells any other value.
func ReadEndHeaders(values []string) (fin, near bool) {
	for _, v := range values {
		if trimASCII(v) == endHeader {
			return true, false
		}
		near = true
	}
	return false, near
}

// maxNearMiss is the length, in bytes, beyond which a subject is not taken for a mistyped marker.
const maxNearMiss = 24

// resembles reports whether s would be the marker but for case, brackets, spaces, dots or prefixes of
// replies and forwards.
func resembles(s string) bool {
	if len(s) > maxNearMiss {
		return false
	}
	var letters [maxNearMiss]byte
	n := 0
	for _, r := range s {
		switch {
		case strings.ContainsRune("[](){}.!: \t\u00a0\u202f", r):
		case r >= 'a' && r <= 'z':
			letters[n] = byte(r - 'a' + 'A')
			n++
		case r >= 'A' && r <= 'Z':
			letters[n] = byte(r)
			n++
		default:
			return false
		}
	}
	return isPrefixed(letters[:n])
}

// isPrefixed reports whether letters are the marker's, after any number of prefixes.
func isPrefixed(letters []byte) bool {
	for {
		switch {
		case string(letters) == endHeader:
			return true
		case hasPrefix(letters, "RE"), hasPrefix(letters, "TR"):
			letters = letters[2:]
		case hasPrefix(letters, "FWD"):
			letters = letters[3:]
		case hasPrefix(letters, "FW"):
			letters = letters[2:]
		default:
			return false
		}
	}
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// trimASCII cuts ASCII white space, and nothing else, from both ends.
func trimASCII(s string) string { return strings.Trim(s, " \t\r\n\v\f") }
