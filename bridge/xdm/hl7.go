package xdm

import (
	"slices"
	"strings"
	"time"
)

// insAuthority reports whether an OID is one under which a matricule INS stands: NIR, NIA, and the NIR of test and
// demonstration (R21, I83). An identifier under one of them is a qualified INS, for no other may be
// transmitted (R25, I86).
func insAuthority(oid string) bool {
	switch oid {
	case "1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.9", "1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11":
		return true
	}
	return false
}

// Identifier is an identifier with its assigning authority.
type Identifier struct {
	Root      string // OID of the authority
	Extension string
}

// Patient is whose a document is, by the identifiers that one place of it gives.
type Patient []Identifier

// Matricules are the identifiers under an authority of the INS, as they are written, each once.
func (p Patient) Matricules() []string {
	var all []string
	for _, id := range p {
		if m := strings.TrimSpace(id.Extension); insAuthority(id.Root) && m != "" && !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// readCX reads an identifier as XDS writes it: matricule^^^&OID&ISO (R22). It is zero when there is none.
func readCX(s string) Identifier {
	fields := strings.Split(strings.TrimSpace(s), "^")
	if len(fields) < 4 || len(s) > maxText {
		return Identifier{}
	}
	authority := strings.Split(fields[3], "&")
	if len(authority) < 2 {
		return Identifier{}
	}
	return Identifier{Root: strings.TrimSpace(authority[1]), Extension: strings.TrimSpace(fields[0])}
}

// personOfXCN reads the name of a person as XDS writes it: id^family^given^^suffix^prefix….
func personOfXCN(s string) string {
	fields := strings.Split(s, "^")
	if len(fields) < 2 || len(s) > maxText {
		return ""
	}
	for len(fields) < 6 {
		fields = append(fields, "")
	}
	n := Name{Prefix: fields[5], Given: fields[2], Family: fields[1], Suffix: fields[4]}
	return n.Shown()
}

// organisationOfXON reads the name of an organisation as XDS writes it: name^^^^^&OID&ISO^….
func organisationOfXON(s string) string {
	name, _, _ := strings.Cut(s, "^")
	return cleanText(name)
}

// readTime reads a time of HL7: YYYY[MM[DD[HH[MM[SS[.s]]]]]][±ZZZZ]. Without an offset it is a time of
// zone. It is zero when it cannot be read.
func readTime(s string, zone *time.Location) time.Time {
	s = strings.TrimSpace(s)
	clock, offset := s, ""
	if i := strings.IndexAny(s, "+-"); i >= 0 {
		clock, offset = s[:i], s[i:]
	}
	clock, _, _ = strings.Cut(clock, ".")
	const whole = "20060102150405"
	if len(clock) < 4 || len(clock) > len(whole) {
		return time.Time{}
	}
	if offset != "" && len(clock) >= len("2006010215") {
		if t, err := time.Parse(whole[:len(clock)]+"-0700", clock+offset); err == nil {
			return t.UTC()
		}
		return time.Time{}
	}
	t, err := time.ParseInLocation(whole[:len(clock)], clock, zone)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// cleanText makes text of a document fit to be shown on one line: valid, without controls, blanks made
// one, at most maxText octets.
func cleanText(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return strings.Join(strings.FieldsFunc(s, isBlank), " ")
}
