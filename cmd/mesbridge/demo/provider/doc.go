// Package provider is the demonstration's OpenID provider: three realms, for patients, for professionals
// and for the staff of one structure, that speak the same OpenID Connect as FranceConnect+ (tokens signed and
// encrypted), Pro Santé Connect (refresh tokens, its own discovery path) and an ordinary provider of an
// establishment (discovery, authorization code with PKCE S256, signed ID tokens, userinfo, logout), but ask for
// no password: whoever opens the page picks a person of the demonstration.
//
// It must never stand in front of real data (D26): the page says what it is, state lives in memory
// only, and the configuration refuses it in production. Everything a client may get wrong is
// refused as the real providers refuse it, so that what works here works there.
//
// Start with New in provider.go; authorize.go shows the page, token.go gives the tokens.
package provider
