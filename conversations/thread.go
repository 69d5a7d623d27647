package conversations

import (
	"context"
	"slices"
	"strconv"

	"mesbridge/rules"
)

// MaxShown is how many messages of a conversation are shown at once.
const MaxShown = 50

// Thread shows one conversation to the patient, its newest messages, newest first.
func (s *Service) Thread(ctx context.Context, p PatientID, id ID) (Thread, error) {
	return s.ThreadBefore(ctx, p, id, "")
}

// ThreadBefore is Thread with the messages before a place, as Thread.Older of another part names it; empty: the
// newest. It fails with KindInvalidRequest for a place that is none.
func (s *Service) ThreadBefore(ctx context.Context, p PatientID, id ID, before string) (Thread, error) {
	last, err := lastBefore(before)
	if err != nil {
		return Thread{}, err
	}
	l, err := s.loadThread(ctx, p, id)
	if err != nil {
		return Thread{}, err
	}
	if err := l.mayRead(); err != nil {
		return Thread{}, err
	}
	if err := l.present(id); err != nil {
		return Thread{}, err
	}
	if err := l.witness(ctx, TraceConsulted, id, ""); err != nil {
		return Thread{}, err
	}
	right := l.right(id)
	t := Thread{ThreadLine: l.line(id), Reply: l.replyOptions(id, right)}
	if right.With != "" {
		t.Contact, t.Behind = s.exchangeID(p, right.With), l.who.Of(right.With).Kind
	}
	if right.State == rules.Ended {
		t.Ended = &Ending{By: l.names(id)[right.By], How: right.How, At: right.At}
	}
	if t.Draft, err = l.draft(id); err != nil {
		return Thread{}, err
	}
	t.DraftMark = s.draftMark(id, t.Draft)
	person, err := l.person()
	if err != nil {
		return Thread{}, err
	}
	t.Patient = person.Name
	if t.Messages, t.Older, err = l.messages(ctx, id, last); err != nil {
		return Thread{}, err
	}
	if err := l.noteSaved(ctx, t.Messages); err != nil {
		return Thread{}, err
	}
	t.Absences = l.absences(ctx, id, right)
	t.Inactive, err = l.inactive(ctx, id, right)
	for i := range t.Messages {
		m := &t.Messages[i]
		if m.Mine = m.AuthorKind != FromProfessional; !m.Mine {
			m.Delivery = nil
		} else if m.AuthorKind == FromPatient {
			m.Author = person.Name
		}
	}
	return t, err
}

// loadThread reads one conversation with the exchanges that its right depends on.
func (s *Service) loadThread(ctx context.Context, p PatientID, id ID) (*loaded, error) {
	l, err := s.loadThreads(ctx, p, []ID{id})
	if err != nil {
		return nil, err
	}
	if _, ok := l.thread[id]; !ok {
		return nil, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	return l, nil
}

// replyOptions tells the right to reply as the API and the pages name it (I196).
func (l *loaded) replyOptions(id ID, r rules.Right) ReplyOptions {
	names := l.names(id)
	o := ReplyOptions{
		Allowed: r.State == rules.Open, Code: r.Code, EndedBy: names[r.By], To: named(names, r.To), ToAll: named(names, r.ToAll),
		RemainingBytes: l.svc.remainingBytes(), Until: r.Until,
	}
	switch r.State {
	case rules.Open:
		o.Options = []string{string(rules.ReplyToOne)}
		if len(r.ToAll) > 0 {
			o.Options = append(o.Options, string(rules.ReplyToAll))
		}
	case rules.Blocked:
		o.Options = []string{"REPLY_BLOCKED"}
	case rules.Frozen, rules.Ended, rules.NoReply:
		o.Options = []string{"NO_REPLY"}
	}
	return o
}

// remainingBytes is how many bytes of attachments fit in a reply: base64 makes 78 octets of 57, and
// 64 kB are kept for headers and text (D19, R114).
func (s *Service) remainingBytes() int64 { return max(0, s.MaxReplyBytes-64<<10) * 57 / 78 }

// lastBefore reads a place in a conversation: the number of the newest message of the part, 0 for that of all.
func lastBefore(before string) (int, error) {
	if before == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(before)
	if err != nil || n < 2 {
		return 0, &Error{Kind: KindInvalidRequest, Rule: "cursor"}
	}
	return n - 1, nil
}

// messages reads the messages of a conversation from number last down, 0 for the newest, with their bodies, newest
// first. Older is the place of the part that follows, empty when there is none.
func (l *loaded) messages(ctx context.Context, id ID, last int) (shown []Message, older string, err error) {
	count, cleared := l.thread[id].Count, l.thread[id].Cleared
	if last == 0 || last > count {
		last = count
	}
	records, err := l.messageRecords(ctx, id, last)
	if err != nil {
		return nil, "", err
	}
	records = slices.DeleteFunc(records, func(m numbered) bool { return messageNumber(m.id) <= cleared })
	outcomes, err := l.outcomes(ctx, records)
	if err != nil {
		return nil, "", err
	}
	shown = make([]Message, len(records))
	for i, r := range records {
		if shown[i], err = l.message(ctx, id, r, outcomes); err != nil {
			return nil, "", err
		}
	}
	if next := last - MaxShown; next > cleared {
		older = strconv.Itoa(next + 1)
	}
	return shown, older, nil
}

// inactive reports whether the professional whom an answer goes to was in the directory when he wrote, and
// is there no more: he is susceptible not to answer, and nothing is refused (R119, D33).
func (l *loaded) inactive(ctx context.Context, id ID, r rules.Right) (bool, error) {
	if r.State != rules.Open {
		return false, nil
	}
	m, err := l.oneRecord(ctx, ID(r.Message))
	if err != nil || !slices.Contains(r.To, rules.MailboxID(m.From)) { // the answer goes to a mailbox of which nothing was noted
		return false, err
	}
	a, known := l.addressOf(id, rules.MailboxID(m.From))
	return known && rules.Inactive(m.Listed, l.know(a)), nil
}

// numbered is a message record with its id and its sealed part opened.
type numbered struct {
	messageRecord
	id    ID
	label messageLabel
}

// messageRecords reads the records of a conversation from number last down, newest first.
func (l *loaded) messageRecords(ctx context.Context, id ID, last int) ([]numbered, error) {
	var ids []ID
	for n := last; n > 0 && len(ids) < MaxShown; n-- {
		ids = append(ids, messageID(id, n))
	}
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: ids})
	if err != nil {
		return nil, unavailable("read messages", err)
	}
	var list []numbered
	for _, id := range ids {
		b, ok := f.Messages[id]
		if !ok {
			continue
		}
		m, err := l.openMessage(id, b)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// openMessage unpacks a message record and opens its sealed part.
func (l *loaded) openMessage(id ID, b []byte) (numbered, error) {
	m := numbered{id: id}
	if err := unpack(b, &m.messageRecord); err != nil {
		return numbered{}, unavailable("open a message", err)
	}
	if err := l.vault.open(TableMessages, string(id), m.Sealed, &m.label); err != nil {
		return numbered{}, unavailable("open a message", err)
	}
	return m, nil
}

// outcomes reads what became of the patient's messages among records.
func (l *loaded) outcomes(ctx context.Context, records []numbered) (map[ID]outcomeRecord, error) {
	var fields []ID
	for _, r := range records {
		if r.From == "" {
			for _, m := range r.To {
				fields = append(fields, outcomeField(r.id, rules.MailboxID(m)))
			}
		}
	}
	found := map[ID]outcomeRecord{}
	if len(fields) == 0 {
		return found, nil
	}
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: fields})
	if err != nil {
		return nil, unavailable("read outcomes", err)
	}
	for field, b := range f.Messages {
		var o outcomeRecord
		if err := unpack(b, &o); err != nil {
			return nil, unavailable("open an outcome", err)
		}
		found[field] = o
	}
	return found, nil
}

// message shows one message; its body is parsed anew each time.
func (l *loaded) message(ctx context.Context, thread ID, r numbered, outcomes map[ID]outcomeRecord) (Message, error) {
	names := l.names(thread)
	m := Message{ID: r.id, At: r.At.time(), NoReply: r.Fin}
	if r.From == "" {
		m.AuthorKind, m.Author, m.Copied = r.patientSide(), r.label.Author, named(names, mailboxIDs(r.To))
		m.Delivery, m.Crossed = delivery(r, outcomes)
		if m.Delivery.State == DeliveryQueued && m.Delivery.Detail == "" && rules.Late(m.At, l.svc.Now()) {
			m.Delivery.Detail = lateDetail // O87: the patient is the sender, and is told here (O89)
		}
	} else {
		m.AuthorKind, m.Author, m.Copied = FromProfessional, names[rules.MailboxID(r.From)], named(names, mailboxIDs(r.To))
	}
	body, err := l.openBody(ctx, r.Body)
	if err != nil {
		return Message{}, err
	}
	view, err := l.svc.Mail.View(body)
	if cerr := body.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return Message{}, unavailable("read a body", err)
	}
	m.Text, m.HTML, m.Notices = view.Text, view.HTML, view.Notices
	for _, p := range view.Attachments {
		if l.svc.anotherPatient(append(l.aliases(), l.id), p.Matricules) {
			m.Notices = append(m.Notices, foreignNotice)
		}
		m.Attachments = append(m.Attachments, attachmentLine(r.id, p))
	}
	return m, nil
}

// delivery tells where the patient's message stands over all its recipients: the worst news first.
func delivery(r numbered, outcomes map[ID]outcomeRecord) (*Delivery, bool) {
	order := []DeliveryState{DeliveryFailed, DeliveryQueued, DeliverySent, DeliveryDelivered, DeliveryRead}
	d, crossed := Delivery{State: DeliveryRead}, false
	for _, m := range r.To {
		o, ok := outcomes[outcomeField(r.id, rules.MailboxID(m))]
		if !ok || o.State == "" {
			o.State = DeliveryQueued
		}
		crossed = crossed || o.Crossed
		if slices.Index(order, o.State) <= slices.Index(order, d.State) {
			d = Delivery{State: o.State, Detail: o.Detail}
		}
	}
	return &d, crossed
}
