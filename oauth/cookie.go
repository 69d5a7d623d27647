package oauth

import (
	"net/http"
	"strings"
)

// cookies names and dresses the cookies of this package. Both live on the whole host: the __Host-
// prefix asks that, and keeps sub-domains and plain http from planting them.
type cookies struct{ secure bool }

func isSecure(issuer string) bool { return strings.HasPrefix(issuer, "https://") }

func (c cookies) session() string { return c.prefix() + "mes" }

// binding is the cookie that ties a login to the browser in which it began.
func (c cookies) binding() string { return c.prefix() + "mes-login" }

func (c cookies) prefix() string {
	if c.secure {
		return "__Host-"
	}
	return ""
}

// set writes a cookie that lives until the browser closes, or for seconds when that is positive;
// a negative number removes it. Lax lets it come along when the provider sends the person back.
func (c cookies) set(w http.ResponseWriter, name, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // only a demonstration over plain http on loopback goes without Secure
		Name: name, Value: value, Path: "/", MaxAge: seconds,
		Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// value gives the value of a cookie of the request, empty when there is none.
func value(r *http.Request, name string) string {
	cookie, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}
