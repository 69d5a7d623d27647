package rules

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sizes of what a name is looked for by.
const (
	leastSought = 2   // letters: one would find half of everybody
	mostSought  = 200 // characters
)

// SoughtName is what somebody of a list is looked for by: the beginnings of parts of a name, in any order. Accents,
// case, punctuation and a civility beside the name do not count.
type SoughtName struct {
	words  []string // folded, each with the space before it
	joined string   // all of them without spaces
}

// ReadSoughtName reads what was typed; ok is false for less than two letters, or what is no name.
func ReadSoughtName(text string) (n SoughtName, ok bool) {
	if utf8.RuneCountInString(text) > mostSought || !utf8.ValidString(text) {
		return SoughtName{}, false
	}
	n.words = FoldedWords(text)
	if rest := slices.DeleteFunc(slices.Clone(n.words), civility); lettersIn(rest) >= leastSought {
		n.words = rest
	}
	n.joined = strings.ReplaceAll(strings.Join(n.words, ""), " ", "")
	return n, lettersIn(n.words) >= leastSought
}

// lettersIn counts the letters of words.
func lettersIn(words []string) (n int) {
	for _, c := range strings.Join(words, "") {
		if unicode.IsLetter(c) {
			n++
		}
	}
	return n
}

// civility reports whether a folded word is how people are addressed, and no part of a name.
func civility(word string) bool {
	switch strings.TrimSpace(word) {
	case "m", "mr", "mme", "mlle", "monsieur", "madame", "mademoiselle":
		return true
	}
	return false
}

// Fits reports whether each word begins a part of the name, or all of them together do where one writes as one what
// another one parts: «jeanpaul» finds Jean-Paul, and «le fevre» Lefèvre. The zero SoughtName fits nobody.
func (n SoughtName) Fits(name string) bool {
	if len(n.words) == 0 {
		return false
	}
	parts := FoldedWords(name)
	folded, each := strings.Join(parts, ""), true
	for _, w := range n.words {
		each = each && strings.Contains(folded, w)
	}
	if each {
		return true
	}
	for i := range parts {
		if strings.HasPrefix(strings.ReplaceAll(strings.Join(parts[i:], ""), " ", ""), n.joined) {
			return true
		}
	}
	return false
}
