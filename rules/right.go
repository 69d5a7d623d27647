package rules

import (
	"slices"
	"time"
)

// ReplyState is what the patient may do in a conversation; the order is that in which the first
// that holds is told (docs/contract.md).
type ReplyState string

// Reply states.
const (
	Frozen  ReplyState = "frozen"   // account not active, own refusal, death, correspondent gone
	Blocked ReplyState = "blocked"  // own block of the governing professional; lifting it restores the rest (D15)
	Ended   ReplyState = "ended"    // every professional of the thread ended it
	NoReply ReplyState = "no-reply" // the governing message carries FIN
	Open    ReplyState = "open"
)

// Right is a patient's right to reply in one conversation, computed from the state and never stored.
type Right struct {
	State   ReplyState
	Code    Code        // empty when open
	Rule    string      // id of the rule that decided
	Message MessageKey  // the message that governs; empty when none does
	With    MailboxID   // author of the governing message, or of the newest one; when blocked, who is
	To      []MailboxID // where REPLY goes; set when open
	ToAll   []MailboxID // whom REPLY_TO_ALL adds; empty when it is not offered
	By      MailboxID   // who ended it; set when ended
	How     EndHow
	At      time.Time
	Until   time.Time // first refused instant that was announced; set when open, zero: none
}

// RightToReply computes what the patient may do in conversation c (D34, table 9.1).
//
// It takes the professional messages from the newest, skips those silenced by an end of their own
// mailbox, and lets the first that remains govern. ex must hold the exchanges of every mailbox that
// c names, and who what the tables know of them; a missing exchange counts as one that never began. Both c
// and ex are settled at now.
func RightToReply(p Patient, c Conversation, ex Exchanges, who Correspondents, now time.Time) Right {
	if c.ID == "" {
		return Right{State: NoReply, Code: ThreadNotOpened, Rule: "D3"}
	}
	whole := c // a deletion is the patient's: it changes nobody's ends
	c.Voices = c.afterDeletion()
	v, last := c.governing(ex)
	r := Right{}
	speaker := v
	if speaker == nil && len(c.Voices) > 0 {
		speaker = &c.Voices[len(c.Voices)-1]
	}
	if speaker != nil {
		r.With = speaker.From
	}
	switch {
	case p.frozen(&r, speaker, who), p.blockedFrom(&r, speaker, who, now):
	case v == nil && speaker != nil:
		r.State, r.Code, r.Rule = Ended, ThreadClosed, "R89"
		r.By, r.How, r.At = last.By, last.How, last.At
	case v == nil: // only a [FIN] message, shown on its own (OP3c)
		r.State, r.Code, r.Rule = NoReply, ReplyNotAllowed, "OP3c"
	case v.Fin:
		r.State, r.Code, r.Rule, r.Message = NoReply, ReplyNotAllowed, "R88", v.Message
	default:
		r.State, r.Rule, r.Message, r.To = Open, "R75", v.Message, v.ReplyTo
		r.ToAll = whole.replyToAll(p, v, ex, who, now)
		r.Until = c.until(v, ex)
	}
	return r
}

// until returns the earliest instant at which an announced end will silence v; zero: none. An end that
// waits for an answer has no instant yet (D8, D24).
func (c Conversation) until(v *Voice, ex Exchanges) (at time.Time) {
	if c.Closing.Event > 0 && !c.Awaited() && v.concerns(func(m MailboxID) bool { return slices.Contains(c.Closing.By, m) }) {
		at = c.Closing.At
	}
	for i := range len(v.ReplyTo) + 1 {
		m := v.From
		if i > 0 {
			m = v.ReplyTo[i-1]
		}
		e := ex[m]
		if !e.Until.IsZero() && !e.Awaiting && (at.IsZero() || e.Until.Before(at)) {
			at = e.Until
		}
		if !e.Plan.At.IsZero() && (at.IsZero() || e.Plan.At.Before(at)) {
			at = e.Plan.At
		}
	}
	return at
}

// governing returns the voice that governs, nil when none does, and the end that came last.
func (c Conversation) governing(ex Exchanges) (*Voice, End) {
	var last End
	for i := len(c.Voices) - 1; i >= 0; i-- {
		v := &c.Voices[i]
		end := c.silencedBy(v, ex)
		if end.Seq == 0 {
			return v, End{}
		}
		if end.after(last) {
			last = end
		}
	}
	return nil, last
}

// silencedBy returns the latest end by which the author of v, or one of its stored reply mailboxes,
// made it silent (D6, D34); the zero End when v still speaks.
func (c Conversation) silencedBy(v *Voice, ex Exchanges) End {
	end := c.endAfter(v.From, v.Seq, ex)
	for _, m := range v.ReplyTo {
		if m == v.From {
			continue // the usual case, asked already
		}
		if e := c.endAfter(m, v.Seq, ex); e.after(end) {
			end = e
		}
	}
	return end
}

// endAfter returns the latest end that mailbox m committed after seq and that reaches c.
func (c Conversation) endAfter(m MailboxID, seq Seq, ex Exchanges) End {
	return c.endOf(m, seq, ex[m])
}

// endOf is endAfter with the exchange of m.
func (c Conversation) endOf(m MailboxID, seq Seq, e Exchange) End {
	var end End
	if e.Horizon > seq {
		end = End{By: m, Seq: e.Horizon, At: e.EndedAt, How: e.EndedHow}
	}
	for _, e := range c.Ends {
		if e.By == m && e.Seq > seq && e.after(end) {
			end = e
		}
	}
	return end
}

// after reports whether e came after o: by their instants, for an end that was announced may be committed
// later than it came, and in the order of commits at one instant.
func (e End) after(o End) bool {
	if e.At.Equal(o.At) {
		return e.Seq > o.Seq
	}
	return e.At.After(o.At)
}

// frozen reports, and notes in r, that nothing can leave whatever the professionals allow.
func (p Patient) frozen(r *Right, v *Voice, who Correspondents) bool {
	switch {
	case p.Account != Active, p.Died():
		r.State, r.Code, r.Rule = Frozen, PatientOpposed, "O116"
	case len(p.Refusals) > 0 && v.concerns(func(m MailboxID) bool { return p.refuses(who.Of(m)) }):
		r.State, r.Code, r.Rule = Frozen, PatientOpposed, "D15"
	case v != nil && slices.ContainsFunc(v.ReplyTo, func(m MailboxID) bool { return who.Of(m).Gone }):
		r.State, r.Code, r.Rule = Frozen, MailboxUnknown, "O45"
	default:
		return false
	}
	return true
}

// blockedFrom reports, and notes in r, that the patient blocked the author of v or one who would
// receive the reply.
func (p Patient) blockedFrom(r *Right, v *Voice, who Correspondents, now time.Time) bool {
	if len(p.Blocks) == 0 || v == nil {
		return false
	}
	if !p.blocks(who.Of(v.From), now) {
		i := slices.IndexFunc(v.ReplyTo, func(m MailboxID) bool { return p.blocks(who.Of(m), now) })
		if i < 0 {
			return false
		}
		r.With = v.ReplyTo[i]
	}
	r.State, r.Code, r.Rule = Blocked, BlockedByPatient, "D15"
	return true
}

// replyToAll lists the other professionals of v who have not ended and are neither blocked
// nor refused nor objected to (D14 c) nor gone. It is a part of v.With when they stand together there, which costs nothing.
func (c Conversation) replyToAll(p Patient, v *Voice, ex Exchanges, who Correspondents, now time.Time) []MailboxID {
	var apart []MailboxID
	first, end := 0, 0
	for i, m := range v.With {
		k := who.Of(m)
		if slices.Contains(v.ReplyTo, m) || k.Gone || p.blocks(k, now) || p.refuses(k) || p.objects(k) || c.left(m, v, ex) {
			continue
		}
		switch {
		case apart != nil:
			apart = append(apart, m)
		case first == end:
			first, end = i, i+1
		case i == end:
			end++
		default:
			apart = append(slices.Clone(v.With[first:end]), m)
		}
	}
	if apart != nil || first == end {
		return apart
	}
	return v.With[first:end:end]
}

// left reports whether m, who is in copy of v, ended and is no longer to be written to: the whole
// exchange, without writing since; or at least what came before, v or its own last word in c, without
// writing in c since. Writing elsewhere, or being another one's reply mailbox, opens other
// conversations only (D6, D34); a header FIN opens nothing (R92).
func (c Conversation) left(m MailboxID, v *Voice, ex Exchanges) bool {
	var spoke Seq
	for i := range c.Voices {
		if w := &c.Voices[i]; w.From == m && !w.Fin {
			spoke = max(spoke, w.Seq)
		}
	}
	e := ex[m]
	if e.Horizon > e.Written || e.Horizon > max(spoke, v.Seq) {
		return true
	}
	return slices.ContainsFunc(c.Ends, func(end End) bool { return end.By == m && end.Seq > spoke })
}

// names reports whether m wrote v or is one of its reply mailboxes.
func (v *Voice) names(m MailboxID) bool { return v.From == m || slices.Contains(v.ReplyTo, m) }

// concerns reports whether is holds for the author of v or for one who would receive the reply; it
// does not when there is no v.
func (v *Voice) concerns(is func(MailboxID) bool) bool {
	if v == nil {
		return false
	}
	return is(v.From) || slices.ContainsFunc(v.ReplyTo, func(m MailboxID) bool { return m != v.From && is(m) })
}

// ThreadState is what a professional sees of a conversation or an exchange: one value,
// unreachable, stands for every cause on the patient's side (D4).
type ThreadState string

// States of a conversation as a professional's mailbox sees it.
const (
	ThreadOpen        ThreadState = "open"
	ThreadNoReply     ThreadState = "no-reply"
	ThreadEnded       ThreadState = "ended"
	ThreadUnreachable ThreadState = "unreachable"
)

// SeenBy computes how mailbox m sees conversation c: from the messages that it wrote or answers
// for alone, so that no other mailbox's command shows through (D34).
func SeenBy(m Correspondent, p Patient, c Conversation, ex Exchanges, now time.Time) ThreadState {
	if Reach(p, m, now).Refused() {
		return ThreadUnreachable
	}
	for i := len(c.Voices) - 1; i >= 0; i-- {
		v := &c.Voices[i]
		if !v.names(m.Mailbox) {
			continue
		}
		switch {
		case c.endAfter(m.Mailbox, v.Seq, ex).Seq > 0:
			return ThreadEnded
		case v.Fin:
			return ThreadNoReply
		default:
			return ThreadOpen
		}
	}
	return ThreadNoReply // in copy, or a [FIN] message alone: nothing of it can be answered to m
}

// ExchangeSeenBy computes how mailbox m sees its exchange with the patient (D4).
func ExchangeSeenBy(m Correspondent, p Patient, e Exchange, now time.Time) ThreadState {
	switch {
	case Reach(p, m, now).Refused():
		return ThreadUnreachable
	case e.Ended():
		return ThreadEnded
	}
	return ThreadOpen
}
