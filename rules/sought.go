package rules

import (
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
// case and punctuation do not count.
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
	n.joined = strings.ReplaceAll(strings.Join(n.words, ""), " ", "")
	letters := 0
	for _, c := range n.joined {
		if unicode.IsLetter(c) {
			letters++
		}
	}
	return n, letters >= leastSought
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
