package rules

import "slices"

// Apply makes change c in s. It is deterministic, so that the same changes in the same order give
// the same state; s must hold the records that c names, or their absence. Slices of c are kept.
func Apply(s *State, c Change) {
	switch c.Kind {
	case MessageReceived:
		s.receive(c)
	case ReplySent:
		s.converse(c, func(t *Conversation) { t.LastPatient = true })
		for _, m := range c.To {
			s.exchange(m, func(e *Exchange) { e.LastAt = c.At })
		}
	case ExchangeEnded:
		s.exchange(c.Mailbox, func(e *Exchange) { e.end(c) })
	case ConversationEnded:
		t := s.Conversations[c.Conversation]
		t.endBy(End{By: c.Mailbox, Seq: c.Seq, At: c.At, How: c.How})
		s.Conversations[c.Conversation] = t
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
	case TermsAccepted:
		s.Patient.Terms = c.Terms
	case ConversationDeleted:
		t := s.Conversations[c.Conversation]
		t.Deleted = c.Seq
		s.Conversations[c.Conversation] = t
	case MessageRefused, ConversationPurged, DocumentSaved, DocumentDeleted,
		DeliverySettled, ReportReceived, ConversationOpened, ReceiptSent:
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
	s.exchange(c.Mailbox, func(e *Exchange) {
		if c.Shown || !e.Since.IsZero() { // a [FIN] out of the blue makes no contact (R93)
			e.begin(c)
		}
		if opens {
			e.Written = c.Seq
		}
		if c.Ends {
			e.end(c)
		}
	})
	if opens {
		for _, m := range replyTo {
			s.exchange(m, func(e *Exchange) { e.begin(c); e.Granted = c.Seq })
		}
	}
	if !c.Shown {
		return
	}
	s.converse(c, func(t *Conversation) {
		if c.Aside { // a program answered nobody (OP7)
			return
		}
		t.LastPatient = false
		if !c.Ends { // a [FIN] message never governs (D34)
			t.speak(Voice{Message: c.Message, Seq: c.Seq, From: c.Mailbox, ReplyTo: replyTo, With: c.With, Fin: c.Fin})
		}
	})
}

// exchange changes one exchange, creating it.
func (s *State) exchange(m MailboxID, change func(*Exchange)) {
	e := s.Exchanges[m]
	e.Mailbox = m
	change(&e)
	s.Exchanges[m] = e
}

// converse changes the conversation of c, creating it, and notes when it was last written in.
func (s *State) converse(c Change, change func(*Conversation)) {
	t := s.Conversations[c.Conversation]
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
func (e *Exchange) end(c Change) { e.Horizon, e.EndedAt, e.EndedHow = c.Seq, c.At, c.How }

// speak makes v the newest voice, in the place of an older one of the same author and reply mailbox. A
// message with FIN leaves the one without in place: what was said there still counts (R92).
func (c *Conversation) speak(v Voice) {
	older := slices.DeleteFunc(slices.Clone(c.Voices), func(o Voice) bool {
		return o.From == v.From && slices.Equal(o.ReplyTo, v.ReplyTo) && (o.Fin || !v.Fin)
	})
	c.Voices = append(older, v)
}

// endBy makes e the last end, in the place of an older one of the same mailbox.
func (c *Conversation) endBy(e End) {
	older := slices.DeleteFunc(slices.Clone(c.Ends), func(o End) bool { return o.By == e.By })
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
