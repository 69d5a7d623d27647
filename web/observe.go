package web

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
)

// Names of what a request carries along.
const (
	localRequestID = "request-id"
	localRoute     = "route"
)

// unmatched is the pattern of requests that no route takes. The path itself is never told: anything can
// stand in it.
const unmatched = "unmatched"

// newDuration is the histogram of requests. Labels: route, the pattern of the route, or "unmatched";
// code, the HTTP status.
func newDuration() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "mesbridge_http_request_duration_seconds", Help: "Time to answer a request, by route pattern and status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"route", "code"})
}

// observe is around every request: its id, its time limit, the answer to its error, its line in the log
// and its point in the metrics. The log holds the route pattern, never the path (docs/contract.md, "HTTP").
func (a *App) observe(c *fiber.Ctx) error {
	begun := a.deps.Now()
	id := uuid.NewString() // always ours: a caller's own could hold anything
	c.Locals(localRequestID, id)
	c.Set(fiber.HeaderXRequestID, id)
	ctx, cancel := context.WithTimeout(c.UserContext(), workTimeout)
	defer cancel()
	c.SetUserContext(ctx)

	err := a.guarded(c, id)
	if err != nil {
		err = a.renderError(c, err)
	}
	a.protect(c)
	status, route := c.Response().StatusCode(), routeOf(c)
	took := a.deps.Now().Sub(begun)
	a.duration.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
	a.deps.Log.LogAttrs(ctx, slog.LevelInfo, "http request", slog.String("method", c.Method()), slog.String("route", route),
		slog.Int("status", status), slog.Duration("took", took.Round(time.Microsecond)), slog.String("request", id))
	return err
}

// guarded runs the rest of the chain and turns a panic into an error. The value of the panic is not
// logged, for it may quote a request; the stack holds no values.
func (a *App) guarded(c *fiber.Ctx, id string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			a.deps.Log.LogAttrs(c.UserContext(), slog.LevelError, "panic in a request", slog.String("request", id),
				slog.String("stack", string(debug.Stack())))
			err = &problem{status: http.StatusInternalServerError, code: codeInternal}
		}
	}()
	return c.Next()
}

// routeOf is the pattern of the route that took the request.
func routeOf(c *fiber.Ctx) string {
	if route, ok := c.Locals(localRoute).(string); ok {
		return route
	}
	return unmatched
}

// under marks the request as taken by a route before its handler runs.
func under(pattern string, h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		c.Locals(localRoute, pattern)
		return h(c)
	}
}

// requestID is the id of a request, empty before observe.
func requestID(c *fiber.Ctx) string {
	id, _ := c.Locals(localRequestID).(string)
	return id
}

// isAPI reports whether a path belongs to the API.
func isAPI(path string) bool { return path == "/api" || strings.HasPrefix(path, "/api/") }

// renderError answers an error: problem+json under /api/, a page elsewhere. What is our fault goes to the
// log with its cause.
func (a *App) renderError(c *fiber.Ctx, err error) error {
	p := asProblem(err)
	id := requestID(c)
	if p.status >= http.StatusInternalServerError {
		a.deps.Log.LogAttrs(c.UserContext(), slog.LevelError, "request failed", slog.String("request", id),
			slog.String("code", string(p.code)), slog.Any("error", p.cause))
	}
	switch {
	case p.wait > 0:
		c.Set(fiber.HeaderRetryAfter, strconv.FormatInt(int64(math.Ceil(p.wait.Seconds())), 10))
	case p.status == http.StatusServiceUnavailable, p.status == http.StatusTooManyRequests:
		c.Set(fiber.HeaderRetryAfter, retryAfter)
	}
	if isAPI(c.Path()) {
		return a.refusal(c, p).send(c)
	}
	return a.renderTrouble(c, p)
}

func language(french bool) string {
	if french {
		return "fr"
	}
	return "en"
}
