package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
)

// stateRead returns the call that reads the state which a call shows or changes, nil for calls about no single
// state. Its answer to the caller is what an entity tag stands for: the version of a record never leaves the
// process.
func stateRead(path string) call {
	switch path {
	case "/inbox/{id}", "/inbox/{id}/replies":
		return ofPatient(inboxThread)
	case "/inbox/contacts/{id}/block":
		return ofPatient(contactNow)
	case "/account":
		return ofPatient(account)
	case "/conversations/{id}", "/conversations/{id}/messages", "/conversations/{id}/end":
		return deskThread
	case "/exchanges/{id}/end":
		return exchangeNow
	case "/webhooks/{id}", "/webhooks/{id}/rotate":
		return getWebhook
	case termsPath:
		return terms
	case "/facilities/{finess}/episodes/{visit}":
		return getEpisode
	}
	return nil
}

// contactNow reads one of the patient's professionals, as the list has him.
func contactNow(a *App, r request, p conversations.PatientID) (answer, error) {
	found, err := a.deps.Conversations.Contacts(r.ctx, p)
	if err != nil {
		return answer{}, err
	}
	at := slices.IndexFunc(found, func(c conversations.Contact) bool { return c.ID == r.id })
	if at < 0 {
		return answer{}, notFound()
	}
	return ok(contactOf(found[at]))
}

// exchangeNow reads one exchange, as the list has it.
func exchangeNow(a *App, r request) (answer, error) {
	e, err := a.deps.Conversations.Exchange(r.ctx, r.who.Mailboxes, r.id)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(exchangeOf(e))
}

// tag is the strong entity tag of a state as its caller sees it (RFC 9110 section 8.8.3): a keyed hash, so that
// it tells nothing, and different for each caller, so that two cannot compare what they see.
func (a *App) tag(who Principal, state any) (string, error) {
	b, err := json.Marshal(state)
	if err != nil {
		return "", err
	}
	return `"` + a.short("etag", string(who.Kind), who.ID, string(who.Patient), string(b)) + `"`, nil
}

// tagOf is the tag of an item of a list, empty for one that cannot be written, which then fails on its own.
func (a *App) tagOf(who Principal, state any) string {
	tag, err := a.tag(who, state)
	if err != nil {
		return ""
	}
	return tag
}

// sendTagged sends a state with its tag, or 304 to a caller who has it already (RFC 9110 section 13.1.2).
func (a *App) sendTagged(c *fiber.Ctx, r request, ans answer) error {
	tag, err := a.tag(r.who, ans.body)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderETag, tag)
	if field := c.Get(fiber.HeaderIfNoneMatch); field != "" && hasTag(field, tag, true) {
		c.Status(http.StatusNotModified)
		return nil
	}
	return a.send(c, ans)
}

// serveAsSeen serves a call unless the caller says by If-Match that he saw another state than the present one:
// then 412, and nothing is done (RFC 9110 section 13.1.1). The comparison comes before the command and is not one
// with it: a change in between is decided on by the rules, as without the field.
func (a *App) serveAsSeen(c *fiber.Ctx, e *endpoint, r request) (answer, error) {
	field, read := c.Get(fiber.HeaderIfMatch), stateRead(e.path)
	if field == "" || read == nil {
		return e.serve(a, r)
	}
	present, err := read(a, r)
	if err != nil {
		return answer{}, err
	}
	tag, err := a.tag(r.who, present.body)
	if err != nil {
		return answer{}, err
	}
	if !hasTag(field, tag, false) {
		return answer{}, &problem{status: http.StatusPreconditionFailed, code: code(conversations.KindStaleState)}
	}
	return e.serve(a, r)
}

// hasTag reports whether a field lists a tag, or any. Ours hold no comma. weakly tells whether the weakness of a
// listed tag is overlooked.
func hasTag(field, tag string, weakly bool) bool {
	for one := range strings.SplitSeq(field, ",") {
		one = strings.TrimSpace(one)
		if weakly {
			one = strings.TrimPrefix(one, "W/")
		}
		if one == tag || one == "*" {
			return true
		}
	}
	return false
}
