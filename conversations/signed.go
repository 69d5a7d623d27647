package conversations

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"mesbridge/rules"
)

// signed is an actor as an act for a mailbox is traced: a person without an exercise of his own, such as a secretary,
// acts under the responsibility of those who keep the list of the mailbox's users (D27). The zero mailbox is none.
func (s *Service) signed(a Actor, m rules.MailboxID) Actor {
	shared, known := s.shared.byID[m]
	if !known || a.Kind != ActorProfessional || a.Exercise != "" || len(s.Directory.Held(a.ID)) > 0 {
		return a
	}
	names := make([]string, len(shared.Responsible))
	for i, p := range shared.Responsible {
		names[i] = p.Name
	}
	a.Under = strings.Join(names, ", ")
	return a
}

// Words names an actor as people are told of him: his exercise situation (I46), or under whose responsibility he acts
// (D27).
func (a Actor) Words() string {
	switch {
	case a.Name == "":
		return ""
	case a.Under != "":
		return a.Name + ", sous la responsabilité " + of(a.Under)
	case a.Exercise != "":
		return a.Name + " (" + a.Exercise + ")"
	}
	return a.Name
}

// of is a name after de, which elides before a vowel, an h, and a y that a consonant follows.
func of(name string) string {
	plain := []rune(strings.ToLower(norm.NFD.String(name))) // accents stand apart
	sounds := func(i int, letters string) bool { return i < len(plain) && strings.ContainsRune(letters, plain[i]) }
	second := 1
	for second < len(plain) && unicode.Is(unicode.Mn, plain[second]) {
		second++
	}
	if sounds(0, "aeiouhœæ") || sounds(0, "y") && !sounds(second, "aeiou") {
		return "d’" + name
	}
	return "de " + name
}
