package web

import (
	"context"
	"slices"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// hookID and eventID are those of the one receiver and the one event of the tests.
const (
	hookID  = conversations.ID("c3hook")
	eventID = conversations.ID("c3event")
)

func someWebhook() conversations.Webhook {
	return conversations.Webhook{
		ID: hookID, Mailbox: must(ownedBox), URL: "https://logiciel.exemple.fr/appels", Events: rules.EventKinds(), Since: now.AddDate(0, -1, 0),
		By: conversations.Actor{Kind: conversations.ActorProfessional, ID: "899700218896", Name: "Claire Martin"}, Active: true,
	}
}

func someEvent(k rules.EventKind) conversations.WebhookEvent {
	return conversations.WebhookEvent{ID: eventID, Kind: k, At: now, Exchange: exchangeID, Conversation: openID, Message: "a1mmessage", State: "open"}
}

func (f *fakeConversations) Webhooks(context.Context, conversations.Address) ([]conversations.Webhook, error) {
	return []conversations.Webhook{someWebhook()}, f.called("Webhooks")
}

func (f *fakeConversations) Webhook(_ context.Context, _ []conversations.Address, id conversations.ID) (conversations.Webhook, error) {
	if err := f.called("Webhook"); err != nil {
		return conversations.Webhook{}, err
	}
	if id != hookID {
		return conversations.Webhook{}, kind(conversations.KindNotFound)
	}
	return someWebhook(), nil
}

func (f *fakeConversations) RegisterWebhook(_ context.Context, by conversations.Actor, in conversations.WebhookInput) (conversations.Webhook, error) {
	f.hooks = append(f.hooks, in)
	w := someWebhook()
	w.Mailbox, w.URL, w.Events, w.By, w.Secret = in.Mailbox, in.URL, in.Events, by, []byte("a secret of thirty-two bytes....")
	return w, f.called("RegisterWebhook")
}

func (f *fakeConversations) RemoveWebhook(_ context.Context, _ conversations.Actor, _ []conversations.Address, _ conversations.ID) error {
	return f.called("RemoveWebhook")
}

func (f *fakeConversations) RotateWebhook(_ context.Context, _ conversations.Actor, _ []conversations.Address, _ conversations.ID) (conversations.Webhook, error) {
	w := someWebhook()
	w.Secret, w.Until = []byte("another secret of 32 bytes......"), now.Add(rules.SecretOverlap)
	return w, f.called("RotateWebhook")
}

func (f *fakeConversations) PingWebhook(context.Context, conversations.Actor, []conversations.Address, conversations.ID, string) (conversations.WebhookEvent, error) {
	return conversations.WebhookEvent{ID: eventID, Kind: rules.EventPing, At: now}, f.called("PingWebhook")
}

func (f *fakeConversations) ReplayWebhook(_ context.Context, _ conversations.Actor, _ []conversations.Address, _, event conversations.ID, since time.Time) (int, time.Time, error) {
	if event != "" {
		return 1, time.Time{}, f.called("ReplayWebhook")
	}
	return 200, since.Add(time.Hour), f.called("ReplayWebhook")
}

func (f *fakeConversations) WebhookCalls(_ context.Context, _ []conversations.Address, _ conversations.ID, filter conversations.CallFilter) (conversations.WebhookCallPage, error) {
	all := []conversations.WebhookCall{
		{WebhookEvent: someEvent(rules.EventMessage), State: conversations.CallPending, Attempts: 1, LastAt: now, NextAt: now.Add(time.Minute), Fault: conversations.FaultTimeout},
		{WebhookEvent: someEvent(rules.EventDelivery), State: conversations.CallDelivered, Attempts: 1, LastAt: now, Status: 204},
	}
	all = slices.DeleteFunc(all, func(c conversations.WebhookCall) bool { return filter.State != "" && c.State != filter.State })
	return conversations.WebhookCallPage{Items: all, Next: "bmV4dA"}, f.called("WebhookCalls")
}

// The receiver of the matrix belongs to the mailbox of the owners.

func (c *ownedCore) Webhooks(ctx context.Context, m conversations.Address) ([]conversations.Webhook, error) {
	return own(c.boxes("Webhooks", m), func() ([]conversations.Webhook, error) { return c.fakeConversations.Webhooks(ctx, m) })
}

func (c *ownedCore) Webhook(ctx context.Context, all []conversations.Address, id conversations.ID) (conversations.Webhook, error) {
	return hidden(c.boxes("Webhook", all...), func() (conversations.Webhook, error) { return c.fakeConversations.Webhook(ctx, all, id) })
}

func (c *ownedCore) RegisterWebhook(ctx context.Context, by conversations.Actor, in conversations.WebhookInput) (conversations.Webhook, error) {
	return hidden(c.boxes("RegisterWebhook", in.Mailbox), func() (conversations.Webhook, error) { return c.fakeConversations.RegisterWebhook(ctx, by, in) })
}

func (c *ownedCore) RemoveWebhook(ctx context.Context, by conversations.Actor, all []conversations.Address, id conversations.ID) error {
	_, err := hidden(c.boxes("RemoveWebhook", all...), done(func() error { return c.fakeConversations.RemoveWebhook(ctx, by, all, id) }))
	return err
}

func (c *ownedCore) RotateWebhook(ctx context.Context, by conversations.Actor, all []conversations.Address, id conversations.ID) (conversations.Webhook, error) {
	return hidden(c.boxes("RotateWebhook", all...), func() (conversations.Webhook, error) { return c.fakeConversations.RotateWebhook(ctx, by, all, id) })
}

func (c *ownedCore) PingWebhook(ctx context.Context, by conversations.Actor, all []conversations.Address, id conversations.ID, op string) (conversations.WebhookEvent, error) {
	return hidden(c.boxes("PingWebhook", all...), func() (conversations.WebhookEvent, error) {
		return c.fakeConversations.PingWebhook(ctx, by, all, id, op)
	})
}

func (c *ownedCore) ReplayWebhook(ctx context.Context, by conversations.Actor, all []conversations.Address, id, event conversations.ID, since time.Time) (int, time.Time, error) {
	if err := c.boxes("ReplayWebhook", all...); err != nil {
		return 0, time.Time{}, err
	}
	return c.fakeConversations.ReplayWebhook(ctx, by, all, id, event, since)
}

func (c *ownedCore) WebhookCalls(ctx context.Context, all []conversations.Address, id conversations.ID, f conversations.CallFilter) (conversations.WebhookCallPage, error) {
	return hidden(c.boxes("WebhookCalls", all...), func() (conversations.WebhookCallPage, error) {
		return c.fakeConversations.WebhookCalls(ctx, all, id, f)
	})
}
