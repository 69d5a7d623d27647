package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// maxUserInfoBytes bounds a userinfo; Pro Santé Connect's with many activities has some tens of kilobytes.
const maxUserInfoBytes = maxDocumentBytes

// addUserInfo adds the claims of the userinfo endpoint that the ID token does not have. Those that
// say something about the login count from the ID token only, which is signed.
func (u *upstream) addUserInfo(ctx context.Context, r *remote, token *oauth2.Token, claims map[string]any) error {
	more, err := u.userInfo(ctx, r, token)
	if err != nil {
		return err
	}
	if sub, _ := more["sub"].(string); sub == "" || sub != claims["sub"] {
		return refusal{LoginFailed, "userinfo is about somebody else", nil}
	}
	protocol := []string{"iss", "aud", "azp", "exp", "iat", "nonce", "acr", "amr", "auth_time", "at_hash"}
	for name, v := range more {
		if _, known := claims[name]; !known && v != "" && !slices.Contains(protocol, name) {
			claims[name] = v
		}
	}
	return nil
}

// userInfo asks the endpoint at once, while the access token lives (I48), and reads the answer in either form: JSON, or
// a token that is signed, and encrypted where that was agreed (I73, OpenID Connect Core 5.3.2).
func (u *upstream) userInfo(ctx context.Context, r *remote, token *oauth2.Token) (map[string]any, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.userInfo, nil)
	if err != nil {
		return nil, refusal{Unavailable, "userinfo could not be read", err}
	}
	token.SetAuthHeader(request)
	answer, err := u.client.Do(request)
	if err != nil {
		return nil, refusal{Unavailable, "userinfo could not be read", err}
	}
	defer func() { _ = answer.Body.Close() }() // nothing is lost: the body was read
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxUserInfoBytes+1))
	switch {
	case err != nil:
		return nil, refusal{Unavailable, "userinfo could not be read", err}
	case answer.StatusCode != http.StatusOK:
		return nil, refusal{Unavailable, "userinfo could not be read", fmt.Errorf("status %d", answer.StatusCode)}
	case len(body) > maxUserInfoBytes:
		return nil, refusal{LoginFailed, "userinfo is too long", nil}
	}
	claims := map[string]any{}
	form, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if form == "application/jwt" || len(u.DecryptionKeys) > 0 {
		err = u.signedClaims(ctx, r, string(body), &claims)
	} else {
		err = json.Unmarshal(body, &claims)
	}
	if err != nil {
		return nil, refusal{LoginFailed, "userinfo is not readable", err}
	}
	return claims, nil
}

// signedClaims reads a userinfo that is a token. It need not say when it ends.
func (u *upstream) signedClaims(ctx context.Context, r *remote, raw string, claims *map[string]any) error {
	signed, err := u.open(raw)
	if err != nil {
		return err
	}
	info, err := r.provider.Verifier(&oidc.Config{
		ClientID: u.ClientID, Now: u.now, SkipExpiryCheck: true, SupportedSigningAlgs: signingAlgorithms(),
	}).Verify(ctx, signed)
	if err != nil {
		return err
	}
	if !info.Expiry.IsZero() && info.Expiry.Unix() != 0 && !u.now().Before(info.Expiry) {
		return errors.New("the token has expired")
	}
	return info.Claims(claims)
}
