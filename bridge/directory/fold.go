package directory

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// fold appends to dst the words of a text as they are searched: each after one space, in lower case, without
// accents or punctuation.
func fold(dst []byte, s string) []byte {
	if !isASCII(s) {
		s = norm.NFKD.String(s)
	}
	gap := true
	for _, c := range s {
		switch {
		case unicode.Is(unicode.Mn, c):
			continue
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			gap = true
			continue
		}
		if gap {
			dst, gap = append(dst, ' '), false
		}
		switch c = unicode.ToLower(c); c {
		case 'œ':
			dst = append(dst, "oe"...)
		case 'æ':
			dst = append(dst, "ae"...)
		default:
			dst = utf8.AppendRune(dst, c)
		}
	}
	return dst
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
