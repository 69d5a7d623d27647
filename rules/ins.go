package rules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// INS is a matricule INS in canonical form: 13 characters and a key of 2 digits, upper case (R12,
// R18). It prints as nothing, so that it cannot slip into a log.
type INS string

// String hides the matricule.
func (INS) String() string { return "[INS]" }

// GoString hides the matricule.
func (INS) GoString() string { return "[INS]" }

// ErrNotINS means that a text is not a matricule INS; the others are kinds of it that a person mends in another way. None
// holds the text.
var (
	ErrNotINS    = errors.New("not a matricule INS: 15 characters, key included, are needed")
	ErrINSLength = fmt.Errorf("another length: %w", ErrNotINS)
	ErrINSKey    = fmt.Errorf("the key is not that of the 13 characters before it: %w", ErrNotINS)
)

// ParseINS reads a matricule of 15 characters, letters of Corsica in either case. With checkKey off
// a wrong key passes, which is for test data only (D20, R20). It fails with [ErrINSLength], then for a character that
// cannot stand where it stands, then with [ErrINSKey], then for what no matricule begins with.
func ParseINS(s string, checkKey bool) (INS, error) {
	if utf8.RuneCountInString(s) != 15 {
		return "", ErrINSLength // R13
	}
	if len(s) != 15 {
		return "", ErrNotINS
	}
	if c := s[6]; c == 'a' || c == 'b' { // the only place for a letter (R17, R18)
		s = s[:6] + strings.ToUpper(s[6:7]) + s[7:]
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
	switch {
	case checkKey && key != 97-n%97: // R16
		return "", ErrINSKey
	case strings.IndexByte("1278", s[0]) < 0, !monthPlausible(s[3:5]): // R15, R14
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

// oldest is the age in years that a person of a matricule has at most.
const oldest = 120

// BirthYears lists the years of birth that the two digits of a matricule may mean now, the latest first: nobody was born
// later than now, and nobody is older than 120 years (R14, R28). Without a matricule there is none.
func (i INS) BirthYears(now time.Time) []int {
	month, digits := i.BirthMonth()
	year, err := strconv.Atoi(digits)
	if err != nil {
		return nil
	}
	first, last := 1, 12 // months of birth that are possible
	if m, err := strconv.Atoi(month); err == nil {
		first, last = m, m
	}
	var all []int
	for born := now.Year() - now.Year()%100 + year; born >= now.Year()-oldest-1; born -= 100 {
		months := func(m int) int { return (now.Year()-born)*12 + int(now.Month()) - m } // since that month of the year of birth
		if months(first) >= 0 && months(last) <= (oldest+1)*12 {
			all = append(all, born)
		}
	}
	return all
}
