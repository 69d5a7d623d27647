package rules

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Sex is as the identity label writes it.
type Sex string

// Sexes.
const (
	Female Sex = "F"
	Male   Sex = "M"
)

// Traits are those of an identity (I75). They never find anybody (I76).
type Traits struct {
	Family string // birth name
	Given  string // given names, the first one first
	Birth  string // YYYY-MM-DD
	Sex    Sex    // empty: not told
	Place  string // code of the place of birth, five characters; empty: not told
}

// Day reads the day of birth; ok is false for what is no day of a calendar, or in the future.
func (t Traits) Day(now time.Time) (day time.Time, ok bool) {
	day, err := time.Parse(time.DateOnly, t.Birth)
	return day, err == nil && day.Year() >= 1850 && !day.After(now)
}

// Contradict reports whether a login's traits are not those of the person: the birth name or the day of birth differ,
// or no given name is in both. What the provider does not tell contradicts too: without it nobody knows (D17).
func (t Traits) Contradict(login Traits) bool {
	family := letters(t.Family)
	if family == "" || family != letters(login.Family) || t.Birth == "" || t.Birth != login.Birth {
		return true
	}
	given := names(login.Given)
	return !slices.ContainsFunc(names(t.Given), func(n string) bool { return slices.Contains(given, n) })
}

// names splits given names, each without signs.
func names(s string) []string {
	var all []string
	for one := range strings.FieldsFuncSeq(s, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
		if n := letters(one); n != "" {
			all = append(all, n)
		}
	}
	return all
}

// letters writes a name as one word, without accents and signs: an identity label has none.
func letters(s string) string { return strings.ReplaceAll(string(Fold(nil, s)), " ", "") }

// Trait is what a matricule says of a person (R14).
type Trait string

// Traits that a matricule tells.
const (
	TraitSex   Trait = "sex"
	TraitYear  Trait = "year"
	TraitMonth Trait = "month"
)

// Unlike lists in what typed traits differ from what the matricule says, for whoever types to look again (R28). It is
// no reason to refuse: a matricule keeps what was registered first.
func (i INS) Unlike(t Traits) []Trait {
	var all []Trait
	if t.Sex != "" && i.Female() != (t.Sex == Female) {
		all = append(all, TraitSex)
	}
	month, year := i.BirthMonth()
	if len(t.Birth) != len(time.DateOnly) {
		return all
	}
	if year != t.Birth[2:4] {
		all = append(all, TraitYear)
	}
	if month != "" && month != t.Birth[5:7] {
		all = append(all, TraitMonth)
	}
	return all
}
