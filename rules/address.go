package rules

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Address is a mailbox address: the local part as it was written, the domain as lower-case A-labels
// (O23). It prints as nothing: a citizen's address holds an INS, and a patient must never see a
// professional's (D11).
type Address struct {
	Local  string
	Domain string
}

// String hides the address; use Wire to write it.
func (Address) String() string { return "[address]" }

// GoString hides the address.
func (Address) GoString() string { return "[address]" }

// ErrNotAddress means that a text is not a mailbox address. It never holds the text.
var ErrNotAddress = errors.New("not a mailbox address")

// Limits of RFC 5321 section 4.5.3.1 and, for a label, of RFC 1035 section 2.3.4, in octets.
const (
	MaxLocalPart = 64
	MaxDomain    = 255
	maxLabel     = 63
)

// ParseAddress reads an address without angle brackets, source route or quotes (O99, R19).
func ParseAddress(s string) (Address, error) {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at > MaxLocalPart || !isDotAtom(s[:at]) || !utf8.ValidString(s) {
		return Address{}, ErrNotAddress
	}
	domain, err := idna.Lookup.ToASCII(strings.TrimSuffix(s[at+1:], "."))
	if err != nil || !hasDNSLengths(domain) {
		return Address{}, ErrNotAddress
	}
	return Address{Local: s[:at], Domain: strings.ToLower(domain)}, nil
}

// hasDNSLengths reports whether every label of a domain, and the whole, can stand in DNS. The lookup
// of idna lets empty and overlong labels pass.
func hasDNSLengths(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > maxLabel {
			return false
		}
	}
	return len(domain) <= MaxDomain
}

// isDotAtom reports whether s is a dot-atom of RFC 5322 section 3.2.3, or one of RFC 6531.
func isDotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`()<>[]:;@\,"`, r)
	})
}

// Wire returns the address as it stands in mail.
func (a Address) Wire() string { return a.Local + "@" + a.Domain }

// Canonical returns the form under which addresses are compared: all lower case (O99, R18).
func (a Address) Canonical() string { return strings.ToLower(a.Local) + "@" + a.Domain }

// IsZero reports whether there is no address.
func (a Address) IsZero() bool { return a == Address{} }

// Citizen returns the INS of an address of the citizen domain (R12). Sub-addressing, a missing key
// and anything else that is not a matricule is ErrNotINS (R13, R19, O98).
func (a Address) Citizen(checkKey bool) (INS, error) { return ParseINS(a.Local, checkKey) }

// CitizenAddress returns the address of a patient in the citizen domain.
func CitizenAddress(i INS, domain string) Address { return Address{Local: string(i), Domain: domain} }
