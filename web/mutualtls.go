package web

import (
	"crypto/x509"
	"fmt"
	"net"
	"slices"

	"github.com/gofiber/fiber/v2"
)

// ListenMutualTLS serves programs on a listener that terminates TLS and asks for certificates (RFC 8705), until
// Shutdown. It serves the API and the paths of Config.MutualTLSPaths; nothing there is for browsers.
func (a *App) ListenMutualTLS(l net.Listener) error {
	if err := a.fiber.Server().Serve(l); err != nil {
		return fmt.Errorf("serve the web over mutual TLS: %w", err)
	}
	return nil
}

// forPrograms hides everything but that from connections with TLS of our own: the other listener has none, for a
// proxy stands before it.
func (a *App) forPrograms(c *fiber.Ctx) error {
	if !c.Context().IsTLS() || isAPI(c.Path()) || slices.Contains(a.cfg.MutualTLSPaths, c.Path()) {
		return c.Next()
	}
	return notFound()
}

// peerOf is the certificate that the other side of the connection showed, nil without one.
func peerOf(c *fiber.Ctx) *x509.Certificate {
	state := c.Context().TLSConnectionState()
	if state == nil || len(state.PeerCertificates) == 0 {
		return nil
	}
	return state.PeerCertificates[0]
}
