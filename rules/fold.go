package rules

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold appends to dst the words of a text as they are searched: each after one space, in lower case, without
// accents or punctuation.
func Fold(dst []byte, s string) []byte {
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
		case 'ß':
			dst = append(dst, "ss"...)
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

// FoldedWords are the words of a text as [Fold] writes them, each with the space before it: a folded text that holds
// one has a word that begins with it.
func FoldedWords(text string) []string {
	folded := string(Fold(nil, text))
	var list []string
	for begin := 0; begin < len(folded); {
		end := begin + 1
		for end < len(folded) && folded[end] != ' ' {
			end++
		}
		list = append(list, folded[begin:end])
		begin = end
	}
	return list
}
