package conversations

import (
	"context"
	"time"

	"mesbridge/rules"
)

// maxForgotten is how many old events one new event lets go of.
const maxForgotten = 20

// forgetOld adds to a change the end of events that were kept long enough, with the calls about them.
func (h *hooks) forgetOld(ctx context.Context, c *hookChange) error {
	old, err := h.svc.Store.Inbox(ctx, h.id, InboxEntry{At: h.svc.Now().Add(-rules.EventKept)}, maxForgotten)
	if err != nil {
		return unavailable("list old events", err)
	}
	if len(old) == 0 {
		return nil
	}
	ids := make([]ID, len(old))
	for i, e := range old {
		ids[i] = e.ID
	}
	f, err := h.svc.Store.Facts(ctx, h.id, FactsQuery{Messages: ids})
	switch {
	case err != nil:
		return unavailable("read old events", err)
	case f.Version != h.facts.Version:
		return ErrConflict
	}
	c.gone = ids
	for _, id := range ids {
		var r toldRecord
		if b := f.Messages[id]; b != nil && unpack(b, &r) == nil {
			for _, hook := range r.Hooks {
				c.records = append(c.records, Record{Table: TableMessages, Field: string(callField(id, hook))})
			}
		}
		c.records = append(c.records, Record{Table: TableMessages, Field: string(id)})
	}
	return nil
}

// forgetting is the effect that lets go of the events of a day, one for each day.
func (h *hooks) forgetting(m rules.MailboxID, now time.Time) Effect {
	const day = 24 * time.Hour
	at := now.Truncate(day).Add(day + rules.EventKept)
	return Effect{
		ID: h.id.Shard() + "g" + lowerBase32(h.svc.name("forget events", string(h.id)+at.Format(time.DateOnly))[:15]), Kind: EffectForgetEvents,
		Patient: h.id, Mailbox: m, At: at, CreatedAt: now,
	}
}

// forgetEvents lets go of the events of a mailbox that were kept long enough.
func (s *Service) forgetEvents(ctx context.Context, e Effect) (time.Time, error) {
	for more := true; more; {
		err := s.changeHooks(ctx, e.Mailbox, nil, func(h *hooks) (*hookChange, error) {
			c := &hookChange{kind: TraceForgotten, actor: Actor{Kind: ActorSystem}}
			err := h.forgetOld(ctx, c)
			if more = len(c.gone) > 0; !more || err != nil {
				return nil, err
			}
			return c, nil
		})
		if err != nil {
			return time.Time{}, err
		}
	}
	return time.Time{}, nil
}
