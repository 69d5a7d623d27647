package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"mesbridge/web/page"
)

// Times of a connection. A header must come at once; a body of 36 MB may come over a slow line.
const (
	headerTimeout = 15 * time.Second
	bodyTimeout   = 5 * time.Minute
	idleTimeout   = 60 * time.Second
	// workTimeout bounds what one request asks of the core; then it is answered 503.
	workTimeout = 30 * time.Second
	headerBytes = 16 << 10 // all header fields of a request; over it 431
)

// App is the HTTP border. It is safe for concurrent use.
type App struct {
	cfg       Config
	deps      Deps
	zone      *time.Location
	pages     *page.Renderer
	policy    string // content security policy of pages that need no more than most
	openapi   []byte
	developer page.Developer // the same, to be read
	fiber     *fiber.App
	duration  *prometheus.HistogramVec
	accepted  acceptances // of the terms of use
	streams   streams     // of events
}

// New builds the border. It fails when something required is missing or the metrics are registered
// already.
func New(c Config, d Deps) (*App, error) {
	c = c.withDefaults()
	if err := check(c, d); err != nil {
		return nil, fmt.Errorf("set up the web: %w", err)
	}
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, fmt.Errorf("load Paris time: %w", err)
	}
	a := &App{
		cfg: c, deps: d, zone: zone, openapi: openAPIDocument(),
		policy: contentPolicy(c.FormTargets, ownPictures),
		pages:  newRenderer(c, zone), duration: newDuration(),
	}
	if err := d.Metrics.Register(a.duration); err != nil {
		return nil, fmt.Errorf("register the metrics of the web: %w", err)
	}
	if a.developer, err = developerOf(a.openapi, a.endpoints()); err != nil {
		return nil, err
	}
	a.fiber = a.newFiber()
	return a, nil
}

// newRenderer makes the renderer of the pages of a configuration.
func newRenderer(c Config, zone *time.Location) *page.Renderer {
	return page.New(page.Options{
		Brand: c.Brand, Demo: c.Demo, Zone: zone, PatientLogin: c.PatientLogin, ProfessionalLogin: c.ProfessionalLogin,
		Structures: loginChoices(c.Structures),
		Contact:    c.Contact,
	})
}

// otherMethod stands for every method that gofiber does not know, so that such a request passes the same
// gates as any other; gofiber itself would answer it before them.
const otherMethod = "OTHER"

// newFiber sets the server up and mounts the routes.
//
// Immutable and StreamRequestBody are the two settings that keep fasthttp safe here: strings of a request
// outlive it, and no body is read before its route says how much it may be.
func (a *App) newFiber() *fiber.App {
	f := fiber.New(fiber.Config{
		DisableStartupMessage:        true,
		Immutable:                    true,
		CaseSensitive:                true,
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true, // or a form would be read before its limit is known
		BodyLimit:                    maxSmallBody,
		ReadBufferSize:               headerBytes,
		ReadTimeout:                  headerTimeout,
		WriteTimeout:                 bodyTimeout,
		IdleTimeout:                  idleTimeout,
		RequestMethods:               append(slices.Clone(fiber.DefaultMethods), otherMethod),
		ErrorHandler:                 a.renderError,
	})
	a.mount(f)
	f.Handler() // builds the tree of routes now: two listeners may begin to serve at the same moment
	server := f.Server()
	handle := server.Handler
	server.Handler = func(ctx *fasthttp.RequestCtx) {
		if !slices.Contains(fiber.DefaultMethods, string(ctx.Method())) {
			ctx.Request.Header.SetMethod(otherMethod)
		}
		handle(ctx)
		drain(ctx)
	}
	server.HeaderReceived = func(*fasthttp.RequestHeader) fasthttp.RequestConfig {
		return fasthttp.RequestConfig{ReadTimeout: bodyTimeout}
	}
	server.CloseOnShutdown = true
	server.SecureErrorLogMessage = true
	return f
}

// Listen serves until Shutdown.
func (a *App) Listen(l net.Listener) error {
	if err := a.fiber.Listener(l); err != nil {
		return fmt.Errorf("serve the web: %w", err)
	}
	return nil
}

// Shutdown stops accepting, waits for the requests under way as long as ctx allows, and returns.
func (a *App) Shutdown(ctx context.Context) error {
	a.streams.shut()
	if err := a.fiber.ShutdownWithContext(ctx); err != nil {
		return fmt.Errorf("stop the web: %w", err)
	}
	return nil
}

// keyed is a keyed hash of parts under a use of its own: it names people and requests where neither may
// be readable.
func (a *App) keyed(use string, parts ...string) []byte {
	h := hmac.New(sha256.New, a.cfg.Key)
	for _, p := range append([]string{use}, parts...) {
		_, _ = fmt.Fprintf(h, "%d:", len(p))
		_, _ = io.WriteString(h, p)
	}
	return h.Sum(nil)
}

// short is a keyed hash as it can stand in a URL or form: 96 bits.
func (a *App) short(use string, parts ...string) string {
	return base64.RawURLEncoding.EncodeToString(a.keyed(use, parts...)[:12])
}
