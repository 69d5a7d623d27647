package rules

import (
	"errors"
	"strings"
)

// INS is a matricule INS in canonical form: 13 characters and a key of 2 digits, upper case (R12,
// R18). It prints as nothing, so that it cannot slip into a log.
type INS string

// String hides the matricule.
func (INS) String() string { return "[INS]" }

// GoString hides the matricule.
func (INS) GoString() string { return "[INS]" }

// ErrNotINS means that a text is not a matricule INS. It never holds the text.
var ErrNotINS = errors.New("not a matricule INS: 15 characters, key included, are needed")

// ParseINS reads a matricule of 15 characters, letters of Corsica in either case. With checkKey off
// a wrong key passes, which is for test data only (D20, R20).
func ParseINS(s string, checkKey bool) (INS, error) {
	if len(s) != 15 {
		return "", ErrNotINS // R13
	}
	if c := s[6]; c == 'a' || c == 'b' { // the only place for a letter (R17, R18)
		s = s[:6] + strings.ToUpper(s[6:7]) + s[7:]
	}
	if strings.IndexByte("1278", s[0]) < 0 {
		return "", ErrNotINS // R15
	}
	var n, key uint64
	for i := range len(s) {
		d, ok := insDigit(s, i)
		switch {
		case !ok:
			return "", ErrNotINS
		case i < 13:
			n = n*10 + d
		default:
			key = key*10 + d
		}
	}
	if !monthPlausible(s[3:5]) || checkKey && key != 97-n%97 { // R14, R16
		return "", ErrNotINS
	}
	return INS(s), nil
}

// insDigit returns the digit at position i of a matricule, reading 2A as 19 and 2B as 18 (R17).
func insDigit(s string, i int) (uint64, bool) {
	corsica := s[5] == '2' && (s[6] == 'A' || s[6] == 'B')
	switch {
	case corsica && i == 5:
		return 1, true
	case corsica && i == 6 && s[6] == 'A':
		return 9, true
	case corsica && i == 6:
		return 8, true
	}
	return uint64(s[i] - '0'), s[i] >= '0' && s[i] <= '9'
}

// monthPlausible accepts 01-12 and the fictitious months 20-99 (R14).
func monthPlausible(m string) bool {
	return m >= "01" && m <= "12" || m >= "20" && m <= "99"
}

// Provisional reports whether the matricule is a NIA, an identifier of someone who waits for a NIR
// (R15).
func (i INS) Provisional() bool {
	return strings.HasPrefix(string(i), "7") || strings.HasPrefix(string(i), "8")
}

// Female reports whether the first digit says woman (R14, R15).
func (i INS) Female() bool { return len(i) > 0 && (i[0] == '2' || i[0] == '8') }

// BirthMonth returns month and year of birth as the matricule tells them: two digits each, the century open. A
// month that nobody was born in (R14) gives "".
func (i INS) BirthMonth() (month, year string) {
	if len(i) < 5 {
		return "", ""
	}
	if month = string(i[3:5]); month > "12" {
		month = ""
	}
	return month, string(i[1:3])
}
