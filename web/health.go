package web

import (
	"context"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"mesbridge/web/page"
)

// readyTimeout bounds the readiness check.
const readyTimeout = 3 * time.Second

// healthz answers that the process runs.
func (a *App) healthz(c *fiber.Ctx) error { return c.SendString("ok\n") }

// readyz answers whether messages can be accepted and committed now. The reason goes to the log only.
func (a *App) readyz(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), readyTimeout)
	defer cancel()
	if err := a.deps.Ready(ctx); err != nil {
		a.deps.Log.WarnContext(ctx, "not ready", "error", err)
		return c.Status(http.StatusServiceUnavailable).SendString("not ready\n")
	}
	return c.SendString("ready\n")
}

// serveAsset serves an embedded file whose path changes with its content.
func serveAsset(asset page.Asset) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, asset.Type)
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
		return c.Send(asset.Content)
	}
}

// Operations serves the operations listener: /healthz, /readyz and /metrics. It is for the operator's
// network, not for the Internet.
func Operations(ready func(ctx context.Context) error, metrics prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if ready(ctx) != nil {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	return mux
}
