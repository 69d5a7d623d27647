package web

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
)

// maxEnds is how many exchanges one request may end together.
const maxEnds = 200

// endsAsked is what a request to end several exchanges says.
type endsAsked struct {
	ids    []string
	at     string
	delay  *int64 // seconds
	reason string
}

// planEnds plans the end of several exchanges together, which can be taken back until then (D7). All of them are the
// caller's, or nothing is done.
func planEnds(a *App, r request) (answer, error) {
	var in endsAsked
	err := jsonbody.Decode(r.body, jsonbody.Fields{
		"ids": jsonbody.Into(&in.ids), "at": jsonbody.Into(&in.at), "delay": jsonbody.Into(&in.delay), "reason": jsonbody.Into(&in.reason),
	})
	if err != nil {
		return answer{}, err
	}
	at, err := in.instant(a.deps.Now())
	if err != nil {
		return answer{}, err
	}
	ids, err := in.exchanges()
	if err != nil {
		return answer{}, err
	}
	for _, id := range ids {
		if _, err := a.deps.Conversations.Exchange(r.ctx, r.who.Mailboxes, id); err != nil {
			return answer{}, toProfessional(err)
		}
	}
	lines := make([]exchangeShape, len(ids))
	for i, id := range ids {
		e, err := a.deps.Conversations.PlanEnd(r.ctx, r.who.actor(), r.who.Mailboxes, id, at, strings.TrimSpace(in.reason))
		if err != nil {
			return answer{}, toProfessional(err)
		}
		lines[i] = exchangeOf(e)
	}
	return ok(struct {
		Items []exchangeShape `json:"items"`
	}{lines})
}

// instant is when the exchanges are to end: ten minutes from now, when the request says nothing.
func (in endsAsked) instant(now time.Time) (time.Time, error) {
	switch {
	case in.at != "" && in.delay != nil:
		return time.Time{}, invalid("delay", "Say at or delay, not both.")
	case in.delay != nil:
		if *in.delay < 0 || *in.delay > int64(rules.MaxPlanned/time.Second) {
			return time.Time{}, invalid("delay", "Seconds from now, a day at most.")
		}
		return now.Add(time.Duration(*in.delay) * time.Second), nil
	case in.at == "":
		return now.Add(rules.UndoFor), nil
	}
	at, err := time.Parse(time.RFC3339, in.at)
	if err != nil || at.After(now.Add(rules.MaxPlanned)) {
		return time.Time{}, invalid("at", "An instant of RFC 3339, with its offset, a day ahead at most.")
	}
	return at, nil
}

// exchanges are the ids that the request names, each once.
func (in endsAsked) exchanges() (ids []conversations.ID, err error) {
	if len(in.ids) == 0 || len(in.ids) > maxEnds {
		return nil, invalid("ids", fmt.Sprintf("The ids of 1 to %d exchanges.", maxEnds))
	}
	if err := checkReason(in.reason); err != nil {
		return nil, err
	}
	for _, text := range in.ids {
		id, err := outsideID(text)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// keepExchange takes a planned end back (D7). Without one it changes nothing.
func keepExchange(a *App, r request) (answer, error) {
	e, err := a.deps.Conversations.KeepExchange(r.ctx, r.who.actor(), r.who.Mailboxes, r.id)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(exchangeOf(e))
}

// readReason checks {reason?}. The reason is for people who read the request later; nothing depends on it.
func readReason(body []byte) error {
	var reason string
	if len(body) == 0 {
		return nil
	}
	if err := jsonbody.Decode(body, jsonbody.Fields{"reason": jsonbody.Into(&reason)}); err != nil {
		return err
	}
	return checkReason(reason)
}

// checkReason refuses a reason that is longer than people read.
func checkReason(reason string) error {
	if utf8.RuneCountInString(reason) > maxReason {
		return invalid("reason", fmt.Sprintf("At most %d characters.", maxReason))
	}
	return nil
}

// endExchange ends an exchange, as [FIN] does (D6).
func endExchange(a *App, r request) (answer, error) {
	if err := readReason(r.body); err != nil {
		return answer{}, err
	}
	e, err := a.deps.Conversations.EndExchange(r.ctx, r.who.actor(), r.who.Mailboxes, r.id)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(exchangeOf(e))
}

// endThread ends one conversation (D6).
func endThread(a *App, r request) (answer, error) {
	if err := readReason(r.body); err != nil {
		return answer{}, err
	}
	t, err := a.deps.Conversations.EndThread(r.ctx, r.who.actor(), r.who.Mailboxes, r.id)
	if err != nil {
		return answer{}, toProfessional(err)
	}
	return ok(deskThreadOf(t))
}
