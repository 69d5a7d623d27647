package oauth

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/ory/fosite"
)

// claimScopes are the scopes of OpenID Connect Core section 5.4. What this server has no claims for, or a client is
// not registered for, is left out and not refused: libraries ask for them out of habit, and scopes that are not
// understood are to be ignored (section 3.1.2.1).
var claimScopes = []string{scopeProfile, "email", "address", "phone"}

// keptFromFosite are parameters that are judged here, or refused. fosite would take a request object without a
// signature, and know an ID token by the present key alone.
var keptFromFosite = []string{"request", "request_uri", "id_token_hint"}

// understood gives the parameters of an authorization request that count. Unknown ones stay; fosite passes over them.
func (s *Server) understood(ctx context.Context, values url.Values) url.Values {
	kept := maps.Clone(values)
	for _, name := range keptFromFosite {
		kept.Del(name)
	}
	client, err := s.store.GetClient(ctx, values.Get("client_id"))
	if err != nil {
		return kept // who is unknown is told when the client is
	}
	scopes := slices.DeleteFunc(strings.Fields(values.Get("scope")), func(scope string) bool {
		return slices.Contains(claimScopes, scope) && !client.GetScopes().Has(scope)
	})
	kept.Set("scope", strings.Join(scopes, " "))
	return kept
}

// unsupported refuses a request that stands in a token, or somewhere else, for what was pushed beforehand does the same
// more safely (OpenID Connect Core sections 6.1 and 6.2), and one that wants no page and a page (section 3.1.2.1).
func unsupported(q question) error {
	switch {
	case q.values.Has("request"):
		return fosite.ErrRequestNotSupported.WithHint("Push the request beforehand instead (RFC 9126).")
	case q.values.Has("request_uri"):
		return fosite.ErrRequestURINotSupported.WithHint("Push the request beforehand instead (RFC 9126).")
	case slices.Contains(q.prompts(), "none") && len(q.prompts()) > 1:
		return fosite.ErrInvalidRequest.WithHint("The prompt 'none' stands alone.")
	}
	return nil
}
