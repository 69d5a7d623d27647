package rules

import "time"

// DefaultAnswer is how long a patient may still write after an answer that came when an automatic end
// was near or due (D8: N days, default 7).
const DefaultAnswer = 7 * 24 * time.Hour

// Window is the reply window of one mailbox (D8). The zero Window means that the mailbox has none, which
// is the default.
type Window struct {
	Length time.Duration // after a message of the mailbox
	Answer time.Duration // after its answer to a message of the patient
}

// announce sets the instant until which the patient may answer m, after a message that grants him a reply.
// No message takes away what was announced before.
func (e *Exchange) announce(c Change) {
	w := c.Windows[e.Mailbox]
	if w.Length <= 0 {
		e.Until = time.Time{}
		return
	}
	if !e.Awaiting || e.Until.IsZero() { // else it answers
		e.extend(c.At.Add(w.Length))
	}
}

// answered notes that a message of m answers the patient, who then has at least the window's Answer left,
// also when the message itself allows no reply.
func (e *Exchange) answered(c Change) {
	if e.Awaiting && !e.Until.IsZero() {
		e.extend(c.At.Add(c.Windows[e.Mailbox].Answer))
	}
	e.Awaiting = false
}

// extend moves the announced instant to a later one.
func (e *Exchange) extend(to time.Time) {
	if to = to.Truncate(time.Millisecond); to.After(e.Until) {
		e.Until = to
	}
}

// Settled returns the exchange as it stands at now: ended by its window or by a planned end when that came, at its
// first refused instant, as if the end had been committed as next. A window never ends while the last message is
// the patient's (D8); a planned end does, and his reply goes on waiting for an answer (D7). The worker that
// writes the end down may come late: every decision is made on settled facts, so that its delay changes nothing.
func (e Exchange) Settled(next Seq, now time.Time) Exchange {
	if e.Until.IsZero() && e.Plan.At.IsZero() || e.Ended() {
		return e
	}
	window := !e.Until.IsZero() && !now.Before(e.Until) && !e.Awaiting
	switch planned := e.Plan.due(now); {
	case planned && (!window || !e.Until.Before(e.Plan.At)):
		e.EndedAt, e.EndedHow, e.Awaiting = e.Plan.At, ByAPI, e.Awaiting && e.Plan.Crossed
	case window:
		e.EndedAt, e.EndedHow = e.Until, ByWindow
	default:
		return e
	}
	e.Horizon, e.Until, e.Plan = next, time.Time{}, Plan{}
	return e
}

// CarryOut writes down an end that came by itself: of a reply window that ran out (D8), or one that was planned
// (D7). e is as it was stored, not settled; an end that came first, an answer that is awaited, an instant that
// moved or a plan that was taken back change nothing.
func CarryOut(e Exchange, next Seq, now time.Time) Verdict {
	settled := e.Settled(next, now)
	if settled.Horizon == e.Horizon {
		return Verdict{}
	}
	return Verdict{
		Effects: Project,
		Change:  Change{Kind: ExchangeEnded, Seq: next, At: now, Mailbox: e.Mailbox, How: settled.EndedHow},
	}
}
