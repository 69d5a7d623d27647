package rules

import "strings"

// Markers by which a professional's software ends exchanges (section 1 of mes-messaging.md).
const (
	endSubject = "[FIN]"
	endHeader  = "FIN"
)

// ReadSubject reads the subject marker from a decoded, unfolded subject: trimmed of ASCII white
// space, then exact and case-sensitive (R80, D5). near tells a subject that resembles it, which is
// an ordinary message.
func ReadSubject(subject string) (ends, near bool) {
	s := trimASCII(subject)
	if s == endSubject {
		return true, false
	}
	return false, resembles(s)
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

// resembles reports whether s would be the marker but for case, brackets, spaces, dots or a prefix
// of reply.
func resembles(s string) bool {
	if len(s) > 24 {
		return false
	}
	bare := strings.ToUpper(strings.Map(func(r rune) rune {
		if strings.ContainsRune("[](){}.!: \t\u00a0\u202f", r) {
			return -1
		}
		return r
	}, s))
	for _, prefix := range []string{"RE", "FW", "FWD", "TR"} {
		bare = strings.TrimPrefix(bare, prefix)
	}
	return bare == "FIN"
}

// trimASCII cuts ASCII white space, and nothing else, from both ends.
func trimASCII(s string) string { return strings.Trim(s, " \t\r\n\v\f") }
