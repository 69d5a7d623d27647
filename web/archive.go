package web

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
)

// archive is a ZIP file that is written while it is sent: nobody knows its length before.
type archive struct {
	name  string
	write func(*zip.Writer) error
}

// maxEntryName is how much of a document's name an entry keeps, in octets.
const maxEntryName = 120

// sendArchive sends an archive. A fault before the first piece is answered as one; after it the connection is cut,
// so that nobody takes a part for the whole.
func (a *App) sendArchive(c *fiber.Ctx, z archive) error {
	content := a.open(detached(c.UserContext()), conversations.Download{Write: func(w io.Writer) error {
		out := zip.NewWriter(w)
		return errors.Join(z.write(out), out.Close())
	}}, requestID(c))
	first := make([]byte, firstPiece)
	n, err := io.ReadFull(content, first)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		_ = content.Close()
		return err
	}
	c.Set(fiber.HeaderContentType, "application/zip")
	c.Set(fiber.HeaderContentDisposition, disposition("attachment", z.name))
	c.Set(fiber.HeaderContentSecurityPolicy, filePolicy)
	conn := c.Context().Conn()
	c.Context().SetBodyStream(&joinedReader{
		Reader: io.MultiReader(bytes.NewReader(first[:n]), &patientReader{content, func() error {
			return conn.SetWriteDeadline(time.Now().Add(bodyTimeout)) //nolint:forbidigo // a socket goes by the system's clock; the whole may take longer than one piece
		}}),
		Closer: content,
	}, -1)
	return nil
}

// patientReader gives whoever takes what is read more time, piece by piece.
type patientReader struct {
	from io.Reader
	more func() error
}

func (r *patientReader) Read(p []byte) (int, error) {
	if err := r.more(); err != nil {
		return 0, fmt.Errorf("extend the time to send: %w", err)
	}
	return r.from.Read(p)
}

// entry adds a file to an archive.
func entry(z *zip.Writer, name string, at time.Time, write func(io.Writer) error) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
	if err != nil {
		return fmt.Errorf("begin a file of an archive: %w", err)
	}
	return write(w)
}

// entryName is the name of a document as it can stand in an archive that is opened anywhere: no folder, nothing
// that a system reserves, and not too long. Its ending stays.
func entryName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, name)
	safe = strings.Trim(strings.ToValidUTF8(safe, "_"), ". ")
	if len(safe) > maxEntryName {
		ending := path.Ext(safe)
		if len(ending) > 12 {
			ending = ""
		}
		safe = strings.ToValidUTF8(safe[:maxEntryName-len(ending)], "") + ending
	}
	if safe == "" {
		return "document"
	}
	return safe
}
