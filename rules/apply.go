package rules

import (
	"slices"
	"time"
)

// Apply makes change c in s. It is deterministic, so that the same changes in the same order give
// the same state; s must hold the records that c names, or their absence. Slices of c are kept.
func Apply(s *State, c Change) {
	s.Patient.Storage.weigh(c.Bytes, c.At)
	switch c.Kind {
	case MessageReceived:
		s.receive(c)
	case ReplySent:
		s.converse(c, func(t *Conversation) { t.LastPatient, t.Touched = true, c.Seq })
		for _, m := range c.To {
			s.exchange(c, m, func(e *Exchange) { e.LastAt, e.Awaiting, e.Plan.Crossed = c.At, true, !e.Plan.At.IsZero() })
		}
	case ExchangeEnded:
		s.exchange(c, c.Mailbox, func(e *Exchange) {
			if e.Horizon != c.Seq { // it came by itself just now
				e.end(c)
			}
		})
	case EndPlanned:
		s.exchange(c, c.Mailbox, func(e *Exchange) { e.Plan = Plan{At: c.Until} })
	case EndKept:
		s.exchange(c, c.Mailbox, func(e *Exchange) { e.Plan = Plan{} })
	case ConversationEnded:
		s.endConversation(c)
	case ClosingAnnounced:
		t := s.Conversations[c.Conversation]
		t.Closing.Announced = true
		if c.Message != "" {
			t.LastAt = c.At
		}
		s.Conversations[c.Conversation] = t
	case VisitOpened, VisitClosed:
		s.episode(c)
	case BlockSet:
		s.Patient.Blocks = withBlock(s.Patient.Blocks, c.Block)
	case BlockLifted:
		s.Patient.Blocks = without(s.Patient.Blocks, c.Block)
	case AccountChanged:
		s.Patient.moveTo(c)
	case AccountErased:
		*s = State{
			Patient:   Patient{Account: Purged, Since: c.At},
			Exchanges: Exchanges{}, Conversations: map[ConversationID]Conversation{},
		}
	case ObjectionSet:
		s.Patient.declare(c.Objection)
	case ObjectionLifted:
		s.Patient.withdraw(c.Objection.ID)
	case OppositionRecorded:
		s.Patient.record(c.Opposition)
	case MinorityNoted:
		s.Patient.MinorUntil = c.Until
	case DelegateInvited, DelegateAccepted, DelegateRefused, DelegateDeclared, DelegateEnded, DelegateRestored:
		s.Patient.delegate(c.Delegation, c.At)
	case EnrolmentMade, EnrolmentEnded, EnrolmentRefused, SubjectBound, SubjectUnbound:
		s.Patient.enrol(c)
	case LifeNoted:
		s.Patient.live(c)
	case TermsAccepted:
		s.Patient.Terms = c.Terms
	case ConversationDeleted:
		t := s.Conversations[c.Conversation]
		t.Deleted = c.Seq
		s.Conversations[c.Conversation] = t
	case MessageRefused, ConversationPurged, DocumentSaved, DocumentDeleted, VerdictAsked,
		DeliverySettled, ReportReceived, ConversationOpened, ReceiptSent, ProfileNoted, MatriculeJoined, SubjectNoted:
		// nothing that rules read: the trace, the report and the records of the caller
	}
}

// receive adds a professional's message to its conversation and exchanges.
func (s *State) receive(c Change) {
	replyTo := c.ReplyTo
	if len(replyTo) == 0 {
		replyTo = []MailboxID{c.Mailbox} // R75
	}
	opens := !c.Fin && !c.Ends
	s.exchange(c, c.Mailbox, func(e *Exchange) {
		if c.Shown || !e.Since.IsZero() { // a [FIN] out of the blue makes no contact (R93)
			e.begin(c)
		}
		if opens {
			e.Written = c.Seq
			e.reopened(c)
		}
		if !c.Auto && !slices.Contains(replyTo, c.Mailbox) { // answers go elsewhere, and yet it wrote last (D8)
			e.answered(c)
		}
		if c.Ends {
			e.end(c)
		}
	})
	for _, m := range replyTo {
		s.exchange(c, m, func(e *Exchange) {
			if opens {
				e.begin(c)
				e.Granted = c.Seq
				e.announce(c)
				e.reopened(c)
			}
			if !c.Auto {
				e.answered(c)
			}
		})
	}
	for _, m := range c.With { // whenever a worker writes it down, their window ran out before this message
		if e := s.Exchanges[m]; e.Horizon != c.Seq && e.Settled(c.Seq, c.At).Horizon == c.Seq {
			s.exchange(c, m, func(*Exchange) {})
		}
	}
	if !c.Shown {
		return
	}
	s.converse(c, func(t *Conversation) {
		if c.Aside { // a program answered nobody (OP7)
			return
		}
		if t.LastPatient && !c.Auto {
			t.Closing.answered(c.At)
		}
		t.LastPatient, t.Touched = false, c.Seq
		if c.Visit != "" {
			t.Visit, t.Boxes = c.Visit, unique(append(slices.Clone(t.Boxes), c.Boxes...))
			t.Closing.joined(c.Boxes)
		}
		if !c.Ends { // a [FIN] message never governs (D34)
			t.speak(Voice{Message: c.Message, Seq: c.Seq, From: c.Mailbox, ReplyTo: replyTo, With: c.With, Fin: c.Fin})
		}
	})
}

// exchange changes one exchange, settled at the change's instant, creating it.
func (s *State) exchange(c Change, m MailboxID, change func(*Exchange)) {
	e := s.Exchanges[m].Settled(c.Seq, c.At)
	e.Mailbox = m
	change(&e)
	s.Exchanges[m] = e
}

// endConversation makes an end of one conversation: of a mailbox, or, without one, the end that an
// episode announced, with its last message.
func (s *State) endConversation(c Change) {
	t := s.Conversations[c.Conversation].Settled(c.Seq, c.At)
	if c.Mailbox != "" {
		t.endBy(End{By: c.Mailbox, Seq: c.Seq, At: c.At, How: c.How})
		t.Touched = c.Seq
	}
	if c.Message != "" {
		t.LastAt, t.LastPatient = c.At, false
	}
	s.Conversations[c.Conversation] = t
}

// episode makes an event of an episode. What is due at once is settled when it is next looked at.
func (s *State) episode(c Change) {
	for _, change := range c.Episode.Threads {
		t := s.Conversations[change.Conversation].Settled(c.Seq, c.At)
		if change.Given > 0 {
			t.giveBack(change.Given)
		} else {
			t.Closing = change.Closing
		}
		s.Conversations[change.Conversation] = t
	}
	switch {
	case c.Episode.Death:
		s.Patient.dies(c.Visit)
	case c.Episode.Revived:
		s.Patient.revives(c.Visit)
	}
}

// converse changes the conversation of c, settled at its instant, creating it, and notes when it was last
// written in.
func (s *State) converse(c Change, change func(*Conversation)) {
	t := s.Conversations[c.Conversation].Settled(c.Seq, c.At)
	t.ID, t.LastAt = c.Conversation, c.At
	change(&t)
	s.Conversations[c.Conversation] = t
}

// begin notes a message of the pair.
func (e *Exchange) begin(c Change) {
	if e.Since.IsZero() {
		e.Since = c.At
	}
	e.LastAt = c.At
}

// end notes an end of the whole exchange.
func (e *Exchange) end(c Change) {
	e.Horizon, e.EndedAt, e.EndedHow = c.Seq, c.At, c.How
	e.Until, e.Awaiting, e.Plan = time.Time{}, false, Plan{}
}

// speak makes v the newest voice, in the place of an older one of the same author and reply mailbox. A
// message with FIN leaves the one without in place: what was said there still counts (R92).
func (c *Conversation) speak(v Voice) {
	older := slices.DeleteFunc(slices.Clone(c.Voices), func(o Voice) bool {
		return o.From == v.From && slices.Equal(o.ReplyTo, v.ReplyTo) && (o.Fin || !v.Fin)
	})
	c.Voices = append(older, v)
}

// endBy makes e the last end, in the place of an older one of the same mailbox. One that an episode made
// stays until its discharge is cancelled.
func (c *Conversation) endBy(e End) {
	older := slices.DeleteFunc(slices.Clone(c.Ends), func(o End) bool { return o.By == e.By && o.Of == 0 })
	c.Ends = append(older, e)
}

// withBlock returns blocks with b in the place of one of the same mailbox. A block of another mailbox
// of the same person gets the end of b, and stays: should the tables forget who holds that mailbox, it
// is still blocked (D12).
func withBlock(blocks []PersonBlock, b PersonBlock) []PersonBlock {
	others := slices.DeleteFunc(slices.Clone(blocks), func(o PersonBlock) bool { return o.Mailbox == b.Mailbox })
	for i := range others {
		if o := &others[i]; b.Person != "" && o.Person == b.Person {
			o.At, o.Until = b.At, b.Until
		}
	}
	return append(others, b)
}

// without returns blocks but those that concern the same mailbox or person as b.
func without(blocks []PersonBlock, b PersonBlock) []PersonBlock {
	who := Correspondent{Mailbox: b.Mailbox, Person: b.Person}
	return slices.DeleteFunc(slices.Clone(blocks), func(o PersonBlock) bool { return o.binds(who) })
}
