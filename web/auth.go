package web

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// localPrincipal is where the caller of an API request is kept.
const localPrincipal = "principal"

// authenticate stands before every path under /api/: without a valid token nothing is told, not even
// whether the path exists.
func (a *App) authenticate(c *fiber.Ctx) error {
	if !isAPI(c.Path()) {
		return c.Next()
	}
	token, given := bearer(c.Get(fiber.HeaderAuthorization))
	if token == "" {
		return unauthenticated(c, given)
	}
	who, err := a.deps.Authenticator.Token(c.UserContext(), token, peerOf(c))
	switch {
	case errors.Is(err, ErrUnauthenticated):
		return unauthenticated(c, true)
	case err != nil:
		return unavailable(err)
	}
	c.Locals(localPrincipal, who)
	if err := a.limitCalls(c, who); err != nil {
		return err
	}
	return c.Next()
}

// unauthenticated answers 401 with the challenge of RFC 6750 section 3; error is told only to who gave
// some credentials.
func unauthenticated(c *fiber.Ctx, given bool) error {
	challenge := `Bearer realm="mesbridge"`
	if given {
		challenge += `, error="invalid_token"`
	}
	c.Set(fiber.HeaderWWWAuthenticate, challenge)
	return &problem{status: http.StatusUnauthorized, code: codeUnauthenticated}
}

// unavailable answers that the caller's rights cannot be looked up now (D17).
func unavailable(cause error) *problem {
	return &problem{status: http.StatusServiceUnavailable, code: codeUnavailable, cause: cause}
}

// bearer returns the token of an Authorization field (RFC 6750 section 2.1), empty when it holds none;
// given tells whether there was a field at all.
func bearer(field string) (token string, given bool) {
	scheme, rest, _ := strings.Cut(field, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", field != ""
	}
	token = strings.TrimSpace(rest)
	if len(token) > headerBytes || strings.ContainsFunc(token, notToken68) {
		return "", true
	}
	return token, true
}

// notToken68 reports whether r cannot stand in a bearer token.
func notToken68(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._~+/=", r)
}

// allow checks that the caller is of a kind that a call is for and holds its scope (I247).
func allow(c *fiber.Ctx, who Principal, e *endpoint) error {
	if e.takes(who.Kind) && (e.scope == "" || who.has(e.scope)) {
		return nil
	}
	c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="mesbridge", error="insufficient_scope", scope="`+e.scope+`"`)
	return &problem{status: http.StatusForbidden, code: codeInsufficientScope}
}

// sameToken compares a form's token with the session's, in constant time. No token is never right.
func sameToken(given, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}
