package conversations

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"mesbridge/rules"
)

// maxLooked is how many messages of a shared conversation are looked through for those of one mailbox.
const maxLooked = 20 * MaxShown

// ThreadFor shows a conversation to a professional acting for mailboxes: only the messages that those
// sent or received (D34), and nothing of the patient's side beyond one state (D4).
func (s *Service) ThreadFor(ctx context.Context, mailboxes []Address, id ID) (Thread, error) {
	l, mine, err := s.threadOfMailboxes(ctx, mailboxes, id)
	if err != nil {
		return Thread{}, err
	}
	own, err := l.own(ctx, id, mine)
	if err != nil {
		return Thread{}, err
	}
	line, err := l.ownLine(id, mine, own)
	if err != nil {
		return Thread{}, err
	}
	t := Thread{ThreadLine: line, Patient: line.With[0], Boxes: s.among(mailboxes, mine)}
	t.Exchange = l.exchangeOf(t.Boxes)
	if line.State == string(rules.ThreadEnded) {
		t.Ended = l.endingFor(id, mine)
	}
	outcomes, err := l.outcomes(ctx, own)
	if err != nil {
		return Thread{}, err
	}
	for _, r := range own {
		m, err := l.deskMessage(ctx, id, r, mine, outcomes)
		if err != nil {
			return Thread{}, err
		}
		t.Messages = append(t.Messages, m)
	}
	return t, nil
}

// exchangeOf is the exchange of the first of mailboxes that has one with the patient; empty when none has, as of a
// mailbox that was only in copy.
func (l *loaded) exchangeOf(mailboxes []Address) ID {
	for _, a := range mailboxes {
		if m := l.svc.MailboxID(a); !l.state.Exchanges[m].Since.IsZero() {
			return l.svc.exchangeID(l.id, m)
		}
	}
	return ""
}

// threadOfMailboxes loads a conversation that names one of mailboxes, and returns which of them it names. What is
// another's costs the readings of what does not exist, so that no clock tells one from the other.
func (s *Service) threadOfMailboxes(ctx context.Context, mailboxes []Address, id ID) (*loaded, []rules.MailboxID, error) {
	p, err := s.owner(ctx, id)
	if err != nil {
		return nil, nil, s.asIfThere(ctx, id, err)
	}
	l, err := s.load(ctx, p, FactsQuery{Conversations: []ID{id}})
	if err != nil {
		return nil, nil, gone(err)
	}
	var mine []rules.MailboxID
	for _, a := range mailboxes {
		if m := s.MailboxID(a); slices.Contains(labelIDs(l.label[id]), hexID(m)) {
			mine = append(mine, m)
		}
	}
	if len(mine) == 0 {
		return nil, nil, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	err = l.alsoExchanges(ctx, mailboxIDs(labelIDs(l.label[id])))
	if errors.Is(err, ErrConflict) {
		l, err = s.loadThread(ctx, p, id)
	}
	return l, mine, err
}

// asIfThere makes the readings of a conversation for an id that names none, and returns what the look for it gave.
func (s *Service) asIfThere(ctx context.Context, id ID, missing error) error {
	if KindOf(missing) != KindNotFound || id.Shard() == "" {
		return missing
	}
	decoy := PatientID(hex.EncodeToString(s.name("nobody", string(id))[:16]))
	if _, err := s.facts(ctx, decoy, FactsQuery{Conversations: []ID{id}}); err != nil {
		return err
	}
	if _, _, err := s.Keys.Key(ctx, decoy); err != nil && !isNotFound(err) {
		return unavailable("read the data key", err)
	}
	return missing
}

// among returns those of mailboxes that ids name.
func (s *Service) among(mailboxes []Address, ids []rules.MailboxID) []Address {
	return slices.DeleteFunc(slices.Clone(mailboxes), func(a Address) bool { return !slices.Contains(ids, s.MailboxID(a)) })
}

// own reads the newest messages of a conversation that mailboxes sent or received, newest first.
func (l *loaded) own(ctx context.Context, id ID, mine []rules.MailboxID) ([]numbered, error) {
	var own []numbered
	newest := l.thread[id].Count
	for last := newest; last > max(0, newest-maxLooked) && len(own) < MaxShown; last -= MaxShown {
		records, err := l.messageRecords(ctx, id, last)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if r.participates(mine) && len(own) < MaxShown {
				own = append(own, r)
			}
		}
	}
	return own, nil
}

// lineFor returns a loaded conversation as mailboxes see it in a list. It reads messages only of one that
// others share.
func (l *loaded) lineFor(ctx context.Context, id ID, mine []rules.MailboxID) (ThreadLine, error) {
	if l.alone(id, mine) {
		return l.ownLine(id, mine, nil)
	}
	own, err := l.own(ctx, id, mine)
	if err != nil {
		return ThreadLine{}, err
	}
	return l.ownLine(id, mine, own)
}

// alone reports whether a conversation names nobody but mailboxes.
func (l *loaded) alone(id ID, mine []rules.MailboxID) bool {
	return !slices.ContainsFunc(labelIDs(l.label[id]), func(m hexID) bool { return !slices.Contains(mine, rules.MailboxID(m)) })
}

// ownLine returns a conversation as mailboxes see it. Of one that others share, the subject, the last
// instant and the attachments are those of their own messages: what others write must not show (D34).
func (l *loaded) ownLine(id ID, mine []rules.MailboxID, own []numbered) (ThreadLine, error) {
	person, err := l.person()
	if err != nil {
		return ThreadLine{}, err
	}
	line := l.line(id)
	line.State, line.Objected = string(l.stateFor(id, mine)), l.objectedBy(mine)
	line.With, line.Unread, line.HasDraft, line.Copied, line.OwnLast = []string{person.Name}, false, false, nil, false
	if l.alone(id, mine) {
		line.HasAttachment = l.thread[id].Attached // what the patient deleted is not told (I167)
		return line, nil
	}
	line.Subject = rules.ShownSubject(l.ownSubject(id, mine, own))
	line.HasAttachment = slices.ContainsFunc(own, func(r numbered) bool { return r.Attachments > 0 })
	line.LastAt = l.ownLastAt(mine, own)
	return line, nil
}

// objectedBy returns since when the patient objects to exchange about him with one of mailboxes; zero: he
// does not (D14 c).
func (l *loaded) objectedBy(mine []rules.MailboxID) (since time.Time) {
	for _, m := range mine {
		if at, objected := l.state.Patient.ObjectionTo(l.who.Of(m)); objected && (since.IsZero() || at.Before(since)) {
			since = at
		}
	}
	return since
}

// ownSubject returns the subject of the first message by a professional among own. A mailbox that only
// answers for a message of another one is told the conversation's.
func (l *loaded) ownSubject(id ID, mine []rules.MailboxID, own []numbered) string {
	for _, r := range slices.Backward(own) {
		if r.From != "" {
			return l.subject(id, r)
		}
	}
	answers := func(v rules.Voice) bool {
		return slices.ContainsFunc(v.ReplyTo, func(m rules.MailboxID) bool { return slices.Contains(mine, m) })
	}
	if slices.ContainsFunc(l.state.Conversations[id.Conversation()].Voices, answers) {
		return l.label[id].Subject
	}
	return ""
}

// ownLastAt returns when the newest of own was written, else the last message of the mailboxes' exchanges.
func (l *loaded) ownLastAt(mine []rules.MailboxID, own []numbered) (last time.Time) {
	if len(own) > 0 {
		return own[0].At.time()
	}
	for _, m := range mine {
		if at := l.state.Exchanges[m].LastAt; at.After(last) {
			last = at
		}
	}
	return last
}

// stateFor returns the best state that one of mailboxes has in the conversation.
func (l *loaded) stateFor(id ID, mailboxes []rules.MailboxID) rules.ThreadState {
	order := []rules.ThreadState{rules.ThreadOpen, rules.ThreadNoReply, rules.ThreadEnded, rules.ThreadUnreachable}
	best := rules.ThreadUnreachable
	for _, m := range mailboxes {
		state := rules.SeenBy(l.who.Of(m), l.state.Patient, l.state.Conversations[id.Conversation()], l.state.Exchanges, l.svc.Now())
		if slices.Index(order, state) < slices.Index(order, best) {
			best = state
		}
	}
	return best
}

// endingFor tells the last end by which one of mailboxes left the conversation.
func (l *loaded) endingFor(id ID, mine []rules.MailboxID) *Ending {
	var last rules.End
	take := func(e rules.End) { // by their instants: one that was announced may be written down late
		if e.Seq > 0 && (e.At.After(last.At) || e.At.Equal(last.At) && e.Seq > last.Seq) {
			last = e
		}
	}
	for _, e := range l.state.Conversations[id.Conversation()].Ends {
		if slices.Contains(mine, e.By) {
			take(e)
		}
	}
	for _, m := range mine {
		e := l.state.Exchanges[m]
		take(rules.End{By: m, Seq: e.Horizon, At: e.EndedAt, How: e.EndedHow})
	}
	if last.Seq == 0 {
		return nil
	}
	return &Ending{By: l.names(id)[last.By], How: last.How, At: last.At}
}

// deskMessage shows one message to a professional. An end that the message crossed is his own (D7).
func (l *loaded) deskMessage(ctx context.Context, thread ID, r numbered, mine []rules.MailboxID, outcomes map[ID]outcomeRecord) (Message, error) {
	m, err := l.message(ctx, thread, r, nil)
	if err != nil {
		return Message{}, err
	}
	m.ID = l.deskID(r.id)
	for i := range m.Attachments {
		a := &m.Attachments[i]
		a.renumber(m.ID)
	}
	if m.Mine, m.Delivery = slices.Contains(mine, rules.MailboxID(r.From)), nil; m.Mine {
		m.Writer, m.WriterID = r.label.Author, r.label.AuthorID
		m.Delivery, m.Asked = r.arrival(), r.Asked
	}
	for _, box := range mine {
		o := outcomes[outcomeField(r.id, box)]
		m.Crossed = m.Crossed || o.Crossed
		if r.From == "" && o.State == DeliveryFailed {
			m.Delivery = o.bounced()
		}
	}
	if m.AuthorKind == FromPatient { // the others go by their own names
		person, err := l.person()
		if err != nil {
			return Message{}, err
		}
		m.Author = person.Name
	}
	return m, nil
}

// arrival tells the author where a professional's message stands: in the patient's mailbox, or opened when
// he asked to be told (D22).
func (r numbered) arrival() *Delivery {
	if r.Asked && r.OpenedAt != 0 {
		d := &Delivery{State: DeliveryRead, At: r.OpenedAt.time()}
		switch r.OpenedBy { //nolint:exhaustive // the patient himself needs no word, and nobody else opens
		case ActorRepresentative:
			d.Detail = "Ouvert par un représentant du patient."
		case ActorCaregiver:
			d.Detail = "Ouvert par un aidant du patient."
		}
		return d
	}
	return &Delivery{State: DeliveryDelivered, At: r.At.time()}
}
