package bridge

import (
	"strings"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// reversePath reads the address of MAIL, as go-smtp hands it over: without brackets, without source
// route, and with the quotes of a quoted local part undone. The zero address is the null reverse-path.
func reversePath(s string, utf8Announced bool) (conversations.Address, error) {
	if s == "" {
		return conversations.Address{}, nil
	}
	if err := checkUTF8(s, utf8Announced); err != nil {
		return conversations.Address{}, err
	}
	if a, err := rules.ParseAddress(s); err == nil {
		return a, nil
	}
	local, domain := splitAddress(s)
	a, err := rules.ParseAddress("x@" + domain)
	if err != nil {
		return conversations.Address{}, reasonSenderSyntax
	}
	if a.Local, err = quoted(local); err != nil {
		return conversations.Address{}, err
	}
	return a, nil
}

// quoted puts back the quotes that a local part needs which is no dot-atom, so that it is compared and
// sent as it was written (O99, RFC 5321 section 4.1.2).
func quoted(local string) (string, error) {
	for _, r := range local {
		if r < ' ' || r == 0x7f {
			return "", reasonSenderSyntax
		}
	}
	q := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(local) + `"`
	if local == "" || len(q) > rules.MaxLocalPart {
		return "", reasonSenderSyntax
	}
	return q, nil
}

// checkUTF8 refuses an address outside ASCII unless the peer announced it (RFC 6531 section 3.5).
func checkUTF8(s string, announced bool) error {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf && (!announced || !utf8.ValidString(s)) {
			return reasonUTF8
		}
	}
	return nil
}

// served gives the local part of an address of RCPT, in lower case. Only the citizen domain is served
// (O76), as it is written: other spellings that mean the same to a resolver are not in use.
func (s *Server) served(to string) (local string, err error) {
	local, domain := splitAddress(to)
	if checkUTF8(domain, false) != nil || !strings.EqualFold(domain, s.CitizenDomain) {
		return "", reasonRelay
	}
	return strings.ToLower(local), nil
}

// citizen reads the address of a patient: a matricule (R12-R20). sent is the path as it was sent: go-smtp
// undoes quotes and source routes, which are no address of a citizen (R19).
func (s *Server) citizen(to, sent string) (rules.INS, error) {
	if strings.HasPrefix(sent, `"`) || strings.HasPrefix(sent, "@") {
		return "", reasonRecipientSyntax
	}
	a, err := rules.ParseAddress(to)
	if err != nil {
		return "", reasonRecipientSyntax
	}
	ins, err := a.Citizen(s.CheckINSKey)
	if err != nil {
		return "", reasonRecipientSyntax
	}
	return ins, nil
}

// splitAddress cuts an address around its last @; the local part of a quoted one may hold others.
func splitAddress(s string) (local, domain string) {
	i := strings.LastIndex(s, "@")
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}
