package web

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// Limits of bodies, in octets.
const (
	maxSmallBody = 64 << 10 // every call that takes no documents
	// maxDrain is how much of a body that no handler wanted is read and dropped, so that the client gets
	// its answer instead of a reset connection. It exceeds the largest body that any route takes by far
	// enough that "a little too large" is answered, not cut.
	maxDrain = 64 << 20
	// firstBuffer is reserved at once for a body; the rest grows with what really arrives.
	firstBuffer = 64 << 10
)

// withEncoding is the limit of a JSON or form body that carries a message of n octets: base64, names and
// the text around it take 40 % more at most.
func withEncoding(n int64) int64 { return n + n*2/5 }

// readBody reads the whole body, up to limit. Over it the error is 413 too-large, and what was read is
// the beginning of the body: 64 kB at least. fiber's own BodyLimit is not enforced with
// StreamRequestBody, and c.Body() would read without end.
func readBody(c *fiber.Ctx, limit int64) ([]byte, error) {
	if encoding := c.Get(fiber.HeaderContentEncoding); encoding != "" && encoding != "identity" {
		return nil, &problem{status: http.StatusUnsupportedMediaType, code: codeUnsupportedMedia}
	}
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return nil, nil
	}
	announced := int64(c.Request().Header.ContentLength()) > limit
	if announced {
		limit = min(limit, maxSmallBody)
	}
	b := bytes.NewBuffer(make([]byte, 0, min(firstBuffer, limit)))
	n, err := b.ReadFrom(io.LimitReader(stream, limit+1))
	switch {
	case err != nil:
		return nil, bodyError(err)
	case announced, n > limit:
		return b.Bytes(), tooLarge()
	}
	return b.Bytes(), nil
}

// bodyError answers a body that did not arrive.
func bodyError(err error) error {
	p := &problem{status: http.StatusBadRequest, code: codeInvalidRequest, detail: "The body did not arrive whole."}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		p.status = http.StatusRequestTimeout
	}
	return p
}

// drain reads what a handler left of a streamed body and, when too much is left, has the connection
// closed after the answer. fasthttp does neither: without it, the rest of a refused body would be read
// as the next request on the connection.
func drain(ctx *fasthttp.RequestCtx) {
	stream := ctx.RequestBodyStream()
	if stream == nil {
		return
	}
	if _, err := io.CopyN(io.Discard, stream, maxDrain); !errors.Is(err, io.EOF) {
		ctx.Response.Header.SetConnectionClose()
	}
}
