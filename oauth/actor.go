package oauth

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/ory/fosite"
)

// Software is what an editor's software says of itself in the actor token of an exchange (I55). Only its
// client vouches for it.
type Software struct {
	Name      string `json:"lps_nom,omitempty"`
	ID        string `json:"lps_id,omitempty"`
	Version   string `json:"lps_version,omitempty"`
	Situation string `json:"situation_exercice,omitempty"` // exercise situation that the person chose there
}

// Bounds of an actor token.
const (
	maxActorToken = 4 << 10 // octets
	maxActorLife  = 5 * time.Minute
	maxActorText  = 200 // octets of each of its texts
)

// readActor reads the actor token of an exchange, which may be left out. It must be a JWT that the client
// signed for us with a registered key of its own; a client without a key has none that could be believed.
func (s *Server) readActor(form url.Values, client Client) (*Software, error) {
	raw := form.Get("actor_token")
	if !form.Has("actor_token") {
		return nil, nil
	}
	refused := fosite.ErrInvalidRequest.WithHint("The 'actor_token' must be a JWT for this server that the client signed with a registered key a short time ago.")
	if form.Get("actor_token_type") != typeJWT || len(raw) > maxActorToken || checkHeader(raw, identityTokenTypes) != nil {
		return nil, refused
	}
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		return nil, refused.WithWrap(err)
	}
	key, known := client.signingKey(token.Headers[0].KeyID, token.Headers[0].Algorithm)
	if !known {
		return nil, refused
	}
	var about struct {
		jwt.Claims
		Software
	}
	if err := token.Claims(key, &about); err != nil {
		return nil, refused.WithWrap(err)
	}
	now := s.now()
	expected := jwt.Expected{Issuer: client.ID, AnyAudience: s.audiences, Time: now}
	if about.Expiry == nil || about.Expiry.Time().After(now.Add(maxActorLife+issuedSkew)) || about.ValidateWithLeeway(expected, issuedSkew) != nil {
		return nil, refused
	}
	for _, text := range []string{about.Name, about.Software.ID, about.Version, about.Situation} {
		if len(text) > maxActorText || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return nil, refused
		}
	}
	return &about.Software, nil
}

// signingKey is the registered key of this name, for this algorithm alone.
func (c Client) signingKey(id, alg string) (any, bool) {
	i := slices.IndexFunc(c.Keys, func(k PublicKey) bool { return k.ID == id && algorithm(k.Key) == alg })
	if i < 0 {
		return nil, false
	}
	return c.Keys[i].Key, true
}
