package rules

import "time"

// Times of planned ends (D7).
const (
	UndoFor    = 10 * time.Minute // how long an end that is given to several exchanges together can be taken back
	MaxPlanned = 24 * time.Hour   // how far ahead an end can be planned: what is meant to last longer is a reply window (D8)
)

// Plan is an end of an exchange that was given and can still be taken back (D7). Until its instant nothing
// changes for the patient, who may still reply. The zero Plan is none.
type Plan struct {
	At      time.Time // first refused instant
	Crossed bool      // the patient replied since it was planned
}

// PlanEnd plans the end of the exchange of mailbox m at an instant (D7). An instant that is not to come ends it
// at once. What is ended or planned already stays as it is, so that the same form sent twice moves nothing.
func PlanEnd(m MailboxID, e Exchange, at time.Time, next Seq, now time.Time) Verdict {
	at = at.Truncate(time.Millisecond)
	switch {
	case e.Since.IsZero():
		return refuse(NotFound, "R93")
	case at.After(now.Add(MaxPlanned)):
		return refuse(EmptyMessage, "D7")
	case e.Ended(), !e.Plan.At.IsZero() && at.After(now):
		return Verdict{}
	case !at.After(now):
		return EndExchange(m, e, next, ByAPI, now)
	}
	return Verdict{Change: Change{Kind: EndPlanned, Seq: next, At: now, Mailbox: m, Until: at}}
}

// KeepExchange takes a planned end back (D7). Without one it changes nothing: an end that came is not undone, a
// new message of the mailbox opens again (R90).
func KeepExchange(m MailboxID, e Exchange, next Seq, now time.Time) Verdict {
	switch {
	case e.Since.IsZero():
		return refuse(NotFound, "R93")
	case e.Plan.At.IsZero():
		return Verdict{}
	}
	return Verdict{Change: Change{Kind: EndKept, Seq: next, At: now, Mailbox: m}}
}

// due reports whether the planned end came.
func (p Plan) due(now time.Time) bool { return !p.At.IsZero() && !now.Before(p.At) }

// reopened takes a planned end back, because a message came that would have opened an exchange that was ended at
// once (R90): who writes waits for an answer, and what that message opens was in no preview of the end (D6). A
// program waits for nobody.
func (e *Exchange) reopened(c Change) {
	if !c.Auto {
		e.Plan = Plan{}
	}
}
