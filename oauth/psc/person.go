package psc

import (
	"errors"
	"strings"
)

// Person is a professional as Pro Santé Connect knows him. Everything in it is personal but AuthMode.
type Person struct {
	// ID is the national identifier of SubjectNameID (I30): the key of accounts, never sub (I29).
	ID string
	// Name is the civil first name and name (I38); empty when the provider gives none.
	Name string
	// AuthMode is how the person authenticated, such as CARD (I37). It is for the log.
	AuthMode string
	// Exercises are the situations in which the person works, one for each exercise and place (I41–I44). None: he
	// is no professional of the register, and uses no mailbox of his own (I40).
	Exercises []Exercise
	// OtherIDs are further identifiers (I39).
	OtherIDs []OtherID
}

// OtherID is an identifier beside the national one (I39).
type OtherID struct{ ID, Origin, Quality string }

// Errors of Read.
var (
	ErrNoIdentifier = errors.New("SubjectNameID is missing")
	// ErrIdentifier is for what cannot be the key of an account: text that is no identifier, and ADELI numbers,
	// which were withdrawn and given out again (I112).
	ErrIdentifier = errors.New("SubjectNameID is not an identifier that persons log in with")
)

// maxIdentifier bounds a national identifier; the longest form is a structure's with an internal number (I109).
const maxIdentifier = 64

// Read reads the claims of an ID token and userinfo, put together. It keeps nothing of claims. The legacy fields of
// I34–I36 decide nothing and are not read; unknown claims are ignored (I45).
func Read(claims map[string]any) (Person, error) {
	id := text(claims["SubjectNameID"])
	switch {
	case id == "":
		return Person{}, ErrNoIdentifier
	case len(id) > maxIdentifier || strings.ContainsFunc(id, notIdentifier) || adeli(id):
		return Person{}, ErrIdentifier
	}
	p := Person{
		ID: id, Name: strings.TrimSpace(text(claims["given_name"]) + " " + text(claims["family_name"])),
		AuthMode: text(claims["authMode"]), Exercises: exercises(claims["SubjectRefPro"]),
	}
	// The samples differ in the case of this name alone (I39).
	for _, name := range []string{"otherIds", "otherIDs"} {
		for _, o := range objects(claims[name]) {
			p.OtherIDs = append(p.OtherIDs, OtherID{ID: text(o["identifiant"]), Origin: text(o["origine"]), Quality: text(o["qualite"])})
		}
	}
	return p, nil
}

func notIdentifier(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("/._-", r)
}

// adeli reports whether an identifier is 0 and an ADELI number of nine characters (I109, I112).
func adeli(id string) bool { return len(id) == 10 && id[0] == '0' }
