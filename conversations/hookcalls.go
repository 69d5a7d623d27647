package conversations

import (
	"context"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// WebhookCalls lists what a receiver was told and what became of it, newest event first.
func (s *Service) WebhookCalls(ctx context.Context, mailboxes []Address, id ID, f CallFilter) (WebhookCallPage, error) {
	m, err := s.hooksOf(ctx, mailboxes, id)
	if err != nil {
		return WebhookCallPage{}, err
	}
	at, parts, err := parseCursor(f.Cursor, 1)
	if err != nil {
		return WebhookCallPage{}, err
	}
	page, size, from := WebhookCallPage{}, pageSize(f.Limit), InboxEntry{ID: ID(parts[0]), At: at}
	for {
		entries, err := s.Store.Inbox(ctx, s.hooksID(m), from, size+1)
		if err != nil {
			return WebhookCallPage{}, unavailable("list events", err)
		}
		calls, err := s.callsAbout(ctx, m, id, entries)
		if err != nil {
			return WebhookCallPage{}, err
		}
		for i, e := range entries {
			if len(page.Items) == size {
				page.Next = cursor(from.At, string(from.ID))
				return page, nil
			}
			from = entries[i]
			if c, told := calls[e.ID]; told && (f.State == "" || c.State == f.State) {
				page.Items = append(page.Items, c)
			}
		}
		if len(entries) <= size {
			return page, nil
		}
	}
}

// callsAbout reads what became of telling events to a receiver; events that it was not told are absent.
func (s *Service) callsAbout(ctx context.Context, m rules.MailboxID, hook ID, events []InboxEntry) (map[ID]WebhookCall, error) {
	fields := lo.FlatMap(events, func(e InboxEntry, _ int) []ID { return []ID{e.ID, callField(e.ID, hook)} })
	h, err := s.openHooks(ctx, m, fields...)
	if err != nil {
		return nil, err
	}
	calls := make(map[ID]WebhookCall, len(events))
	for _, e := range events {
		event, call, err := h.read(e.ID, hook)
		if err != nil {
			return nil, err
		}
		if call != nil && event != nil {
			calls[e.ID] = call.call(event.event(e.ID))
		}
	}
	return calls, nil
}

// read opens an event and the call of a receiver about it; nil for what is not there.
func (h *hooks) read(event, hook ID) (*toldRecord, *callRecord, error) {
	b, c := h.facts.Messages[event], h.facts.Messages[callField(event, hook)]
	if b == nil || c == nil {
		return nil, nil, nil
	}
	e, call := &toldRecord{}, &callRecord{}
	if err := unpack(b, e); err != nil {
		return nil, nil, unavailable("open an event", err)
	}
	if err := unpack(c, call); err != nil {
		return nil, nil, unavailable("open a call", err)
	}
	return e, call, nil
}

// Calling loads the call that an effect makes. KindNotFound means that there is none to make: it was made or given up, or
// the receiver or the event is gone, or whoever registered the receiver may not act for the mailbox any more, which is
// noted.
func (s *Service) Calling(ctx context.Context, e Effect) (Calling, error) {
	h, err := s.openHooks(ctx, e.Mailbox, e.Message, callField(e.Message, e.Thread))
	if err != nil {
		return Calling{}, err
	}
	hook, found := h.hook(e.Thread)
	event, call, err := h.read(e.Message, e.Thread)
	switch {
	case err != nil:
		return Calling{}, err
	case !found || call == nil || call.State != CallPending:
		return Calling{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	may, err := s.mayTell(ctx, hook.by(), h.mailbox)
	if err != nil {
		return Calling{}, err
	}
	if !may {
		call.State, call.Fault, call.NextAt = CallFailed, FaultRight, 0
		if err := h.noteCall(ctx, e, *call); err != nil {
			return Calling{}, err
		}
		return Calling{}, &Error{Kind: KindNotFound, Rule: "D27"}
	}
	due := Calling{Event: event.event(e.Message), Webhook: hook.ID, URL: hook.URL, Secrets: [][]byte{hook.Secret}}
	if hook.Before != nil && s.Now().Before(hook.Until.time()) {
		due.Secrets = append(due.Secrets, hook.Before)
	}
	return due, nil
}

// Called notes what became of a call, with its trace, and returns when it is made again; the zero time when that was the
// last.
func (s *Service) Called(ctx context.Context, e Effect, o CallOutcome) (time.Time, error) {
	h, err := s.openHooks(ctx, e.Mailbox, e.Message, callField(e.Message, e.Thread))
	if err != nil {
		return time.Time{}, err
	}
	_, call, err := h.read(e.Message, e.Thread)
	if err != nil || call == nil { // nil: the event was forgotten meanwhile
		return time.Time{}, err
	}
	call.Attempts++
	call.LastAt, call.NextAt, call.Status, call.Fault = toMillis(s.Now()), 0, o.Status, o.Fault
	var next time.Time
	switch again, more := rules.NextCall(call.Attempts, s.Now()); {
	case o.Fault == "":
		call.State = CallDelivered
	case !more || o.Fault == FaultGone:
		call.State = CallFailed
	default:
		next, call.NextAt = again, toMillis(again)
	}
	return next, h.noteCall(ctx, e, *call)
}

// noteCall writes down what became of a call.
func (h *hooks) noteCall(ctx context.Context, e Effect, r callRecord) error {
	f := entryFrame{Kind: TraceCalled, Message: e.Message, Mailbox: hexID(e.Mailbox), Outcome: TraceOutcome(r.State), Code: string(r.Fault)}
	return h.touch(ctx, f, Record{Table: TableMessages, Field: string(callField(e.Message, e.Thread)), Value: pack(r)})
}
