package web

import (
	"bufio"
	"bytes"
	"io"
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// bridged serves a net/http handler on a gofiber route. gofiber's own adaptor is not used: it hands over
// strings that fasthttp overwrites after the request, and it drops repeated headers (docs/adr/0006).
// Here the handler gets a request that owns its memory.
func bridged(h http.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		body, err := readBody(c, maxSmallBody)
		if err != nil {
			return err
		}
		head := bytes.Clone(c.Request().Header.Header())
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
		if err != nil {
			return &problem{status: http.StatusBadRequest, code: codeInvalidRequest, cause: err}
		}
		r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
		r.RemoteAddr, r.TLS = c.Context().RemoteAddr().String(), c.Context().TLSConnectionState()
		w := &responseWriter{c: c, header: http.Header{}}
		h.ServeHTTP(w, r.WithContext(c.UserContext()))
		w.WriteHeader(http.StatusOK)
		return nil
	}
}

// responseWriter writes the answer of a net/http handler into a gofiber response.
type responseWriter struct {
	c      *fiber.Ctx
	header http.Header
	wrote  bool
}

// Header returns the header fields that WriteHeader will send.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader sends status and header fields, the first time; repeated fields stay repeated.
func (w *responseWriter) WriteHeader(status int) {
	if w.wrote {
		return
	}
	w.wrote = true
	for name, values := range w.header {
		for i, v := range values {
			if i == 0 && name != fiber.HeaderSetCookie {
				w.c.Response().Header.Set(name, v)
			} else {
				w.c.Response().Header.Add(name, v)
			}
		}
	}
	w.c.Status(status)
}

// Write adds to the body.
func (w *responseWriter) Write(b []byte) (int, error) {
	if !w.wrote {
		if w.header.Get(fiber.HeaderContentType) == "" {
			w.header.Set(fiber.HeaderContentType, http.DetectContentType(b))
		}
		w.WriteHeader(http.StatusOK)
	}
	return w.c.Write(b)
}
