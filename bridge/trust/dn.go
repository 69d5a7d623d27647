package trust

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// DN is the subject of a certificate in the form in which subjects are compared (O30): the pairs of
// type and value, sorted, values folded. Two DNs are equal when their strings are. The zero DN is the
// subject of nobody.
type DN string

// MaxDN is the longest text that ParseDN reads, in octets. The list's own limit is 255 characters (O26).
const MaxDN = 4096

// ErrNotDN means that a text or a certificate holds no subject that could be compared. It never holds
// the text.
var ErrNotDN = errors.New("not a distinguished name")

// dnType finds where a pair starts: only a comma before one of these types separates (O30), because
// values hold bare commas and quotes (O29).
var dnType = regexp.MustCompile(`(?:^|,) *(CN|OU|O|ST|S|L|C)=`)

// attribute is one pair of type and value.
type attribute struct{ kind, value string }

// ParseDN reads the DNCertificatOperateur of a list entry.
func ParseDN(text string) (DN, error) {
	text = strings.TrimSpace(text)
	if len(text) > MaxDN || !utf8.ValidString(text) {
		return "", ErrNotDN
	}
	var starts [][]int
	for _, m := range dnType.FindAllStringSubmatchIndex(text, -1) {
		if !escaped(text, m[0]) {
			starts = append(starts, m)
		}
	}
	if len(starts) == 0 || starts[0][0] != 0 || text[0] == ',' {
		return "", ErrNotDN
	}
	pairs := make([]attribute, 0, len(starts))
	for i, m := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		value, err := textValue(text[m[1]:end])
		if err != nil {
			return "", err
		}
		pairs = append(pairs, attribute{text[m[2]:m[3]], value})
	}
	return compose(pairs)
}

// escaped reports whether the character at i stands behind an odd number of backslashes.
func escaped(s string, i int) bool {
	before := s[:i]
	return (len(before)-len(strings.TrimRight(before, `\`)))%2 == 1
}

// textValue undoes one pair of enclosing quotes, then the escapes of RFC 4514 section 2.4.
func textValue(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' && !escaped(s, len(s)-1) {
		s = s[1 : len(s)-1]
	}
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if octet, err := hex.DecodeString(s[i+1 : min(i+3, len(s))]); err == nil && len(octet) == 1 {
			b.WriteByte(octet[0])
			i += 2
			continue
		}
		i++
		b.WriteByte(s[i])
	}
	if !utf8.ValidString(b.String()) {
		return "", ErrNotDN
	}
	return b.String(), nil
}

// CertificateDN returns the subject of a certificate, read from its encoded form: the printed form
// loses what O29 lists.
func CertificateDN(cert *x509.Certificate) (DN, error) {
	pairs, err := subject(cert)
	if err != nil {
		return "", err
	}
	return compose(pairs)
}

// subject lists the pairs of a certificate's subject as encoded, the country first.
func subject(cert *x509.Certificate) ([]attribute, error) {
	if cert == nil {
		return nil, ErrNotDN
	}
	var names pkix.RDNSequence
	if rest, err := asn1.Unmarshal(cert.RawSubject, &names); err != nil || len(rest) > 0 {
		return nil, ErrNotDN
	}
	var pairs []attribute
	for _, set := range names {
		for _, a := range set {
			value, ok := a.Value.(string)
			if !ok || !utf8.ValidString(value) {
				return nil, ErrNotDN
			}
			pairs = append(pairs, attribute{typeName(a.Type), value})
		}
	}
	return pairs, nil
}

// typeName returns the name that lists use for an attribute type. A type that no list can write keeps
// its number, so that a subject which has one equals no entry.
func typeName(id asn1.ObjectIdentifier) string {
	switch id.String() {
	case "2.5.4.3":
		return "CN"
	case "2.5.4.6":
		return "C"
	case "2.5.4.7":
		return "L"
	case "2.5.4.8":
		return "ST"
	case "2.5.4.10":
		return "O"
	case "2.5.4.11":
		return "OU"
	}
	return id.String()
}

// compose puts pairs in the order and spelling in which they are compared.
func compose(pairs []attribute) (DN, error) {
	if len(pairs) == 0 {
		return "", ErrNotDN
	}
	fold := cases.Fold()
	lines := make([]string, len(pairs))
	for i, p := range pairs {
		if p.kind == "S" {
			p.kind = "ST"
		}
		value := norm.NFC.String(fold.String(norm.NFC.String(p.value)))
		value = strings.Join(strings.Fields(value), " ") // white space includes U+00A0
		lines[i] = p.kind + "=" + escapeValue(value)
	}
	slices.Sort(lines)
	return DN(strings.Join(lines, ",")), nil
}

// escapeValue keeps a comma inside a value apart from one between pairs, so that different subjects
// never have the same text.
func escapeValue(s string) string { return valueEscapes.Replace(s) }

// valueEscapes does not change after it is made; making it costs more than using it.
var valueEscapes = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `"`, `\"`)

// FormatDN writes the subject of a certificate as lists do, common name first (O28), so that ParseDN
// reads it back as CertificateDN gives it.
func FormatDN(cert *x509.Certificate) (string, error) {
	pairs, err := subject(cert)
	if err != nil {
		return "", err
	}
	slices.Reverse(pairs)
	lines := make([]string, len(pairs))
	for i, p := range pairs {
		if strings.ContainsRune(p.kind, '.') {
			return "", fmt.Errorf("write attribute type %s: %w", p.kind, ErrNotDN)
		}
		lines[i] = p.kind + "=" + escapeValue(p.value)
	}
	return strings.Join(lines, ","), nil
}

// CommonName returns the common name of a certificate's subject: the host of an operator's server
// (O32), never a person. It is for traces only.
func CommonName(cert *x509.Certificate) string {
	if cert == nil {
		return ""
	}
	return cert.Subject.CommonName
}
