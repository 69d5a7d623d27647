// Package provider is the demonstration's OpenID provider: two realms, one for patients and one for
// professionals, that speak the same OpenID Connect as Pro Santé Connect and FranceConnect+
// (discovery, authorization code with PKCE S256, signed ID tokens, userinfo, logout), but ask for
// no password: whoever opens the page picks a person of the demonstration.
//
// It must never stand in front of real data (D26): the page says what it is, state lives in memory
// only, and the configuration refuses it in production. Everything a client may get wrong is
// refused as the real providers refuse it, so that what works here works there.
//
// Start with New in provider.go; authorize.go shows the page, token.go gives the tokens.
package provider
