package conversations

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mesbridge/rules"
)

// tellKind is the kind of the effect that tells an event.
func tellKind(k rules.EventKind) EffectKind { return EffectKind("tell:" + string(k)) }

// sight is what mailboxes see of a conversation and of their exchanges.
type sight map[rules.Telling]rules.ThreadState

// at reads a sight as package rules asks for it.
func (s sight) at(k rules.EventKind, m rules.MailboxID) rules.ThreadState {
	return s[rules.Telling{Kind: k, Mailbox: m}]
}

// sight looks through the eyes of those whom a change may tell something, when anybody listens for them.
func (l *loaded) sight(c rules.Change) sight {
	if c.Kind != rules.MessageReceived {
		return nil
	}
	seen := sight{}
	for _, m := range append([]rules.MailboxID{c.Mailbox}, c.ReplyTo...) {
		if !l.svc.listens(m) {
			continue
		}
		who, now := l.who.Of(m), l.svc.Now()
		seen[rules.Telling{Kind: rules.EventConversation, Mailbox: m}] = rules.SeenBy(who, l.state.Patient, l.state.Conversations[c.Conversation], l.state.Exchanges, now)
		seen[rules.Telling{Kind: rules.EventExchange, Mailbox: m}] = rules.ExchangeSeenBy(who, l.state.Patient, l.state.Exchanges[m], now)
	}
	return seen
}

// reopened lists whom the reopening of what an episode had ended is told to (D24).
func (l *loaded) reopened(c rules.Change) []rules.Telling {
	if c.Kind != rules.VisitOpened || c.Episode == nil {
		return nil
	}
	var all []rules.Telling
	for _, t := range c.Episode.Threads {
		if r := l.thread[ID(t.Conversation)]; t.Given > 0 && r.Visit != nil {
			for _, m := range r.Visit.Boxes {
				all = append(all, rules.Telling{Kind: rules.EventConversation, Mailbox: rules.MailboxID(m), Conversation: t.Conversation})
			}
		}
	}
	return all
}

// tell adds the effects by which receivers hear of a decision.
func (f *following) tell(d *decision) error {
	for _, t := range d.told {
		if !f.l.svc.listens(t.Mailbox) {
			continue
		}
		e := Effect{Kind: tellKind(t.Kind), Message: ID(t.Message), Thread: ID(t.Conversation), Mailbox: t.Mailbox}
		if err := f.addNew(e); err != nil {
			return err
		}
	}
	return nil
}

// tell makes an event of an effect and keeps it for the receivers of its mailbox. What is told is what the mailbox may
// see when it is told: of whom it cannot reach any more it hears nothing, whichever the cause (D36). Done again, it finds
// the event kept.
func (s *Service) tell(kind rules.EventKind) EffectHandler {
	return func(ctx context.Context, e Effect) (time.Time, error) {
		h, err := s.openHooks(ctx, e.Mailbox)
		if err != nil || len(h.label.Hooks) == 0 {
			return time.Time{}, err
		}
		event, err := s.tellingOf(ctx, kind, e, h.mailbox)
		switch {
		case errors.Is(err, errLocked), err != nil && !KindOf(err).Temporary(): // the patient, or the message, is gone
			return time.Time{}, nil
		case err != nil:
			return time.Time{}, err
		case event.State == "" || event.State == string(rules.ThreadUnreachable):
			return time.Time{}, nil
		}
		event.ID = ID(h.id.Shard() + lowerBase32(s.name("event", e.ID)[:13]))
		return time.Time{}, s.keepEvent(ctx, e.Mailbox, event)
	}
}

// tellingOf is what a mailbox is told of an effect, by what it sees now. The state is empty for nothing.
func (s *Service) tellingOf(ctx context.Context, kind rules.EventKind, e Effect, mailbox Address) (WebhookEvent, error) {
	event := WebhookEvent{Kind: kind, At: e.CreatedAt, Exchange: s.exchangeID(e.Patient, e.Mailbox)}
	if kind == rules.EventExchange {
		line, err := s.exchange(ctx, e.Patient, mailbox)
		event.State = string(line.State)
		return event, err
	}
	if event.Conversation = e.Thread; e.Thread == "" {
		thread, _, _ := strings.Cut(string(e.Message), ".")
		event.Conversation = ID(thread)
	}
	l, err := s.loadThread(ctx, e.Patient, event.Conversation)
	if err != nil {
		return event, err
	}
	event.State = string(l.stateFor(event.Conversation, []rules.MailboxID{e.Mailbox}))
	if kind == rules.EventConversation || event.State == string(rules.ThreadUnreachable) {
		return event, nil
	}
	m, err := l.oneRecord(ctx, e.Message)
	if err != nil {
		return event, err
	}
	event.Message = l.deskID(e.Message)
	switch {
	case !m.participates([]rules.MailboxID{e.Mailbox}):
		event.State = ""
	case kind == rules.EventDelivery:
		event.State, err = l.deliveryTold(ctx, m, e.Mailbox)
	}
	return event, err
}

// deliveryTold is where a message stands for a mailbox: its own in the patient's, the patient's in its own. Of the
// latter only a failure is told: the patient's message is read here all the same.
func (l *loaded) deliveryTold(ctx context.Context, m numbered, box rules.MailboxID) (string, error) {
	if m.From != "" {
		return string(m.arrival().State), nil
	}
	outcomes, err := l.outcomes(ctx, []numbered{m})
	if err != nil {
		return "", err
	}
	if state := outcomes[outcomeField(m.id, box)].State; state == DeliveryFailed {
		return string(state), nil
	}
	return "", nil
}

// keepEvent writes an event down with the calls that tell it to the receivers that asked for its kind, and lets go of
// events that were kept long enough.
func (s *Service) keepEvent(ctx context.Context, m rules.MailboxID, event WebhookEvent) error {
	return s.changeHooks(ctx, m, []ID{event.ID}, func(h *hooks) (*hookChange, error) {
		var to []ID
		for _, hook := range h.label.Hooks {
			may, err := s.mayTell(ctx, hook.by(), h.mailbox)
			if err != nil {
				return nil, err
			}
			if may && (slices.Contains(hook.Events, event.Kind) || event.Kind == rules.EventPing) {
				to = append(to, hook.ID)
			}
		}
		if len(to) == 0 || h.facts.Messages[event.ID] != nil {
			return nil, nil
		}
		return h.keep(ctx, m, event, to)
	})
}

// keep is the change that writes an event down for receivers.
func (h *hooks) keep(ctx context.Context, m rules.MailboxID, event WebhookEvent, to []ID) (*hookChange, error) {
	now := h.svc.Now()
	c := &hookChange{
		kind: TraceEvent, actor: Actor{Kind: ActorSystem}, event: event.ID, inbox: map[ID]time.Time{event.ID: event.At},
		effects: append(h.calls(m, event.ID, to, now), h.forgetting(m, now)),
	}
	c.records = append(c.records, Record{Table: TableMessages, Field: string(event.ID), Value: pack(toldRecord{
		Kind: event.Kind, At: toMillis(event.At), Conversation: event.Conversation, Exchange: event.Exchange, Message: event.Message,
		State: event.State, Hooks: to,
	})})
	for _, hook := range to {
		c.records = append(c.records, Record{Table: TableMessages, Field: string(callField(event.ID, hook)), Value: pack(callRecord{State: CallPending, NextAt: toMillis(now)})})
	}
	return c, h.forgetOld(ctx, c)
}
