package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Sources of pictures, as a policy names them.
const (
	ownPictures  = "'self'"
	mailPictures = "'self' data:" // and those that stand whole in a message: still, nothing is loaded
)

// contentPolicy allows our own style sheet, icon and forms, and nothing else: no script, no frame, no
// inline code (I224). Browsers apply form-action to the redirects of a form too, so the origins that a
// form ends at are named.
func contentPolicy(pictures string, formTargets []string) string {
	return "default-src 'none'; style-src 'self'; img-src " + pictures + "; form-action " +
		strings.Join(append([]string{"'self'"}, formTargets...), " ") + "; base-uri 'none'; frame-ancestors 'none'"
}

// filePolicy is for what is not a page: a document opened in the browser can do nothing.
const filePolicy = "default-src 'none'; sandbox; frame-ancestors 'none'"

// protect sets the security headers that an answer does not have yet (I224).
func (a *App) protect(c *fiber.Ctx) {
	h := &c.Response().Header
	set := func(name, value string) {
		if len(h.Peek(name)) == 0 {
			h.Set(name, value)
		}
	}
	set(fiber.HeaderContentSecurityPolicy, a.policy)
	set(fiber.HeaderReferrerPolicy, "no-referrer")
	set(fiber.HeaderXContentTypeOptions, "nosniff")
	set("Cross-Origin-Opener-Policy", "same-origin")
	set("Cross-Origin-Resource-Policy", "same-origin")
	set(fiber.HeaderPermissionsPolicy, "camera=(), geolocation=(), microphone=(), payment=()")
	set(fiber.HeaderCacheControl, "no-store")
	if a.cfg.Secure {
		set(fiber.HeaderStrictTransportSecurity, "max-age=63072000; includeSubDomains")
	}
}
