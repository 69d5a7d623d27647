package rules

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of message templates.
const (
	MaxTemplates         = 40   // of one mailbox
	MaxTemplateNameRunes = 80   // characters
	MaxTemplateTextRunes = 4000 // characters
)

// Placeholder is what a template leaves open. Only what the writer's own side knows of itself can be filled in: a
// patient's name or number never gets into a text by itself.
type Placeholder string

// Placeholders. Their texts are stored in templates.
const (
	PlaceMailbox   Placeholder = "boite"     // name of the mailbox
	PlaceSignature Placeholder = "signature" // name of who writes
)

// Placeholders lists them all.
func Placeholders() []Placeholder { return []Placeholder{PlaceMailbox, PlaceSignature} }

// Written is the placeholder as it stands in a text.
func (p Placeholder) Written() string { return "{" + string(p) + "}" }

// TemplateFacts is what the commands about templates need to know.
type TemplateFacts struct {
	Box   Habilitation
	By    Member
	Name  string
	Text  string
	Count int  // templates that are there
	Known bool // one of them is rewritten
}

// SaveTemplate tells whether a member may keep a template for a mailbox, or rewrite one. Refused texts carry the rule
// R71 when something that looks like a placeholder is none: it would reach patients as it is.
func SaveTemplate(f TemplateFacts, now time.Time) Refusal {
	r := f.Box.Serves(f.By, now)
	switch {
	case r.Refused():
		return r
	case !IsPlainText(f.Name) || strings.ContainsAny(f.Name, "\n\t") || !IsPlainText(f.Text):
		return Refusal{EmptyMessage, "D27"}
	case utf8.RuneCountInString(f.Name) > MaxTemplateNameRunes || utf8.RuneCountInString(f.Text) > MaxTemplateTextRunes,
		!f.Known && f.Count >= MaxTemplates:
		return Refusal{TooLarge, "D27"}
	case len(UnknownPlaceholders(f.Text)) > 0:
		return Refusal{EmptyMessage, "R71"}
	}
	return Refusal{}
}

// UnknownPlaceholders lists what stands in a text like a placeholder, small letters in braces, and is none.
func UnknownPlaceholders(text string) (unknown []string) {
	for rest := text; ; {
		_, after, open := strings.Cut(rest, "{")
		if !open {
			return unknown
		}
		word, _, closed := strings.Cut(after, "}")
		if rest = after; closed && isWord(word) && !slices.Contains(Placeholders(), Placeholder(word)) {
			unknown = append(unknown, word)
		}
	}
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < 'a' || r > 'z' })
}

// FillTemplate returns the text with its placeholders filled in. What is filled in is not looked at again.
func FillTemplate(text, mailbox, signature string) string {
	return strings.NewReplacer(PlaceMailbox.Written(), mailbox, PlaceSignature.Written(), signature).Replace(text)
}
