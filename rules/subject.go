package rules

import "strings"

// xdmPrefix opens the subject of a mail that carries documents (R42).
const xdmPrefix = "XDM/1.0/DDM+"

// ShownSubject returns a decoded subject as the patient sees it: without the technical prefix (R43).
func ShownSubject(s string) string {
	re, rest := "", s
	if len(s) >= 4 && strings.EqualFold(s[:4], "Re: ") {
		re, rest = s[:4], s[4:]
	}
	return strings.TrimSpace(re + strings.TrimPrefix(rest, xdmPrefix))
}

// ReplySubject returns the subject of a reply to a message with the given stored subject: "Re: " once,
// the XDM prefix kept, never equal to [FIN] (D10, OP11).
func ReplySubject(stored string) string {
	s := strings.TrimSpace(stored)
	for len(s) >= 3 && strings.EqualFold(s[:3], "Re:") {
		s = strings.TrimSpace(s[3:])
	}
	if s == "" {
		return "Re:"
	}
	return "Re: " + s
}
