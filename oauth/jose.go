package oauth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// errHeader refuses a signed token for its header. It never holds the token.
var errHeader = errors.New("header of the token is not accepted")

// headerMembers are all that the header of a token from outside may hold. Members that bring a key, a
// place to fetch one, or an extension (jwk, jku, x5c, x5u, crit, zip…) are refused and not skipped: whoever
// sends one expects it to count (RFC 8725 sections 2.7, 2.8 and 3.10).
var headerMembers = []string{"alg", "kid", "typ", "x5t", "x5t#S256"}

// The types that a header may name, in lower case; one without a type passes, which most are (RFC 8725
// section 3.11).
var (
	assertionTypes     = []string{"jwt", "client-authentication+jwt"}
	identityTokenTypes = []string{"jwt"}
	accessTokenTypes   = []string{"jwt", "at+jwt"}
)

// checkHeader refuses with errHeader what is not a compact JWS, has a header that asks for more than a
// signature under a key that we know already, or is of a type that is not due here. Algorithm and signature
// are for the caller to check.
func checkHeader(token string, types []string) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return errHeader
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil {
		return errHeader
	}
	var header map[string]any
	if err := json.Unmarshal(text, &header); err != nil {
		return errHeader
	}
	for name := range header {
		if !slices.Contains(headerMembers, name) {
			return errHeader
		}
	}
	typ, given := header["typ"]
	name, isText := typ.(string)
	name = strings.TrimPrefix(strings.ToLower(name), "application/")
	if given && (!isText || !slices.Contains(types, name)) {
		return errHeader
	}
	return nil
}
