package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"strings"
	"unicode"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
	"mesbridge/web/filetype"
)

// firstPiece is how much of a document is read before the status is sent, in octets: a document that
// cannot be opened at all gets a proper answer.
const firstPiece = 32 << 10

// detached is a context for a download, which is still read when the request's own has ended; the write
// timeout of the connection bounds it.
func detached(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// sendFile sends the bytes of a document. A fault after the first piece cuts the connection before the
// announced length, so that nobody takes half a document for a whole one.
func (a *App) sendFile(c *fiber.Ctx, d conversations.Download) error {
	_, body, err := a.begin(c, d)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, safeType(d.Type))
	c.Set(fiber.HeaderContentDisposition, disposition("attachment", d.Name))
	c.Set(fiber.HeaderContentSecurityPolicy, filePolicy)
	return a.stream(c, d, body)
}

// showFile sends a document that a page of ours shows. What is not what it says it is, or of a kind that a browser
// would run, is not found.
func (a *App) showFile(c *fiber.Ctx, d conversations.Download) error {
	first, body, err := a.begin(c, d)
	if err != nil {
		return err
	}
	kind := filetype.Shown(d.Type, d.Name)
	if kind == "" || !filetype.Is(kind, first) {
		_ = body.Close()
		return notFound()
	}
	policy := picturePolicy
	if kind == filetype.PDF {
		policy = paperPolicy
	}
	c.Set(fiber.HeaderContentType, kind)
	c.Set(fiber.HeaderContentDisposition, disposition("inline", d.Name))
	c.Set(fiber.HeaderContentSecurityPolicy, policy)
	return a.stream(c, d, body)
}

// begin opens a document and reads its first piece.
func (a *App) begin(c *fiber.Ctx, d conversations.Download) (first []byte, body io.ReadCloser, err error) {
	content := a.open(detached(c.UserContext()), d, requestID(c))
	first = make([]byte, min(firstPiece, d.Bytes))
	if _, err := io.ReadFull(content, first); err != nil {
		_ = content.Close()
		if core := (*conversations.Error)(nil); !errors.As(err, &core) {
			err = unavailable(fmt.Errorf("read a document: %w", err))
		}
		return nil, nil, err
	}
	return first, &joinedReader{Reader: io.MultiReader(bytes.NewReader(first), content), Closer: content}, nil
}

// stream sends what was begun.
func (a *App) stream(c *fiber.Ctx, d conversations.Download, body io.Reader) error {
	c.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(d.SHA256[:])+":") // RFC 9530 section 3
	c.Context().SetBodyStream(body, int(d.Bytes))
	return nil
}

// joinedReader reads what was read ahead and the rest, and closes the rest.
type joinedReader struct {
	io.Reader
	io.Closer
}

// open starts writing the document into a pipe. The goroutine ends when all is written or the reader is
// closed; a panic in it fails the download alone.
func (a *App) open(ctx context.Context, d conversations.Download, request string) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		err := errors.New("writing a document panicked")
		defer func() {
			if p := recover(); p != nil || err != nil && !errors.Is(err, io.ErrClosedPipe) {
				a.deps.Log.LogAttrs(ctx, slog.LevelError, "download failed", slog.String("request", request), slog.Any("error", err))
			}
			_ = w.CloseWithError(err) // nil is the end of the document
		}()
		err = d.Write(w)
	}()
	return r
}

// safeType is a media type as it can stand in a header field; anything odd, or that a page could take for a script of
// ours, is plain bytes.
func safeType(mediaType string) string {
	kind, _, err := mime.ParseMediaType(mediaType)
	if err != nil || !strings.Contains(kind, "/") || strings.Contains(kind, "script") {
		return fiber.MIMEOctetStream
	}
	return kind
}

// disposition is a Content-Disposition that names a document (RFC 6266): an ASCII name for old programs
// and the true one as RFC 8187 encodes it. how is "attachment", with which no browser opens the document, or "inline".
func disposition(how, name string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r == '"', r == '\\', r == '/', r == '%', unicode.IsControl(r):
			return '_'
		case r > unicode.MaxASCII:
			return '_'
		}
		return r
	}, name)
	if plain == "" {
		return how
	}
	return how + `; filename="` + plain + `"; filename*=UTF-8''` + extValue(name)
}

// extValue percent-encodes all but the attr-char of RFC 8187 section 3.2.1.
func extValue(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$&+-.^_`|~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
