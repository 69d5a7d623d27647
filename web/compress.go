package web

import (
	"mime"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// compressed packs pages and assets for browsers that can read it. Documents, events and the API are left as they are:
// a document's announced length tells a whole one from a cut one, and events must leave at once; gofiber's own
// middleware would pack those too.
//
// A page holds the token of its forms beside texts of others, from whose packed length a token could be guessed by
// somebody who has a person's browser load the page over and over (BREACH). The session cookie is not sent with what
// other sites embed, and a stolen token alone sends no form (SameSite=Lax).
func compressed() fiber.Handler {
	pack := fasthttp.CompressHandlerBrotliLevel(func(*fasthttp.RequestCtx) {}, fasthttp.CompressBrotliDefaultCompression, fasthttp.CompressDefaultCompression)
	return func(c *fiber.Ctx) error {
		if err := c.Next(); err != nil {
			return err
		}
		if isAPI(c.Path()) || c.Response().IsBodyStream() || !packs(string(c.Response().Header.ContentType())) {
			return nil
		}
		c.Vary(fiber.HeaderAcceptEncoding)
		pack(c.Context())
		return nil
	}
}

// packs reports whether a media type is one of pages and their assets.
func packs(contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	switch kind {
	case "text/html", "text/css", "text/javascript", "image/svg+xml":
		return true
	}
	return false
}
