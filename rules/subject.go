package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// xdmPrefix opens the subject of a mail that carries documents (R42).
const xdmPrefix = "XDM/1.0/DDM+"

// ShownSubject returns a decoded subject as the patient sees it: without the technical prefix (R43),
// after a prefix of reply too.
func ShownSubject(s string) string {
	s = strings.TrimSpace(s)
	rest := withoutReplyPrefix(s)
	shown, technical := strings.CutPrefix(rest, xdmPrefix)
	if !technical {
		return s
	}
	return strings.TrimSpace(s[:len(s)-len(rest)] + shown)
}

// ReplySubject returns the subject of a reply to a message with the given stored subject: "Re: " once,
// the XDM prefix kept, never equal to [FIN], in one line (D10, OP11).
func ReplySubject(stored string) string {
	s := strings.TrimSpace(strings.Map(oneLine, stored))
	for rest := withoutReplyPrefix(s); rest != s; rest = withoutReplyPrefix(s) {
		s = rest
	}
	if s == "" {
		return "Re:"
	}
	return "Re: " + s
}

// oneLine turns a control character into a space: a decoded subject may hold line breaks (OP11).
func oneLine(r rune) rune {
	if unicode.IsControl(r) || r == utf8.RuneError {
		return ' '
	}
	return r
}

// withoutReplyPrefix cuts one prefix of reply in any case, also with the space that French typography
// puts before the colon, and the space after it.
func withoutReplyPrefix(s string) string {
	if len(s) < 3 || !strings.EqualFold(s[:2], "Re") {
		return s
	}
	rest, found := strings.CutPrefix(strings.TrimLeftFunc(s[2:], unicode.IsSpace), ":")
	if !found {
		return s
	}
	return strings.TrimLeftFunc(rest, unicode.IsSpace)
}
