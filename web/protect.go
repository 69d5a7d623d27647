package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"mesbridge/web/page"
)

// Sources of pictures, as a policy names them.
const (
	ownPictures  = "'self'"
	mailPictures = "'self' data:" // and those that stand whole in a message: still, nothing is loaded
)

// What a page may do beyond showing itself. A script is a file of ours, and may write no HTML: a text that reached it
// could not become code.
const (
	ownScripts = "; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
	ownFrames  = "; frame-src 'self'" // a document in a page of ours
)

// contentPolicy allows our own style sheet, icon and forms, what else is named, and nothing beside: no inline code
// (I224). Browsers apply form-action to the redirects of a form too, so the origins that a form ends at are named.
func contentPolicy(formTargets []string, pictures string, more ...string) string {
	return "default-src 'none'; style-src 'self'; img-src " + pictures + "; form-action " +
		strings.Join(append([]string{"'self'"}, formTargets...), " ") + "; base-uri 'none'; frame-ancestors 'none'" + strings.Join(more, "")
}

// policyOf is the policy of one page, as a viewer sees it.
func (a *App) policyOf(v page.Viewer, p page.Page) string {
	pictures, more := ownPictures, ""
	switch p.(type) {
	case page.Conversation, page.Attached, page.DeskThread:
		pictures = mailPictures
	case page.Reading:
		more = ownFrames
	}
	if len(page.Scripts(v, p)) > 0 {
		more += ownScripts
	}
	return contentPolicy(a.cfg.FormTargets, pictures, more)
}

// Policies of what is not a page. A document opened in the browser can do nothing; one that is shown may stand in a
// page of ours. Browsers show no PDF in a sandbox: their own reader keeps it apart.
const (
	filePolicy    = "default-src 'none'; sandbox; frame-ancestors 'none'"
	picturePolicy = "default-src 'none'; img-src 'self'; sandbox; frame-ancestors 'self'"
	paperPolicy   = "default-src 'none'; object-src 'self'; frame-ancestors 'self'"
)

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
