package oauth

import (
	"errors"
	"strings"
)

// The levels of assurance, as ANS and FranceConnect name them (I22, I71). The names sort in the
// order of their strength.
const (
	eidas1 = "eidas1"
	eidas2 = "eidas2"
	eidas3 = "eidas3"
)

// errAssurance refuses a login whose level is unknown or too low.
var errAssurance = errors.New("level of assurance is unknown or too low")

// assurance gives the level of a login in lower case, or errAssurance when it is none of the three
// or below least. Pro Santé Connect leaves the claim out for eidas1, so absent means that for a
// professional; for a patient absent is refused (I22).
func assurance(kind Kind, acr, least string) (string, error) {
	if acr == "" && kind == Professional {
		acr = eidas1
	}
	acr = strings.ToLower(acr)
	if !isLevel(acr) || !isLevel(least) || acr < least {
		return "", errAssurance
	}
	return acr, nil
}

// assurance gives the level of a login from its ID token. A structure answers itself for how it knows its staff (D26):
// its provider may speak of levels in words of its own, or not at all, and then the login counts as the least.
func (u *upstream) assurance(claims map[string]any) (string, error) {
	acr, _ := claims["acr"].(string)
	if u.finess != "" && !isLevel(strings.ToLower(acr)) {
		acr = ""
	}
	return assurance(u.kind, acr, u.Level)
}

func isLevel(acr string) bool { return acr == eidas1 || acr == eidas2 || acr == eidas3 }
