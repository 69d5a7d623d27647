package conversations

import (
	"context"
	"slices"
	"time"

	"mesbridge/rules"
)

// DeleteThread deletes a conversation for the patient, for good: messages, documents that were not saved,
// and the draft (R115). Nothing of it can be read from now on; it is erased 30 days later (OP18).
// Professionals are not told (I167). Deleting what is deleted is KindNotFound.
func (s *Service) DeleteThread(ctx context.Context, actor Actor, p PatientID, id ID) error {
	_, _, err := s.run(ctx, p, "", FactsQuery{Conversations: []ID{id}}, func(l *loaded) (*decision, error) {
		r := l.thread[id]
		v := rules.DeleteConversation(rules.DeletionFacts{
			Patient: l.state.Patient, Next: l.facts.Version + 1, Conversation: l.state.Conversations[id.Conversation()],
			Shown: l.shown(id), Keep: s.TrashFor,
		}, s.Now())
		v.Change.Message = messageID(id, r.Count).Message()
		return &decision{
			verdict: v, actor: actor, gone: []ID{id}, thread: &threadDelta{id: id, cleared: true},
			records: []Record{
				{Table: TableConversations, Field: string(readField(id))},
				{Table: TableConversations, Field: string(draftField(id))},
			},
		}, nil
	})
	return err
}

// trash lists the conversations that were deleted and wait for their erasure, after a change.
func (l *loaded) trash(c rules.Change) []ID {
	id := ID(c.Conversation)
	rest := slices.DeleteFunc(slices.Clone(l.patient.Trash), func(o ID) bool { return o == id })
	if c.Kind == rules.ConversationDeleted || l.thread[id].Cleared > messageNumber(ID(c.Message)) { // deleted again since
		rest = append(rest, id)
	}
	return rest
}

// present refuses a conversation that the patient deleted, as one that is not there.
func (l *loaded) present(id ID) error {
	_, ok := l.thread[id]
	switch {
	case !ok || l.hides(l.thread[id].Hidden):
		return &Error{Kind: KindNotFound, Rule: "I246"}
	case !l.shown(id):
		return &Error{Kind: KindNotFound, Rule: "R115"}
	}
	return nil
}

// expunge erases what a patient deleted: bodies and records of the messages up to the one that was the last
// then. Of a conversation that nobody wrote in since, nothing stays. The purge is traced (I188, OP18).
// Bodies go before the records that name them, so that a crash leaves none behind.
func (s *Service) expunge(ctx context.Context, e Effect) (time.Time, error) {
	last := messageNumber(e.Message)
	_, _, err := s.run(ctx, e.Patient, e.ID+"/"+string(e.Message), FactsQuery{Conversations: []ID{e.Thread}},
		func(l *loaded) (*decision, error) {
			r, ok := l.thread[e.Thread]
			if !ok || r.Cleared < last {
				return &decision{}, nil
			}
			d := &decision{
				actor: Actor{Kind: ActorSystem},
				verdict: rules.Verdict{Change: rules.Change{
					Kind: rules.ConversationPurged, Seq: l.facts.Version + 1, At: s.Now(),
					Conversation: e.Thread.Conversation(), Message: e.Message.Message(),
				}},
			}
			if !r.shown() && r.Cleared == last { // else the effect of a later deletion still has to find its messages
				noted, err := l.forgetTeam(ctx, e.Thread)
				if err != nil {
					return nil, err
				}
				d.records = append(d.records, append(noted, Record{Table: TableConversations, Field: string(e.Thread)})...)
			}
			bodies, marks, err := l.eraseMessages(ctx, d, e.Thread, last)
			if err != nil {
				return nil, err
			}
			l.outlive(d, e, marks)
			if err := s.Bodies.Remove(ctx, e.Patient, bodies...); err != nil {
				return nil, unavailable("remove bodies", err)
			}
			return d, nil
		})
	if err != nil && KindOf(err) == KindMailboxUnknown { // erased whole meanwhile
		return time.Time{}, nil
	}
	return time.Time{}, err
}

// eraseMessages adds to a decision the deletion of the messages of a conversation from number last down,
// and the octets that they held, and returns their bodies and the marks of their repeats.
func (l *loaded) eraseMessages(ctx context.Context, d *decision, thread ID, last int) (bodies []ID, marks [][]byte, err error) {
	for ; last > 0; last -= MaxShown {
		records, err := l.messageRecords(ctx, thread, last)
		if err != nil {
			return nil, nil, err
		}
		for _, m := range records {
			bodies = append(bodies, m.Body)
			if m.Repeat != nil {
				marks = append(marks, m.Repeat)
			}
			d.verdict.Change.Bytes -= m.Bytes
			d.records = append(d.records, Record{Table: TableMessages, Field: string(m.id)})
			if ref, holds, err := l.holdsReference(ctx, thread, m); err != nil {
				return nil, nil, err
			} else if holds {
				d.records = append(d.records, Record{Table: TableRefs, Field: ref})
			}
			for _, field := range l.svc.besides(m) {
				d.records = append(d.records, Record{Table: TableMessages, Field: string(field)})
			}
		}
	}
	return bodies, marks, nil
}

// holdsReference reports whether answers to the Message-ID of a message find its conversation by it: another
// message may have had the id first.
func (l *loaded) holdsReference(ctx context.Context, thread ID, m numbered) (ref string, holds bool, err error) {
	if m.label.MessageID == "" {
		return "", false, nil
	}
	ref = l.svc.refField(l.id, m.label.MessageID)
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Refs: []string{ref}})
	if err != nil {
		return "", false, unavailable("read references", err)
	}
	return ref, string(f.Thread) == string(thread+"/"+m.id), nil
}

// besides lists the fields that may stand beside a message: what became of it at its mailboxes, of the
// notification about it, and of its read receipts.
func (s *Service) besides(m numbered) (fields []ID) {
	for _, to := range mailboxIDs(m.To) {
		fields = append(fields, outcomeField(m.id, to))
	}
	if m.label.Receipt != nil {
		fields = append(fields, outcomeField(m.id, ""))
	}
	for _, a := range m.label.ReadTo {
		to := s.MailboxID(a.address())
		fields = append(fields, outcomeField(m.id, to), receiptField(m.id, to))
	}
	return fields
}
