package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
	"mesbridge/web/jsonbody"
)

// code is a frozen code of the outside contract (docs/contract.md, I246).
type code string

// Codes of this border; the others are kinds of conversations.
const (
	codeUnauthenticated   code = "unauthenticated"
	codeInsufficientScope code = "insufficient-scope"
	codeNotFound          code = "not-found"
	codeMethodNotAllowed  code = "method-not-allowed"
	codeInvalidRequest    code = "invalid-request"
	codeUnsupportedMedia  code = "unsupported-media-type"
	codeOtherBody         code = "idempotency-mismatch"
	codeTooLarge          code = "too-large"
	codeNotHabilitated    code = "mailbox-not-habilitated"
	codeUnavailable       code = "temporarily-unavailable"
	codeInternal          code = "internal"
	codeINSInvalid        code = "ins-invalid"
	codeThreadNotOpened   code = "thread-not-opened"
	codeTermsNotAccepted  code = "terms-not-accepted"
	codeObjectionRecorded code = "objection-recorded"
)

// retryAfter is how many seconds a caller is asked to wait after a temporary refusal.
const retryAfter = "5"

// problem is an error with its answer. detail and field hold nothing personal; cause is for the log.
type problem struct {
	status int
	code   code
	detail string
	field  string // member or parameter at fault
	cause  error
	wait   time.Duration // after which the caller may ask again; 0: as the status has it
	// english and french replace the title of the code where its words would be another side's.
	english, french string
	typed           string // by the visitor of a page, to be given back to him there; in no log, and in no answer of the API
}

// Error tells code and cause, for the log.
func (p *problem) Error() string {
	if p.cause != nil {
		return string(p.code) + ": " + p.cause.Error()
	}
	return string(p.code)
}

// Unwrap gives the cause.
func (p *problem) Unwrap() error { return p.cause }

// invalid refuses a member or parameter of a request.
func invalid(field, detail string) *problem {
	return &problem{status: http.StatusUnprocessableEntity, code: codeInvalidRequest, field: field, detail: detail}
}

// notFound is the answer for what does not exist, and for what is not the caller's.
func notFound() *problem { return &problem{status: http.StatusNotFound, code: codeNotFound} }

// tooLarge refuses a body or content over its limit.
func tooLarge() *problem {
	return &problem{status: http.StatusRequestEntityTooLarge, code: codeTooLarge}
}

// asProblem turns any error into its answer; what it does not know is internal.
func asProblem(err error) *problem {
	var p *problem
	var bad *jsonbody.Error
	var core *conversations.Error
	var routing *fiber.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &bad):
		return bodyProblem(bad)
	case errors.As(err, &core):
		return problemOf(err)
	case errors.As(err, &routing):
		return routingProblem(routing)
	}
	return &problem{status: http.StatusInternalServerError, code: codeInternal, cause: err}
}

// givingBack is an error whose page gives back what the visitor had typed: nothing is lost, whatever refused it.
func givingBack(err error, typed string) error {
	p := *asProblem(err)
	p.typed = typed
	return &p
}

// bodyProblem answers a body that cannot be read: 400 when it is not JSON at all, 422 when a member is
// at fault.
func bodyProblem(e *jsonbody.Error) *problem {
	switch e.Reason {
	case jsonbody.Malformed:
		return &problem{status: http.StatusBadRequest, code: codeInvalidRequest, detail: "The body is not a JSON object."}
	case jsonbody.Unknown:
		return invalid(e.Field, "This call has no such field.")
	case jsonbody.Repeated:
		return invalid(e.Field, "The field is given twice.")
	case jsonbody.WrongType:
		return invalid(e.Field, "The field has the wrong type.")
	case jsonbody.TooMany:
		return invalid(e.Field, "The list has too many elements.")
	}
	return invalid(e.Field, "The field cannot be read.")
}

// routingProblem answers what gofiber refused before any handler.
func routingProblem(e *fiber.Error) *problem {
	p := &problem{status: e.Code, code: codeInvalidRequest}
	switch e.Code {
	case http.StatusNotFound:
		p.code = codeNotFound
	case http.StatusMethodNotAllowed:
		p.code = codeMethodNotAllowed
	case http.StatusRequestEntityTooLarge:
		p.code = codeTooLarge
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusNotImplemented:
		p.status, p.code = http.StatusInternalServerError, codeInternal
	}
	return p
}

// mimeProblem is the media type of a problem.
const mimeProblem = "application/problem+json"

// problemBody is application/problem+json (RFC 9457) with the stable code (I244).
type problemBody struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance,omitempty"`
	Code     code   `json:"code"`
	Field    string `json:"field,omitempty"`
}

// problemType names a code as a URI that needs no server (RFC 4151).
const problemType = "tag:mesbridge,2026:problem:"

// encode writes the problem for one request.
func (p *problem) encode(requestID string, french bool) []byte {
	b := problemBody{
		Type: problemType + string(p.code), Title: p.title(french), Status: p.status, Detail: p.detail,
		Code: p.code, Field: p.field,
	}
	if requestID != "" {
		b.Instance = "urn:uuid:" + requestID
	}
	if p.field != "" && p.detail != "" {
		b.Detail = p.field + ": " + p.detail
	}
	out, err := json.Marshal(b)
	if err != nil { // strings and a number: it cannot
		return []byte(`{"code":"internal"}`)
	}
	return out
}

// wantsFrench reports whether French comes first among the languages that the caller accepts. The
// contract knows French and English alone, so the order of mention decides, and a refusal by q=0 counts.
func wantsFrench(acceptLanguage string) bool {
	for part := range strings.SplitSeq(strings.ToLower(acceptLanguage), ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		refused := strings.HasPrefix(strings.ReplaceAll(params, " ", ""), "q=0") && !strings.ContainsAny(params, "123456789")
		switch primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-"); {
		case refused:
		case primary == "fr":
			return true
		case primary == "en":
			return false
		}
	}
	return false
}
