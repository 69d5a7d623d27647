// Package oauth knows who is calling: it is the authorization server of the bridge's own API and
// the client of the OpenID providers through which patients and professionals log in.
//
// It promises that
//   - every token and session is an opaque random value of which Redis sees only a hash, that
//     everything it writes to Redis expires, and that names and identifiers are sealed before they
//     get there;
//   - an authorization code, a refresh token and a client assertion count once, however many
//     requests carry them at the same moment;
//   - a token that was fetched with a certificate counts only together with it (mutual.go), and a token of Pro Santé
//     Connect is exchanged only after that provider vouched for it (exchange.go);
//   - a doubt is a refusal: ErrUnauthenticated for the caller's fault, ErrUnavailable for ours.
//
// It refuses the implicit, hybrid and password grants, PKCE with "plain", redirect URIs that are
// not registered letter by letter, request objects, and anything that would make it fetch a URL
// chosen by a caller. It stores no password and draws no page: consent and errors are data that a
// Pages implementation shows.
//
// Start with New (server.go); the profile of the library underneath is in profile.go, its storage
// in store.go and commit_grant.lua, how clients prove themselves in authenticate.go, the login in login.go and
// callback.go, sessions in session.go.
package oauth
