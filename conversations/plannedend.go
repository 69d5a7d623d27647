package conversations

import (
	"context"
	"slices"
	"time"

	"mesbridge/rules"
)

// Planned tells of an end that is to come and may still be taken back (D7). The zero Planned is none.
type Planned struct {
	At     time.Time // first refused instant
	By     string    // who gave the end
	Reason string    // what he gave as reason; may be empty
}

// planLabel is who planned an end, and why.
type planLabel struct {
	Actor  Actor  `cbor:"1,keyasint"`
	Reason string `cbor:"2,keyasint,omitempty"`
}

// planPlace is where the sealed part of a planned end stands in the record of its exchange.
func planPlace(m rules.MailboxID) string { return string(m) + "/plan" }

// PlanEnd plans the end of an exchange at an instant, until which it can be taken back and the patient may still
// reply (D7). At the instant the exchange ends as EndExchange would. An instant that is not to come ends it at
// once; what is ended or planned already stays as it is. It fails with KindInvalidRequest for an instant that is
// further ahead than rules.MaxPlanned.
func (s *Service) PlanEnd(ctx context.Context, actor Actor, mailboxes []Address, id ID, at time.Time, reason string) (ExchangeLine, error) {
	return s.onExchange(ctx, mailboxes, id, func(l *loaded, m rules.MailboxID) *decision {
		v := rules.PlanEnd(m, l.state.Exchanges[m], at, l.facts.Version+1, s.Now())
		d := &decision{verdict: v, actor: actor, project: []rules.MailboxID{m}} // should it end at once
		if v.Change.Kind == rules.EndPlanned {
			d.plan = &planLabel{Actor: actor, Reason: reason}
			d.timed = []Effect{l.endEffect(m, v.Change.Until)}
		}
		return d
	})
}

// KeepExchange takes a planned end back (D7). Without one it changes nothing, also when the end came.
func (s *Service) KeepExchange(ctx context.Context, actor Actor, mailboxes []Address, id ID) (ExchangeLine, error) {
	return s.onExchange(ctx, mailboxes, id, func(l *loaded, m rules.MailboxID) *decision {
		v := rules.KeepExchange(m, l.state.Exchanges[m], l.facts.Version+1, s.Now())
		return &decision{verdict: v, actor: actor}
	})
}

// onExchange decides about one exchange of one of the caller's mailboxes, and returns it as it is then.
func (s *Service) onExchange(ctx context.Context, mailboxes []Address, id ID, decide func(*loaded, rules.MailboxID) *decision) (ExchangeLine, error) {
	p, a, err := s.pair(ctx, mailboxes, id)
	if err != nil {
		return ExchangeLine{}, err
	}
	m := s.MailboxID(a)
	_, _, err = s.run(ctx, p, "", FactsQuery{Exchanges: []rules.MailboxID{m}}, func(l *loaded) (*decision, error) {
		return decide(l, m), nil
	})
	if err != nil {
		return ExchangeLine{}, err
	}
	if err := s.standAs(ctx, Effect{Patient: p, Mailbox: m}, time.Time{}); err != nil { // the effect does it, a moment later
		s.Log.WarnContext(ctx, "standing not noted at once", "kind", KindOf(err))
	}
	return s.Exchange(ctx, mailboxes, id)
}

// endEffect carries a planned end out.
func (l *loaded) endEffect(m rules.MailboxID, at time.Time) Effect {
	return Effect{
		ID: l.id.Shard() + "f" + lowerBase32(l.svc.name("end effect", string(l.id)+string(m))[:15]), Kind: EffectEnd, Mailbox: m, At: at,
	}
}

// planned keeps in the record of an exchange, after a change, what rules do not know of a planned end: who gave it,
// and which of the patient's messages cross it.
func (l *loaded) planned(r *exchangeRecord, m rules.MailboxID, d *decision) {
	change := d.verdict.Change
	e := l.state.Exchanges[m]
	switch {
	case change.Kind == rules.EndPlanned:
		r.Crossing, r.Plan = nil, l.vault.seal(TableExchanges, planPlace(m), *d.plan)
	case r.Plan == nil:
	case e.Plan.At.IsZero() && e.Horizon == change.Seq && e.EndedHow == rules.ByAPI: // it ended: what crossed is still to be marked
		r.Plan = nil
	case e.Plan.At.IsZero():
		r.Crossing, r.Plan = nil, nil
	case change.Kind == rules.ReplySent:
		r.Crossing = append(slices.Clip(r.Crossing), ID(change.Message))
	}
}

// plannedOf tells of the end that is planned for a loaded exchange.
func (l *loaded) plannedOf(m rules.MailboxID) (Planned, error) {
	e := l.state.Exchanges[m]
	if e.Plan.At.IsZero() {
		return Planned{}, nil
	}
	label, err := l.planLabel(m)
	if err != nil {
		return Planned{}, err
	}
	return Planned{At: e.Plan.At, By: label.Actor.Name, Reason: label.Reason}, nil
}

// planLabel opens who planned the end of a loaded exchange.
func (l *loaded) planLabel(m rules.MailboxID) (label planLabel, err error) {
	if err := l.vault.open(TableExchanges, planPlace(m), l.exchange[m].Plan, &label); err != nil {
		return planLabel{}, unavailable("open a planned end", err)
	}
	return label, nil
}

// carryOut writes down the end of an exchange that came by itself. One that was planned is the act of who planned
// it.
func (l *loaded) carryOut(m rules.MailboxID) (*decision, error) {
	r := l.exchange[m]
	d := &decision{
		verdict: rules.CarryOut(r.exchange(m), l.facts.Version+1, l.svc.Now()), actor: Actor{Kind: ActorSystem}, project: []rules.MailboxID{m},
	}
	if d.verdict.Change.How == rules.ByAPI {
		label, err := l.planLabel(m)
		if err != nil {
			return nil, err
		}
		d.actor = label.Actor
	}
	return d, nil
}

// endPlanned ends an exchange at the instant that was planned (D7), and then marks what the patient sent in
// between. A plan that was taken back leaves nothing to do; one that was made again brought a new effect.
func (s *Service) endPlanned(ctx context.Context, e Effect) (again time.Time, err error) {
	var crossing []ID
	_, _, err = s.run(ctx, e.Patient, "", FactsQuery{Exchanges: []rules.MailboxID{e.Mailbox}}, func(l *loaded) (*decision, error) {
		r := l.exchange[e.Mailbox]
		again, crossing = later(r.EndsAt.time(), s.Now()), r.Crossing
		return l.carryOut(e.Mailbox)
	})
	if err != nil && !KindOf(err).Temporary() { // the patient is gone
		return time.Time{}, nil
	}
	if err != nil || !again.IsZero() {
		return again, err
	}
	for _, message := range crossing {
		e.Message = message
		err := s.settle(ctx, e, func(o *outcomeRecord) { o.Crossed = true })
		if err != nil && KindOf(err) != KindNotFound { // the patient deleted it
			return time.Time{}, err
		}
	}
	return time.Time{}, nil
}
