package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// subject is who a token of the provider stands for.
type subject struct {
	claims   map[string]any
	until    time.Time // first instant at which the token is worth nothing
	loggedIn time.Time
}

// maxSubjectToken bounds a token that is brought, in octets; those of Pro Santé Connect have about two thousand.
const maxSubjectToken = 16 << 10

// subjectOf tells who a token of the provider stands for that was given to one of parties, clients of the
// provider. An ID token counts by its signature; an access token by what the provider says of it now (I53), and
// by its signature too when it is a JWT. It fails with a refusal.
func (u *upstream) subjectOf(ctx context.Context, kind, token string, parties []string) (subject, error) {
	if len(token) > maxSubjectToken {
		return subject{}, refusal{LoginFailed, "it is too long", nil}
	}
	remote, err := u.remote(ctx)
	if err != nil {
		return subject{}, refusal{Unavailable, "provider is away", err}
	}
	outside := u.context(ctx)
	var claims map[string]any
	if kind == typeIDToken {
		claims, err = u.identityToken(outside, remote, token, parties)
	} else {
		claims, err = u.accessToken(outside, remote, token, parties)
	}
	if err != nil {
		return subject{}, err
	}
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == "" }) // I45
	until, named := instant(claims["exp"])
	switch {
	case !named || !u.now().Before(until):
		return subject{}, refusal{LoginFailed, "it has expired", nil}
	case claims["sub"] == nil:
		return subject{}, refusal{LoginFailed, "it names nobody", nil}
	}
	loggedIn, told := instant(claims["auth_time"])
	if !told || loggedIn.After(u.now()) {
		loggedIn = u.now()
	}
	return subject{claims: claims, until: until, loggedIn: loggedIn}, nil
}

// identityToken verifies an ID token that one of parties got.
func (u *upstream) identityToken(ctx context.Context, r *remote, token string, parties []string) (map[string]any, error) {
	if err := checkHeader(token, identityTokenTypes); err != nil {
		return nil, refusal{LoginFailed, "its header is not accepted", err}
	}
	id, err := r.anyParty.Verify(ctx, token)
	if err != nil {
		return nil, refusal{LoginFailed, "it is not a valid ID token of the provider", err}
	}
	var claims map[string]any
	if err := id.Claims(&claims); err != nil {
		return nil, refusal{LoginFailed, "it is not readable", err}
	}
	azp, named := claims["azp"].(string)
	typ, typed := claims["typ"].(string) // Keycloak tells its tokens apart by this claim
	switch {
	case typed && typ != "ID":
		return nil, refusal{LoginFailed, "it is no ID token", nil}
	case len(id.Audience) != 1 || !slices.Contains(parties, id.Audience[0]), named && !slices.Contains(parties, azp):
		return nil, refusal{LoginFailed, "it was issued to another party than the client is registered for", nil}
	case id.IssuedAt.After(u.now().Add(issuedSkew)):
		return nil, refusal{LoginFailed, "it was issued in the future", nil}
	}
	return claims, nil
}

// accessToken asks the provider about an access token that one of parties got, and for the userinfo, which
// alone has the person's exercises.
func (u *upstream) accessToken(ctx context.Context, r *remote, token string, parties []string) (map[string]any, error) {
	claims, err := u.introspect(ctx, r, token)
	if err != nil {
		return nil, err
	}
	if err := u.checkParty(claims, parties); err != nil {
		return nil, err
	}
	if strings.Count(token, ".") == 2 {
		if err := u.checkSigned(ctx, r, token, claims); err != nil {
			return nil, err
		}
	}
	if u.UserInfo {
		if err := u.addUserInfo(ctx, r, &oauth2.Token{AccessToken: token, TokenType: "Bearer"}, claims); err != nil {
			return nil, err
		}
	}
	return claims, nil
}

// checkParty judges what the provider said of an access token.
func (u *upstream) checkParty(claims map[string]any, parties []string) error {
	if active, _ := claims["active"].(bool); !active {
		return refusal{LoginFailed, "the provider knows no such living token", nil}
	}
	named := 0
	for _, name := range []string{"client_id", "azp"} {
		if party, ok := claims[name].(string); ok && party != "" {
			named++
			if !slices.Contains(parties, party) {
				return refusal{LoginFailed, "it was issued to another party than the client is registered for", nil}
			}
		}
	}
	typ, typed := claims["typ"].(string)
	issuer, told := claims["iss"].(string)
	begins, bounded := instant(claims["nbf"])
	switch {
	case named == 0:
		return refusal{LoginFailed, "the provider does not tell whom it was issued to", nil}
	case typed && typ != "" && !strings.EqualFold(typ, "Bearer"):
		return refusal{LoginFailed, "it is no access token", nil}
	case told && issuer != "" && issuer != u.Issuer:
		return refusal{LoginFailed, "it is of another issuer", nil}
	case bounded && begins.After(u.now().Add(issuedSkew)):
		return refusal{LoginFailed, "it does not count yet", nil}
	}
	return nil
}

// checkSigned verifies an access token that is a JWT and that it is the one the provider spoke of.
func (u *upstream) checkSigned(ctx context.Context, r *remote, token string, told map[string]any) error {
	if err := checkHeader(token, accessTokenTypes); err != nil {
		return refusal{LoginFailed, "its header is not accepted", err}
	}
	signed, err := r.anyParty.Verify(ctx, token)
	if err != nil {
		return refusal{LoginFailed, "it is not a valid token of the provider", err}
	}
	if signed.Subject == "" || signed.Subject != told["sub"] {
		return refusal{LoginFailed, "it is about somebody else than the provider says", nil}
	}
	return nil
}

// introspect asks the provider about an access token (I26, RFC 7662), as the client that we are there.
func (u *upstream) introspect(ctx context.Context, r *remote, token string) (map[string]any, error) {
	if r.introspection == "" {
		return nil, refusal{Unavailable, "provider has no introspection", nil}
	}
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	inBody := r.oauth.Endpoint.AuthStyle == oauth2.AuthStyleInParams
	if inBody {
		form.Set("client_id", u.ClientID)
		if u.ClientSecret != "" {
			form.Set("client_secret", u.ClientSecret)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.introspection, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, refusal{Unavailable, "provider is away", err}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json") // Keycloak would answer with a JWT to who asks for one
	if !inBody {
		request.SetBasicAuth(url.QueryEscape(u.ClientID), url.QueryEscape(u.ClientSecret))
	}
	claims, err := u.readJSON(request)
	if err != nil {
		return nil, refusal{Unavailable, "provider does not tell about the token", err}
	}
	return claims, nil
}

// readJSON sends a request and reads the object that answers it.
func (u *upstream) readJSON(request *http.Request) (map[string]any, error) {
	answer, err := u.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask provider: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // nothing is lost: the body was read
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask provider: status %d", answer.StatusCode)
	}
	var v map[string]any
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxDocumentBytes)).Decode(&v); err != nil {
		return nil, fmt.Errorf("read answer of provider: %w", err)
	}
	if v == nil {
		return nil, errors.New("read answer of provider: it is null")
	}
	return v, nil
}

// instant reads a NumericDate (RFC 7519 section 2) of a decoded JSON object.
func instant(v any) (time.Time, bool) {
	seconds, ok := v.(float64)
	if !ok || seconds < 0 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}
