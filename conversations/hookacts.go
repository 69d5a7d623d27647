package conversations

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// secretBytes is the length of a secret: 24 to 64 bytes by Standard Webhooks.
const secretBytes = 32

// Webhooks lists the receivers of a mailbox, newest first, without their secrets.
func (s *Service) Webhooks(ctx context.Context, mailbox Address) ([]Webhook, error) {
	h, err := s.openHooks(ctx, s.MailboxID(mailbox))
	if err != nil {
		return nil, err
	}
	all := make([]Webhook, 0, len(h.label.Hooks))
	for _, r := range slices.Backward(h.label.Hooks) {
		active, err := s.mayTell(ctx, r.by(), mailbox)
		if err != nil {
			return nil, err
		}
		all = append(all, r.webhook(mailbox, active, s.Now()))
	}
	return all, nil
}

// Webhook returns a receiver of one of the caller's mailboxes, KindNotFound otherwise.
func (s *Service) Webhook(ctx context.Context, mailboxes []Address, id ID) (Webhook, error) {
	m, err := s.hooksOf(ctx, mailboxes, id)
	if err != nil {
		return Webhook{}, err
	}
	h, err := s.openHooks(ctx, m)
	if err != nil {
		return Webhook{}, err
	}
	r, found := h.hook(id)
	if !found {
		return Webhook{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	active, err := s.mayTell(ctx, r.by(), h.mailbox)
	return r.webhook(h.mailbox, active, s.Now()), err
}

// RegisterWebhook adds a receiver and returns it with its secret. The same operation again gives the same receiver. It
// fails with KindInvalidRequest beyond [MaxWebhooks].
func (s *Service) RegisterWebhook(ctx context.Context, actor Actor, in WebhookInput) (Webhook, error) {
	m := s.MailboxID(in.Mailbox)
	secret, err := s.newSecret()
	if err != nil {
		return Webhook{}, err
	}
	id, err := s.newID(s.hooksID(m))
	if err != nil {
		return Webhook{}, err
	}
	var made Webhook
	err = s.changeHooks(ctx, m, nil, func(h *hooks) (*hookChange, error) {
		done := slices.IndexFunc(h.label.Hooks, func(r hookRecord) bool { return in.Operation != "" && r.Operation == in.Operation })
		switch {
		case done >= 0:
			made = h.label.Hooks[done].webhook(in.Mailbox, true, s.Now())
			made.Secret = h.label.Hooks[done].Secret
			return nil, nil
		case len(h.label.Hooks) >= MaxWebhooks:
			return nil, &Error{Kind: KindInvalidRequest, Rule: "webhooks"}
		}
		r := hookRecord{
			ID: id, URL: in.URL, Events: in.Events, Secret: secret, Since: toMillis(s.Now()), Kind: actor.Kind, ByID: actor.ID, ByName: actor.Name,
			Operation: in.Operation,
		}
		h.mailbox, h.label.Hooks = in.Mailbox, append(h.label.Hooks, r)
		made = r.webhook(in.Mailbox, true, s.Now())
		made.Secret = secret
		return &hookChange{kind: TraceHooked, actor: actor, event: id, list: true, indexed: true}, nil
	})
	if err != nil {
		return Webhook{}, err
	}
	s.heard(m)
	return made, nil
}

// newSecret makes the key of a signature.
func (s *Service) newSecret() ([]byte, error) {
	b := make([]byte, secretBytes)
	if _, err := io.ReadFull(s.Random, b); err != nil {
		return nil, &Error{Kind: KindInternal, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	return b, nil
}

// changeHook lets change change one receiver of the caller's mailboxes.
func (s *Service) changeHook(ctx context.Context, actor Actor, mailboxes []Address, id ID, kind TraceKind, change func(*hooks, *hookRecord)) error {
	m, err := s.hooksOf(ctx, mailboxes, id)
	if err != nil {
		return err
	}
	return s.changeHooks(ctx, m, nil, func(h *hooks) (*hookChange, error) {
		r, found := h.hook(id)
		if !found {
			return nil, &Error{Kind: KindNotFound, Rule: "I246"}
		}
		change(h, r)
		return &hookChange{kind: kind, actor: actor, event: id, list: true}, nil
	})
}

// RemoveWebhook removes a receiver. What is not told yet is told to it no more.
func (s *Service) RemoveWebhook(ctx context.Context, actor Actor, mailboxes []Address, id ID) error {
	return s.changeHook(ctx, actor, mailboxes, id, TraceUnhooked, func(h *hooks, _ *hookRecord) {
		h.label.Hooks = slices.DeleteFunc(h.label.Hooks, func(r hookRecord) bool { return r.ID == id })
	})
}

// RotateWebhook gives a receiver a new secret, and returns it with that. The one before signs beside it for
// [rules.SecretOverlap], so that no event is lost in between.
func (s *Service) RotateWebhook(ctx context.Context, actor Actor, mailboxes []Address, id ID) (Webhook, error) {
	secret, err := s.newSecret()
	if err != nil {
		return Webhook{}, err
	}
	err = s.changeHook(ctx, actor, mailboxes, id, TraceRotated, func(_ *hooks, r *hookRecord) {
		r.Before, r.Secret, r.Until = r.Secret, secret, toMillis(s.Now().Add(rules.SecretOverlap))
	})
	if err != nil {
		return Webhook{}, err
	}
	w, err := s.Webhook(ctx, mailboxes, id)
	w.Secret = secret
	return w, err
}

// PingWebhook has a receiver called with an event that says nothing, and returns it. The same operation again is the
// same event.
func (s *Service) PingWebhook(ctx context.Context, actor Actor, mailboxes []Address, id ID, operation string) (WebhookEvent, error) {
	m, err := s.hooksOf(ctx, mailboxes, id)
	if err != nil {
		return WebhookEvent{}, err
	}
	event := WebhookEvent{Kind: rules.EventPing, At: s.Now()}
	if event.ID, err = s.newID(s.hooksID(m)); err != nil {
		return WebhookEvent{}, err
	}
	if operation != "" {
		event.ID = ID(s.hooksID(m).Shard() + lowerBase32(s.name("ping", string(id)+"\x00"+operation)[:13]))
	}
	err = s.changeHooks(ctx, m, []ID{event.ID}, func(h *hooks) (*hookChange, error) {
		if _, found := h.hook(id); !found {
			return nil, &Error{Kind: KindNotFound, Rule: "I246"}
		}
		if h.facts.Messages[event.ID] != nil {
			return nil, nil
		}
		c, err := h.keep(ctx, m, event, []ID{id})
		if c != nil {
			c.actor = actor
		}
		return c, err
	})
	return event, err
}

// MaxReplay is how many events one replay tells again.
const MaxReplay = 200

// ReplayWebhook tells a receiver again: one event, or, when none is named, what happened from an instant on, oldest first. It
// returns how many, and the instant from which a further replay goes on; the zero time when that was all. An event that
// the receiver did not ask for is told to it only when it is named.
func (s *Service) ReplayWebhook(ctx context.Context, actor Actor, mailboxes []Address, id, event ID, since time.Time) (told int, next time.Time, err error) {
	m, err := s.hooksOf(ctx, mailboxes, id)
	if err != nil {
		return 0, time.Time{}, err
	}
	ids := []ID{event}
	if event == "" {
		if ids, next, err = s.eventsSince(ctx, m, since); err != nil || len(ids) == 0 {
			return 0, time.Time{}, err
		}
	}
	err = s.changeHooks(ctx, m, ids, func(h *hooks) (*hookChange, error) {
		hook, found := h.hook(id)
		if !found || event != "" && h.facts.Messages[event] == nil {
			return nil, &Error{Kind: KindNotFound, Rule: "I246"}
		}
		c, err := h.replay(hook, ids, event != "")
		if err != nil || len(c.effects) == 0 {
			return nil, err
		}
		told, c.actor, c.event = len(c.effects), actor, id
		for i := range c.effects {
			c.effects[i].Mailbox = m
		}
		return c, nil
	})
	return told, next, err
}

// replay is the change that has a receiver called about events again.
func (h *hooks) replay(hook *hookRecord, ids []ID, named bool) (*hookChange, error) {
	now := h.svc.Now()
	c := &hookChange{kind: TraceReplayed}
	for _, id := range ids {
		b := h.facts.Messages[id]
		if b == nil {
			continue
		}
		var r toldRecord
		if err := unpack(b, &r); err != nil {
			return nil, unavailable("open an event", err)
		}
		if !named && !slices.Contains(hook.Events, r.Kind) {
			continue
		}
		if !slices.Contains(r.Hooks, hook.ID) { // it was registered later
			r.Hooks = append(r.Hooks, hook.ID)
			c.records = append(c.records, Record{Table: TableMessages, Field: string(id), Value: pack(r)})
		}
		c.records = append(c.records, Record{
			Table: TableMessages, Field: string(callField(id, hook.ID)), Value: pack(callRecord{State: CallPending, NextAt: toMillis(now)}),
		})
		c.effects = append(c.effects, h.calls("", id, []ID{hook.ID}, now)...)
	}
	return c, nil
}

// eventsSince lists the oldest events of a mailbox from an instant on, [MaxReplay] at most, and the instant of the first
// one beyond.
func (s *Service) eventsSince(ctx context.Context, m rules.MailboxID, since time.Time) (ids []ID, next time.Time, err error) {
	var all []InboxEntry
	for from := (InboxEntry{}); ; {
		page, err := s.Store.Inbox(ctx, s.hooksID(m), from, MaxPage)
		if err != nil {
			return nil, time.Time{}, unavailable("list events", err)
		}
		kept := lo.Filter(page, func(e InboxEntry, _ int) bool { return !e.At.Before(since) })
		all = append(all, kept...)
		if len(kept) < MaxPage {
			break
		}
		from = page[len(page)-1]
	}
	slices.Reverse(all)
	if len(all) > MaxReplay {
		next, all = all[MaxReplay].At, all[:MaxReplay]
	}
	return lo.Map(all, func(e InboxEntry, _ int) ID { return e.ID }), next, nil
}
