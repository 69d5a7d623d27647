package web

import (
	_ "embed"

	"github.com/gofiber/fiber/v2"
)

//go:embed openapi.json
var openAPI []byte

// openAPIDocument is the description of the API (OpenAPI 3.1), written by hand and checked by the tests
// against every answer that they see (I249).
func openAPIDocument() []byte { return openAPI }

// serveOpenAPI serves the description to anybody.
func (a *App) serveOpenAPI(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	c.Set(fiber.HeaderCacheControl, "public, max-age=300")
	return c.Send(a.openapi)
}
