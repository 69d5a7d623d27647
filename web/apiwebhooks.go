package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
	"mesbridge/web/jsonbody"
	"mesbridge/web/webhook"
)

// Receivers is what the border asks of the core about webhooks.
type Receivers interface {
	Webhooks(ctx context.Context, mailbox conversations.Address) ([]conversations.Webhook, error)
	Webhook(ctx context.Context, mailboxes []conversations.Address, id conversations.ID) (conversations.Webhook, error)
	RegisterWebhook(ctx context.Context, actor conversations.Actor, in conversations.WebhookInput) (conversations.Webhook, error)
	RemoveWebhook(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, id conversations.ID) error
	RotateWebhook(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, id conversations.ID) (conversations.Webhook, error)
	PingWebhook(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, id conversations.ID, operation string) (conversations.WebhookEvent, error)
	ReplayWebhook(ctx context.Context, actor conversations.Actor, mailboxes []conversations.Address, id, event conversations.ID, since time.Time) (told int, next time.Time, err error)
	WebhookCalls(ctx context.Context, mailboxes []conversations.Address, id conversations.ID, f conversations.CallFilter) (conversations.WebhookCallPage, error)
}

// webhookShape is a receiver. Secret is told when it was made, and never again.
type webhookShape struct {
	ID           conversations.ID  `json:"id"`
	Mailbox      string            `json:"mailbox"`
	URL          string            `json:"url"`
	Events       []rules.EventKind `json:"events"`
	State        string            `json:"state"`
	Since        *string           `json:"since"`
	By           string            `json:"by"`
	Secret       string            `json:"secret,omitempty"`
	OldSecretTil *string           `json:"oldSecretUntil"`
	ETag         string            `json:"etag,omitempty"`
}

// States of a receiver.
const (
	webhookActive  = "active"
	webhookRevoked = "revoked" // whoever registered it may not act for the mailbox any more (D27)
)

func webhookOf(w conversations.Webhook) webhookShape {
	s := webhookShape{
		ID: w.ID, Mailbox: w.Mailbox.Wire(), URL: w.URL, Events: w.Events, State: webhookRevoked, Since: stamp(w.Since), By: w.By.Name,
		OldSecretTil: stamp(w.Until),
	}
	if w.Active {
		s.State = webhookActive
	}
	if s.By == "" {
		s.By = w.By.ID
	}
	if w.Secret != nil {
		s.Secret = webhook.ShownSecret(w.Secret)
	}
	return s
}

// webhookMailbox finds the mailbox that a list of receivers is about: without ?mailbox= the caller's only one.
func webhookMailbox(who Principal, wish string) (conversations.Address, error) {
	switch {
	case wish == "" && len(who.Mailboxes) == 1:
		return who.Mailboxes[0], nil
	case wish == "":
		return conversations.Address{}, invalid("mailbox", "Say which mailbox.")
	}
	m, mine := owned(who, wish)
	if !mine {
		return m, notFound()
	}
	return m, nil
}

// webhooks lists the receivers of a mailbox.
func webhooks(a *App, r request) (answer, error) {
	m, err := webhookMailbox(r.who, r.query("mailbox"))
	if err != nil {
		return answer{}, err
	}
	found, err := a.deps.Conversations.Webhooks(r.ctx, m)
	if err != nil {
		return answer{}, err
	}
	items, next, err := pageOf(r, found, func(w conversations.Webhook) string { return string(w.ID) })
	if err != nil {
		return answer{}, err
	}
	return ok(listOf(items, next, time.Time{}, func(w conversations.Webhook) webhookShape {
		s := webhookOf(w)
		s.ETag = a.tagOf(r.who, s)
		return s
	}))
}

// getWebhook shows one receiver.
func getWebhook(a *App, r request) (answer, error) {
	w, err := a.deps.Conversations.Webhook(r.ctx, r.who.Mailboxes, r.id)
	if err != nil {
		return answer{}, err
	}
	return ok(webhookOf(w))
}

// addWebhook registers a receiver: {mailbox, url, events?}.
func addWebhook(a *App, r request) (answer, error) {
	var mailbox string
	in := conversations.WebhookInput{Operation: r.operation}
	err := jsonbody.Decode(r.body, jsonbody.Fields{
		"mailbox": jsonbody.Into(&mailbox), "url": jsonbody.Into(&in.URL), "events": jsonbody.Into(&in.Events),
	})
	if err != nil {
		return answer{}, err
	}
	if mailbox == "" {
		return answer{}, invalid("mailbox", "Say for which mailbox.")
	}
	if in.Mailbox, err = ownMailbox(r.who, mailbox); err != nil {
		return answer{}, err
	}
	if fault := webhook.Fault(in.URL, a.cfg.PlainWebhooks); fault != "" {
		return answer{}, invalid("url", fault)
	}
	if in.Events, err = readEvents(in.Events); err != nil {
		return answer{}, err
	}
	w, err := a.deps.Conversations.RegisterWebhook(r.ctx, r.who.actor(), in)
	if conversations.KindOf(err) == conversations.KindInvalidRequest && err != nil {
		return answer{}, invalid("mailbox", fmt.Sprintf("A mailbox has at most %d webhooks.", conversations.MaxWebhooks))
	}
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, location: apiBase + "/webhooks/" + string(w.ID), body: webhookOf(w)}, nil
}

// readEvents checks the kinds of event that a receiver asks for; none are all.
func readEvents(wish []rules.EventKind) ([]rules.EventKind, error) {
	known := rules.EventKinds()
	if len(wish) == 0 {
		return known, nil
	}
	for _, k := range wish {
		if !slices.Contains(known, k) {
			return nil, invalid("events", fmt.Sprintf("Some of %v.", known))
		}
	}
	return slices.DeleteFunc(known, func(k rules.EventKind) bool { return !slices.Contains(wish, k) }), nil
}

// removeWebhook removes a receiver.
func removeWebhook(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, a.deps.Conversations.RemoveWebhook(r.ctx, r.who.actor(), r.who.Mailboxes, r.id)
}

// rotateWebhook gives a receiver a new secret.
func rotateWebhook(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	w, err := a.deps.Conversations.RotateWebhook(r.ctx, r.who.actor(), r.who.Mailboxes, r.id)
	if err != nil {
		return answer{}, err
	}
	return ok(webhookOf(w))
}

// eventShape is an event as it is told.
type eventShape struct {
	ID           conversations.ID  `json:"id"`
	Type         rules.EventKind   `json:"type"`
	Timestamp    *string           `json:"timestamp"`
	Exchange     *conversations.ID `json:"exchange"`
	Conversation *conversations.ID `json:"conversation"`
	Message      *conversations.ID `json:"message"`
	State        *string           `json:"state"`
}

func eventOf(e conversations.WebhookEvent) eventShape {
	id := func(id conversations.ID) *conversations.ID {
		if id == "" {
			return nil
		}
		return &id
	}
	return eventShape{
		ID: e.ID, Type: e.Kind, Timestamp: stamp(e.At), Exchange: id(e.Exchange), Conversation: id(e.Conversation), Message: id(e.Message),
		State: optional(e.State),
	}
}

// testWebhook has a receiver called with a ping.
func testWebhook(a *App, r request) (answer, error) {
	if err := emptyBody(r.body); err != nil {
		return answer{}, err
	}
	e, err := a.deps.Conversations.PingWebhook(r.ctx, r.who.actor(), r.who.Mailboxes, r.id, r.operation)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusAccepted, body: eventOf(e)}, nil
}

// callShape is what became of telling an event.
type callShape struct {
	Event    eventShape               `json:"event"`
	State    conversations.CallState  `json:"state"`
	Attempts int                      `json:"attempts"`
	LastAt   *string                  `json:"lastAt"`
	NextAt   *string                  `json:"nextAt"`
	Status   *int                     `json:"status"`
	Fault    *conversations.CallFault `json:"fault"`
}

func callOf(c conversations.WebhookCall) callShape {
	s := callShape{Event: eventOf(c.WebhookEvent), State: c.State, Attempts: c.Attempts, LastAt: stamp(c.LastAt), NextAt: stamp(c.NextAt)}
	if c.Status != 0 {
		s.Status = &c.Status
	}
	if c.Fault != "" {
		s.Fault = &c.Fault
	}
	return s
}

// webhookCalls lists what a receiver was told.
func webhookCalls(a *App, r request) (answer, error) {
	cursor, limit, err := place(r)
	if err != nil {
		return answer{}, err
	}
	f := conversations.CallFilter{State: conversations.CallState(r.query("state")), Cursor: cursor, Limit: limit}
	states := []conversations.CallState{conversations.CallPending, conversations.CallDelivered, conversations.CallFailed}
	if f.State != "" && !slices.Contains(states, f.State) {
		return answer{}, invalid("state", fmt.Sprintf("One of %v.", states))
	}
	found, err := a.deps.Conversations.WebhookCalls(r.ctx, r.who.Mailboxes, r.id, f)
	if err != nil {
		return answer{}, ofList(err)
	}
	return ok(listOf(found.Items, found.Next, time.Time{}, callOf))
}

// replayShape tells how many events are told again, and from when on a further replay goes on.
type replayShape struct {
	Events int     `json:"events"`
	Next   *string `json:"next"`
}

// replayWebhook tells a receiver again: {event} or {since}.
func replayWebhook(a *App, r request) (answer, error) {
	var event, since string
	if err := jsonbody.Decode(r.body, jsonbody.Fields{"event": jsonbody.Into(&event), "since": jsonbody.Into(&since)}); err != nil {
		return answer{}, err
	}
	if (event == "") == (since == "") {
		return answer{}, invalid("event", "Name an event, or say since when.")
	}
	var one conversations.ID
	var from time.Time
	var err error
	if event != "" {
		one, err = outsideID(event)
	} else if from, err = time.Parse(time.RFC3339, since); err != nil {
		err = invalid("since", "An instant of RFC 3339, with its offset.")
	}
	if err != nil {
		return answer{}, err
	}
	told, next, err := a.deps.Conversations.ReplayWebhook(r.ctx, r.who.actor(), r.who.Mailboxes, r.id, one, from)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusAccepted, body: replayShape{Events: told, Next: stamp(next)}}, nil
}
