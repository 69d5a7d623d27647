package web

import (
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"mesbridge/web/page"
)

// Some pages belong to patients and professionals alike. Who comes to one of them without a session is sent through the
// door by which this browser was last let in, or chooses one on the home page; either way he comes back to the page.

// doorCookie holds that door, a kind of person and nothing about one. It goes with the browser's session.
const doorCookie = "porte"

// rememberDoor notes through which door the visitor came.
func (a *App) rememberDoor(c *fiber.Ctx, kind PrincipalKind) {
	if kind == lastDoor(c) || kind != Patient && kind != Professional {
		return
	}
	c.Cookie(&fiber.Cookie{
		Name: doorCookie, Value: string(kind), Path: "/", HTTPOnly: true, Secure: a.cfg.Secure, SameSite: fiber.CookieSameSiteLaxMode, SessionOnly: true,
	})
}

// lastDoor is the door by which somebody last came in with this browser, empty for none.
func lastDoor(c *fiber.Ctx) PrincipalKind {
	switch kind := PrincipalKind(c.Cookies(doorCookie)); kind { //nolint:exhaustive // what a browser sends may be anything
	case Patient:
		return Patient
	case Professional:
		return Professional
	}
	return ""
}

// doorTo is the path where a person of a kind logs in and goes on to a path on this host, empty for where he is sent by
// himself. Of no known kind, he chooses his door on the home page.
func doorTo(kind PrincipalKind, path string) string {
	switch {
	case kind != "":
		return page.Way("/oauth/login/"+string(kind), path)
	case path == "":
		return "/"
	}
	return "/?" + url.Values{fieldBack: {path}}.Encode()
}

// askLogin sends a visitor to log in and back. A form that came without a session is not sent on: the
// page says that nothing happened, and gives back a text that was typed.
func (a *App) askLogin(c *fiber.Ctx, r pageRoute) error {
	kind := r.kind
	if kind == "" {
		kind = lastDoor(c)
	}
	if r.method == http.MethodGet {
		return c.Redirect(doorTo(kind, c.OriginalURL()), http.StatusSeeOther)
	}
	f, err := readForm(c, maxSmallBody)
	if err != nil {
		f = form{} // too large to give back, or unreadable: the page is the same without it
	}
	return a.sendView(c, visit{}, view{status: http.StatusForbidden, page: loggedOut(kind, f.typed(), requestID(c))})
}
