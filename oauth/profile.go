package oauth

import (
	"context"
	"time"

	"github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/token/hmac"
	"github.com/ory/fosite/token/jwt"
)

// The lifetimes of what the authorization server gives out.
const (
	codeLife   = time.Minute      // the client fetches its tokens at once
	accessLife = 10 * time.Minute // a withdrawn right is felt after this at the latest
	// grantLife ends all refreshing after a login, counted from that login: a person logs in again
	// as often for a client as in the browser (I23 gives Pro Santé Connect sessions 4 hours).
	grantLife = sessionAbsolute
	// maxAssertionLife bounds how long a client assertion's id must be remembered.
	maxAssertionLife = time.Hour
)

// The protocol scopes: they say what the token endpoint gives, not what the API allows.
const (
	scopeOpenID  = "openid"
	scopeOffline = "offline_access"
	scopeProfile = "profile" // the name in the userinfo
)

// profile widens the one thing that fosite.Config fixes: client assertions may name the token
// endpoint or the issuer as audience (RFC 7523 section 3; current client libraries send the latter).
type profile struct {
	*fosite.Config
	audiences []string
}

func (p profile) GetTokenURLs(context.Context) []string { return p.audiences }

// newProvider composes fosite: authorization code with PKCE S256, refresh with rotation, client
// credentials, token exchange, introspection, revocation, ID tokens. No implicit, hybrid or password handler
// is loaded, so that no setting can bring them back.
func newProvider(c Config, s *Server, key *jose.JSONWebKey) (*fosite.Fosite, oauth2.CoreStrategy) {
	st := s.store
	base := &fosite.Config{
		GlobalSecret:      c.GlobalSecret,
		IDTokenIssuer:     c.Issuer,
		AccessTokenIssuer: c.Issuer,
		TokenURL:          c.Issuer + tokenPath,

		AuthorizeCodeLifespan: codeLife,
		AccessTokenLifespan:   accessLife,
		RefreshTokenLifespan:  grantLife,
		IDTokenLifespan:       accessLife,

		// With PKCE only optional, a wrong verifier and then none would exchange a stolen code.
		EnforcePKCE:                    true,
		EnablePKCEPlainChallengeMethod: false,
		ScopeStrategy:                  fosite.ExactScopeStrategy,
		RefreshTokenScopes:             []string{scopeOffline},
		ClientSecretsHasher:            secretHasher{},
		RedirectSecureChecker:          fosite.IsRedirectURISecureStrict,
		// Introspection would otherwise accept a refresh token where an access token is due.
		DisableRefreshTokenValidation: true,
		SendDebugMessagesToClients:    false,
	}
	keys := func(context.Context) (any, error) { return key, nil }
	core := oauth2.NewHMACSHAStrategyUnPrefixed(&hmac.HMACStrategy{Config: base}, base)
	strategy := &compose.CommonStrategy{
		CoreStrategy:               core,
		OpenIDConnectTokenStrategy: compose.NewOpenIDConnectStrategy(keys, base),
		Signer:                     &jwt.DefaultSigner{GetPrivateKey: keys},
	}
	// Compose fills the handler lists of base; PKCE must come after the code grant.
	compose.Compose(
		base, st, strategy,
		compose.OAuth2AuthorizeExplicitFactory,
		compose.OAuth2ClientCredentialsGrantFactory,
		compose.OAuth2RefreshTokenGrantFactory,
		compose.OpenIDConnectExplicitFactory,
		compose.OpenIDConnectRefreshFactory,
		compose.OAuth2TokenIntrospectionFactory,
		compose.OAuth2TokenRevocationFactory,
		compose.OAuth2PKCEFactory,
	)
	base.TokenEndpointHandlers.Append(&exchange{s, oauth2.HandleHelper{
		AccessTokenStrategy: core, AccessTokenStorage: st, Config: base,
	}})
	p := profile{Config: base, audiences: s.audiences}
	provider := fosite.NewOAuth2Provider(st, p)
	base.ClientAuthenticationStrategy = s.authenticate
	return provider, core
}
