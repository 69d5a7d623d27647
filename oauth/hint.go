package oauth

import (
	"errors"

	"github.com/go-jose/go-jose/v3/jwt"
)

// errHint refuses an ID token that is no hint of ours. It never holds the token.
var errHint = errors.New("hint is not an ID token of this server")

// hint is what an ID token of ours, sent back by a client, tells.
type hint struct{ subject, client string }

// readHint reads an id_token_hint (OpenID Connect Core section 3.1.2.1, RP-Initiated Logout section 2). One
// that has expired still says who was meant; signature, issuer and type count.
func (s *Server) readHint(raw string) (hint, error) {
	if checkHeader(raw, identityTokenTypes) != nil {
		return hint{}, errHint
	}
	token, err := jwt.ParseSigned(raw)
	if err != nil || len(token.Headers) != 1 || token.Headers[0].Algorithm != "RS256" {
		return hint{}, errHint
	}
	for _, key := range s.keySet.Key(token.Headers[0].KeyID) {
		var claims jwt.Claims
		if token.Claims(key.Key, &claims) != nil || claims.Issuer != s.issuer || claims.Subject == "" || len(claims.Audience) != 1 {
			continue
		}
		return hint{subject: claims.Subject, client: claims.Audience[0]}, nil
	}
	return hint{}, errHint
}
