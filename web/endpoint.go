package web

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
)

// endpoint is one call of the API.
type endpoint struct {
	method string
	path   string // below /api/v1, parameters as {id}
	scope  string // empty: any
	kinds  []PrincipalKind
	limit  int64 // of the body, in octets; 0: the call takes none
	serve  call
	// meaning says in French what an application can do by the call; empty for those of patients.
	meaning string
}

// takesFor reports whether the call is about one patient's mailbox, which ?for= names. The others are about the
// caller in person.
func (e *endpoint) takesFor() bool {
	return len(e.kinds) == 1 && e.kinds[0] == Patient && !strings.HasPrefix(e.path, "/profiles") && !strings.HasPrefix(e.path, "/invitations")
}

// takes reports whether the call is for callers of a kind.
func (e *endpoint) takes(k PrincipalKind) bool {
	for _, own := range e.kinds {
		if own == k {
			return true
		}
	}
	return false
}

// request is a call whose caller, scope and size have been checked.
type request struct {
	ctx       context.Context
	who       Principal
	patient   conversations.PatientID // whose mailbox it is about; of calls for patients
	id        conversations.ID        // {id} of the path; of the form of an id
	query     func(name string) string
	param     func(name string) string // of the path, beside {id}, unescaped
	body      []byte
	operation string                // names a request with an idempotency key; empty without one
	opened    *conversations.Opened // whose records the answer may quote; of a request with an idempotency key
}

// answer is what a call gives. body is written as JSON; nil is 204 without a body. download, when set,
// is sent instead.
type answer struct {
	status   int
	location string
	body     any
	download *conversations.Download
	// momentary is a list that tells as of when it is: it is another one each time, and has no tag.
	momentary bool
}

// ok answers 200 with a body.
func ok(body any) (answer, error) { return answer{status: http.StatusOK, body: body}, nil }

// asOf answers 200 with a list that tells as of when it is.
func asOf(body any) (answer, error) {
	return answer{status: http.StatusOK, body: body, momentary: true}, nil
}

// created answers 201 with the created object.
func created(body any) (answer, error) { return answer{status: http.StatusCreated, body: body}, nil }

// maxID is the length of the longest outside id that is looked up, in octets.
const maxID = 128

// outsideID reads an id of a path. What cannot be an id is not found, and never reaches the store.
func outsideID(s string) (conversations.ID, error) {
	if s == "" || len(s) > maxID || strings.ContainsFunc(s, notIDRune) {
		return "", notFound()
	}
	return conversations.ID(s), nil
}

func notIDRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
}

// handler serves an endpoint: caller, then scope, then terms of use, then size, then content (docs/contract.md, "HTTP").
func (a *App) handler(e *endpoint) fiber.Handler {
	return func(c *fiber.Ctx) error {
		who, known := c.Locals(localPrincipal).(Principal)
		if !known {
			return unauthenticated(c, false)
		}
		if err := allow(c, who, e); err != nil {
			return err
		}
		if e.path != termsPath {
			if err := a.checkTerms(c.UserContext(), who); err != nil {
				return err
			}
		}
		r := request{ctx: c.UserContext(), who: who, query: func(name string) string { return c.Query(name) }, param: pathParam(c)}
		if strings.Contains(e.path, "{id}") {
			id, err := outsideID(c.Params("id"))
			if err != nil {
				return err
			}
			r.id = id
		}
		if err := a.actFor(&r, e); err != nil {
			return err
		}
		if e.method == http.MethodGet {
			ans, err := e.serve(a, r)
			if err != nil {
				return err
			}
			if ans.download != nil || ans.momentary {
				return a.send(c, ans)
			}
			return a.sendTagged(c, r, ans)
		}
		return a.serveChange(c, e, r)
	}
}

// pathParam gives the parameters of a path, unescaped. What is escaped badly is empty, which nothing is
// named.
func pathParam(c *fiber.Ctx) func(name string) string {
	return func(name string) string {
		s, err := url.PathUnescape(c.Params(name))
		if err != nil {
			return ""
		}
		return strings.Clone(s)
	}
}

// serveChange reads the body of a call that changes something and serves it, once for each idempotency
// key.
func (a *App) serveChange(c *fiber.Ctx, e *endpoint, r request) error {
	body, err := readBody(c, max(e.limit, maxSmallBody))
	if err != nil {
		return err
	}
	if len(body) > 0 && !isJSON(c.Get(fiber.HeaderContentType)) {
		return &problem{status: http.StatusUnsupportedMediaType, code: codeUnsupportedMedia}
	}
	r.body = body
	key := c.Get("Idempotency-Key")
	if key == "" || e.path == enrolmentsPath {
		ans, err := a.serveAsSeen(c, e, r)
		if err != nil {
			return err
		}
		return a.send(c, ans)
	}
	return a.serveOnce(c, e, r, key)
}

// isJSON reports whether a Content-Type is JSON; the body is UTF-8 then (RFC 8259).
func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && kind == fiber.MIMEApplicationJSON
}

// send writes an answer.
func (a *App) send(c *fiber.Ctx, ans answer) error {
	if ans.download != nil {
		return a.sendFile(c, *ans.download)
	}
	k, err := ans.keep()
	if err != nil {
		return err
	}
	return k.send(c)
}

// keep encodes an answer.
func (ans answer) keep() (keptAnswer, error) {
	k := keptAnswer{Status: ans.status, Location: ans.location}
	if ans.body == nil {
		return k, nil
	}
	b, err := json.Marshal(ans.body)
	k.Type, k.Body = fiber.MIMEApplicationJSON, b
	return k, err
}

// keptAnswer is an answer as it is sent and as it is kept for a repeat.
type keptAnswer struct {
	Status   int    `json:"status"`
	Type     string `json:"type,omitempty"`
	Language string `json:"language,omitempty"`
	Location string `json:"location,omitempty"`
	Body     []byte `json:"body,omitempty"`
}

func (k keptAnswer) send(c *fiber.Ctx) error {
	for name, value := range map[string]string{
		fiber.HeaderContentType: k.Type, fiber.HeaderContentLanguage: k.Language, fiber.HeaderLocation: k.Location,
	} {
		if value != "" {
			c.Set(name, value)
		}
	}
	c.Status(k.Status)
	if k.Body == nil {
		return nil
	}
	return c.Send(k.Body)
}
