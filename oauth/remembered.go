package oauth

import (
	"context"
	"errors"
	"slices"

	"github.com/redis/go-redis/v9"
)

// agreement is what a person allowed a client in one browser session.
type agreement struct {
	Scopes []string `json:"scopes"`
}

// rememberConsent keeps, as long as the session can last, what was just allowed. It counts for requests with
// prompt=none alone, which ask for nothing to be shown; every other request shows the consent page. That it
// could not be kept costs the person one more page.
func (s *Server) rememberConsent(ctx context.Context, cookie, client string, granted []string) {
	key := consentKey(cookie, client)
	sealed, err := s.store.seal.sealJSON(key, agreement{granted})
	if err == nil {
		err = s.store.redis.Set(ctx, key, sealed, sessionAbsolute).Err()
	}
	if err != nil {
		s.log.WarnContext(ctx, "a consent is not remembered")
	}
}

// consented reports whether the person allowed this client all of scopes before, in this session. Nobody is
// spared the page for a public client: another program may come under its name (RFC 8252 section 8.6).
func (s *Server) consented(ctx context.Context, cookie string, client Client, scopes []string) (bool, error) {
	if client.isPublic() {
		return false, nil
	}
	key := consentKey(cookie, client.ID)
	sealed, err := s.store.redis.Get(ctx, key).Bytes()
	if errors.Is(err, redis.Nil) {
		return false, nil
	} else if err != nil {
		return false, unavailable("read consent", err)
	}
	var known agreement
	if err := s.store.seal.openJSON(key, sealed, &known); err != nil {
		return false, nil //nolint:nilerr // what cannot be read was not allowed
	}
	return !slices.ContainsFunc(scopes, func(scope string) bool { return !slices.Contains(known.Scopes, scope) }), nil
}
