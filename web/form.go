package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"mesbridge/web/page"
)

// Names of form fields.
const (
	fieldCSRF      = "csrf"
	fieldOperation = "operation"
	fieldChoice    = "choix"
	fieldText      = page.FieldText
	fieldFiles     = page.FieldFiles
	fieldAction    = "action"
	fieldUntil     = "fin"
	fieldKind      = "nature"
	fieldScope     = "portee"
	fieldThread    = "conversation"
	fieldVersion   = "version"
	fieldAccept    = "accepte"
	fieldBack      = "retour"
	fieldSure      = "certain"
)

// maxParts is how many fields and files a form may have.
const maxParts = 100

// form is what a visitor sent.
type form struct {
	values url.Values
	files  []file
	cut    bool // it was over its limit: only the fields at its beginning are there, and no file
}

// file is a document in a form. Its declared media type is not kept: browsers guess it from the name.
type file struct {
	name    string
	content []byte
}

// value is a field of the form, empty when it is missing.
func (f form) value(name string) string { return f.values.Get(name) }

// readForm reads a form, urlencoded or multipart, of at most limit octets. Of a larger one with documents
// it gives the fields before them, so that a typed text is not lost.
func readForm(c *fiber.Ctx, limit int64) (form, error) {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	body, tooMuch := readBody(c, limit)
	switch {
	case tooMuch != nil && err == nil && kind == fiber.MIMEMultipartForm && len(body) > 0:
		f, _ := readMultipart(body, params["boundary"]) // it ends in the middle, as it must
		return form{values: f.values, cut: true}, nil
	case tooMuch != nil:
		return form{}, tooMuch
	case err == nil && kind == fiber.MIMEMultipartForm:
		return readMultipart(body, params["boundary"])
	case err == nil && kind == fiber.MIMEApplicationForm:
		values, err := url.ParseQuery(string(body))
		if err != nil {
			return form{}, badForm(err)
		}
		return form{values: values}, nil
	case len(body) == 0:
		return form{}, nil
	}
	return form{}, &problem{status: http.StatusUnsupportedMediaType, code: codeUnsupportedMedia}
}

// readMultipart reads multipart/form-data (RFC 7578), and with an error gives what came before the fault.
// The body is in memory already, so nothing goes to disc.
func readMultipart(body []byte, boundary string) (form, error) {
	f := form{values: url.Values{}}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxParts {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return f, nil
		}
		if err != nil {
			return f, badForm(err)
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return f, badForm(err)
		}
		_, isFile := dispositionParam(p, "filename")
		switch {
		case !isFile:
			f.values.Add(p.FormName(), string(content))
		case p.FormName() == fieldFiles && (p.FileName() != "" || len(content) > 0): // an empty file field sends neither
			f.files = append(f.files, file{name: p.FileName(), content: content})
		}
	}
	return f, badForm(nil)
}

// dispositionParam reads a parameter of a part's Content-Disposition.
func dispositionParam(p *multipart.Part, name string) (string, bool) {
	_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	v, ok := params[name]
	return v, ok && err == nil
}

// badForm answers a form that cannot be read.
func badForm(cause error) error {
	return &problem{status: http.StatusBadRequest, code: codeInvalidRequest, cause: cause}
}

// typed is all that was written in the form, subject first, for a page that gives it back.
func (f form) typed() string {
	return strings.TrimSpace(strings.TrimSpace(f.value(page.FieldSubject)) + "\n\n" + f.text())
}

// text is a typed text as it is kept: browsers send CRLF for each line end.
func (f form) text() string {
	return strings.TrimSpace(strings.ReplaceAll(f.value(fieldText), "\r\n", "\n"))
}
