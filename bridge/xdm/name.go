package xdm

import (
	"slices"
	"strings"
	"unicode"
)

// NamePart is one part of a person's name, in the order of the document.
type NamePart struct {
	Kind      string // family, given, prefix or suffix; empty for text outside of them
	Qualifier string // BR: at birth; CL: in use
	Text      string
}

// Name is a person's name taken together.
type Name struct {
	Prefix, Given, Family, Suffix string
}

// nameOf joins the parts of one kind.
func nameOf(parts []NamePart) Name {
	join := func(kind string) string {
		var all []string
		for _, p := range parts {
			if p.Kind == kind && !slices.Contains(all, p.Text) {
				all = append(all, p.Text)
			}
		}
		return strings.Join(all, " ")
	}
	n := Name{Prefix: join("prefix"), Given: join("given"), Family: join("family"), Suffix: join("suffix")}
	if n == (Name{}) {
		n.Family = join("")
	}
	return n
}

// Shown is the name as the patient reads it: « Dr Marcel CAMPARINI ». Of prefix and suffix only the titles
// of doctors are shown; the civility is not.
func (n Name) Shown() string {
	title := ""
	for _, t := range []string{n.Suffix, n.Prefix} {
		switch strings.ToUpper(strings.Trim(t, ". ")) {
		case "DR", "DOCTEUR":
			title = "Dr"
		case "PR", "PROFESSEUR":
			title = "Pr"
		}
		if title != "" {
			break
		}
	}
	return cleanText(title + " " + n.Given + " " + n.Family)
}

// isBlank reports whether r is no character to show: white space, a control, or one that reorders or hides
// text.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}
