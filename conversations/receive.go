package conversations

import (
	"context"
	"slices"
	"strings"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// Recipient decides at RCPT whether the citizen's mailbox takes mail from sender (rules.Reach); a zero
// sender asks for the account state alone (DSN and MDN). The path is the same for all mailboxes that are
// unknown, and for all that exist, whatever the answer (D36).
func (s *Service) Recipient(ctx context.Context, ins rules.INS, sender Address) (PatientID, error) {
	p := s.PatientID(ins)
	var from rules.Correspondent
	if !sender.IsZero() {
		from = s.correspondent(sender)
	}
	l, err := s.follow(ctx, p)
	if KindOf(err) == KindMailboxUnknown && err != nil {
		return "", s.refusedRecipient(ctx, p, from, err)
	}
	if err != nil {
		return "", err
	}
	p = l.id
	if r := rules.Reach(l.state.Patient, rules.Correspondent{}, s.Now()); r.Code == rules.MailboxUnknown {
		return "", s.refusedRecipient(ctx, p, from, refused(r))
	}
	if err := l.unlock(ctx); err != nil {
		return "", err
	}
	if err := l.openWill(); err != nil {
		return "", err
	}
	r := rules.Reach(l.state.Patient, from, s.Now())
	if !r.Refused() && !sender.IsZero() { // what is told of the patient's own messages takes no room
		r = rules.Room(l.state.Patient, s.Now())
	}
	if r.Refused() {
		return "", s.refusedRecipient(ctx, p, from, refused(r))
	}
	return p, nil
}

// refusedRecipient traces a refusal before the message, in the same way for every one of a class (D36).
func (s *Service) refusedRecipient(ctx context.Context, p PatientID, from rules.Correspondent, err error) error {
	s.refusal(ctx, Event{
		Kind: TraceRecipient, Code: string(KindOf(err)), Rule: ruleOf(err), Actor: ActorOperator, Patient: p, Mailbox: from.Mailbox,
	})
	return err
}

// NewBody starts storing a message for a patient and returns the id that Receive takes.
func (s *Service) NewBody(ctx context.Context, p PatientID) (ID, BodyWriter, error) {
	key, _, err := s.Keys.Key(ctx, p)
	if err != nil {
		return "", nil, unavailable("read the data key", err)
	}
	id, err := s.newID(p)
	if err != nil {
		return "", nil, err
	}
	w, err := s.Bodies.Create(ctx, p, id, key)
	if err != nil {
		return "", nil, unavailable("create the body", err)
	}
	return id, w, nil
}

// Receive commits a message whose body is durable. Repeated tells an operator's retry: the body that
// was just written is to be aborted, and the answer is the one of the first time.
//
// A report that comes with a sender of its own, about a message of the patient, is filed as Feedback does
// and nowhere else (D22). An automatic answer is filed too, and shown: what it says may matter (OP7).
func (s *Service) Receive(ctx context.Context, in Incoming) (repeated bool, err error) {
	if in.Feedback != nil {
		outcome, err := s.Feedback(ctx, in.Patient, *in.Feedback)
		if err != nil || outcome == FeedbackNoted && !in.Automatic {
			return false, err
		}
	}
	_, repeated, err = s.admit(ctx, in)
	return repeated, err
}

// admit decides on a professional's message and commits it. To the desk and the API it returns the id of the
// message, which is empty for a [FIN] message that is shown nowhere.
func (s *Service) admit(ctx context.Context, in Incoming) (answer []byte, repeated bool, err error) {
	sender := s.MailboxID(in.From.Address)
	q := FactsQuery{
		Exchanges: append([]rules.MailboxID{sender}, s.mailboxIDsOf(in.ReplyTo)...),
		Repeat:    s.repeatField(in),
	}
	for _, o := range in.Others { // a reply window of theirs may have run out (D8)
		q.Exchanges = append(q.Exchanges, s.MailboxID(o.Address))
	}
	if in.Visit != nil {
		q.Episodes = []rules.VisitID{s.visitID(*in.Visit)}
	}
	if in.Thread != "" {
		q.Conversations = []ID{in.Thread}
	} else {
		for _, ref := range in.References {
			q.Refs = append(q.Refs, s.refField(in.Patient, ref))
		}
	}
	foreign, err := s.foreign(ctx, in)
	if err != nil {
		return nil, false, err
	}
	return s.runAfterEnd(ctx, in.Patient, in.Operation, q, func(l *loaded) (*decision, error) {
		return l.admit(in, q.Repeat, foreign)
	})
}

func (s *Service) mailboxIDsOf(addresses []Address) []rules.MailboxID {
	ids := make([]rules.MailboxID, len(addresses))
	for i, a := range addresses {
		ids[i] = s.MailboxID(a)
	}
	return ids
}

// admit asks rules about a message and prepares what is written.
func (l *loaded) admit(in Incoming, repeatField string, foreign bool) (*decision, error) {
	thread, err := l.threadOf(in)
	if err != nil {
		return nil, err
	}
	fresh, err := l.svc.newID(l.id)
	if err != nil {
		return nil, err
	}
	place := thread
	if place == "" {
		place = fresh
	}
	sender, others := l.know(in.From.Address), l.others(in)
	if in.desk {
		if err := l.mayWrite(sender, in.Acknowledged, len(in.Others) > 0); err != nil {
			return nil, err
		}
	}
	replyTo := make([]rules.MailboxID, len(in.ReplyTo))
	for i, a := range in.ReplyTo {
		replyTo[i] = l.know(a).Mailbox
	}
	visit, boxes := l.visitOf(in, thread, sender.Mailbox, slices.Concat(replyTo, others))
	v := rules.Admit(rules.AdmitFacts{
		Patient: l.state.Patient, Next: l.facts.Version + 1, Message: messageID(place, l.thread[place].Count+1).Message(),
		Sender: sender, ReplyTo: replyTo, With: others, Windows: l.svc.windowsOf(in), Visit: visit, Boxes: boxes,
		Exchange: l.state.Exchanges[sender.Mailbox], Thread: thread.Conversation(), Fresh: fresh.Conversation(),
		Repeat: rules.MessageKey(l.facts.Repeat), Subject: in.Subject, EndHeaders: in.EndHeaders,
		Bytes: in.Bytes, HasContent: in.HasText || in.Attachments > 0, IsReport: in.IsReport, WantsReceipt: in.Receipt.Success,
		Acknowledged: in.Acknowledged != "" && l.opposition(sender).ToPatient, ReplyOutside: in.ReplyOutside,
		Foreign: foreign, FlagForeign: l.svc.FlagWrongPatient,
	}, l.svc.Now())
	if v.Refusal.Refused() || v.Change.Kind == "" {
		return &decision{verdict: v, answer: []byte(v.Change.Message), actor: in.Peer, mailbox: sender.Mailbox}, nil
	}
	if in.desk && thread == "" {
		hidden, r := rules.WriteToMinor(l.state.Patient, in.confidential, l.svc.HideConfidential, l.svc.Now())
		if r.Refused() {
			return &decision{verdict: rules.Verdict{Refusal: r}, actor: in.Peer, mailbox: sender.Mailbox}, nil
		}
		in.hidden = hidden
	}
	told := rules.ReceiptsTo(rules.ReceiptFacts{
		Asked: in.ReadTo, ReturnPath: in.Envelope, From: in.From.Address, ReplyTo: in.ReplyTo, IsReport: in.IsReport,
	})
	if len(told) < len(in.ReadTo) {
		v.Notes |= rules.ReceiptWithheld
	}
	if !v.Change.Shown {
		v.Change.Message = in.Message.Message() // kept for the trace, outside any conversation
	}
	d := l.received(in, v, repeatField, told)
	if in.Visit != nil && thread == "" {
		return d, l.tag(d, *in.Visit, fresh)
	}
	return d, nil
}

// others lists the professionals in To and Cc; an author who put himself there is one of them.
func (l *loaded) others(in Incoming) []rules.MailboxID {
	var ids []rules.MailboxID
	for _, o := range in.Others {
		ids = append(ids, l.know(o.Address).Mailbox)
	}
	return ids // rules take each once
}

// threadOf returns the conversation that the message belongs to or that its references lead to, "" when
// to none, and opens its record.
func (l *loaded) threadOf(in Incoming) (ID, error) {
	if in.Thread != "" {
		if _, ok := l.thread[in.Thread]; !ok {
			return "", &Error{Kind: KindNotFound, Rule: "I246"}
		}
		return in.Thread, nil
	}
	if l.facts.Thread == nil || l.facts.ThreadRecord == nil {
		return "", nil
	}
	id, _, ok := strings.Cut(string(l.facts.Thread), "/")
	if !ok {
		return "", unavailable("read references", errRecord)
	}
	if err := l.addThread(ID(id), l.facts.ThreadRecord); err != nil {
		return "", unavailable("open records", err)
	}
	return ID(id), nil
}

// received lists the records of an admitted message, whose first opening is told to the mailboxes told.
func (l *loaded) received(in Incoming, v rules.Verdict, repeatField string, told []Address) *decision {
	id, thread := ID(v.Change.Message), ID(v.Change.Conversation)
	d := &decision{
		verdict: v, actor: in.Peer, mail: in.MessageID, sum: in.SHA256[:],
		project: append([]rules.MailboxID{v.Change.Mailbox}, v.Change.ReplyTo...), timed: l.copied(in, v),
		labels: map[rules.MailboxID]mailboxLabel{},
	}
	if in.desk { // a server that sends mail is told 250, no id: none is kept for it
		d.answer = []byte(id)
	}
	people := []mailboxLabel{l.svc.label(in.From)}
	for _, a := range in.ReplyTo {
		people = append(people, l.svc.label(NamedAddress{Address: a}))
	}
	for _, p := range people {
		d.labels[rules.MailboxID(p.Mailbox)] = p
	}
	for _, o := range in.Others {
		people = append(people, l.svc.label(o))
	}
	rec := messageRecord{
		Seq: v.Change.Seq, At: toMillis(v.Change.At), From: hexID(v.Change.Mailbox), To: hexIDs(v.Change.With),
		Fin: v.Change.Fin, Attachments: in.Attachments, Bytes: in.Bytes, Body: in.Message,
		Listed: l.svc.Directory.Mailbox(in.From.Address).Kind != "", Repeat: repeatMark(repeatField),
	}
	label := messageLabel{
		MessageID: in.MessageID, Receipt: receiptOf(in), Author: l.svc.signed(in.Peer, v.Change.Mailbox).author(),
		Informed: in.Informed.label(), Acknowledged: in.Acknowledged,
	}
	if label.Author != "" {
		label.AuthorID = in.Peer.ID
	}
	if v.Change.Shown {
		l.converse(d, thread, in.Subject, in.Visit, people)
		d.thread.attached, d.thread.heard, d.thread.hidden = in.Attachments > 0, true, in.hidden
		d.cursor = v.Change.At
		if len(told) > 0 {
			rec.Asked, label.ReadTo, label.ORcpt, d.thread.due = true, boxLabels(told), in.Receipt.ORcpt, d.thread.count
		}
		label.setSubject(in.Subject, l.label[thread].Subject)
	}
	rec.Sealed = l.vault.seal(TableMessages, string(id), label)
	d.records = append(d.records,
		Record{Table: TableMessages, Field: string(id), Value: pack(rec)},
		Record{Table: TableRefs, Field: repeatField, Value: []byte(id)})
	if in.MessageID != "" && v.Change.Shown {
		d.records = append(d.records, l.reference(in.MessageID, thread, id))
	}
	return d
}

// author names the person who acted, when the message was written at the desk or by the API.
func (a Actor) author() string {
	if a.Kind == ActorOperator {
		return ""
	}
	return a.Words()
}

// reference notes a Message-ID, so that answers to it find their conversation. The first holder of an
// id keeps it (docs/design.md).
func (l *loaded) reference(messageID string, thread, message ID) Record {
	return Record{Table: TableRefs, Field: l.svc.refField(l.id, messageID), Value: []byte(thread + "/" + message), IfAbsent: true}
}

// converse prepares the conversation of a message: a new one with its subject, or one message more in
// the one that is there, with whoever is new in it.
func (l *loaded) converse(d *decision, thread ID, subject string, visit *Visit, people []mailboxLabel) {
	r, exists := l.thread[thread]
	label := l.label[thread]
	d.thread = &threadDelta{id: thread, count: r.Count + 1, newLabel: !exists}
	if !exists {
		label.Subject, label.Visit = subject, visit
		d.newIDs = append(d.newIDs, thread)
	}
	label.People = slices.Clip(label.People)
	known := lo.SliceToMap(label.People, func(p mailboxLabel) (hexID, bool) { return p.Mailbox, true })
	for _, p := range people {
		if !known[p.Mailbox] {
			known[p.Mailbox] = true
			label.People = append(label.People, p)
			d.thread.newLabel = true
		}
	}
	d.thread.label, l.label[thread] = label, label
}

// label returns what is kept of a mailbox: its address, and its name as the mail gave it.
func (s *Service) label(n NamedAddress) mailboxLabel {
	return mailboxLabel{Mailbox: hexID(s.MailboxID(n.Address)), Local: n.Address.Local, Domain: n.Address.Domain, Name: n.Name}
}

// receiptOf keeps what a delivery status notification needs, when one was asked for.
func receiptOf(in Incoming) *receiptLabel {
	if !in.Receipt.Success {
		return nil
	}
	return in.receipt("")
}

// receipt keeps what a notification of an arrival, or of a failure, needs.
func (in Incoming) receipt(failure Kind) *receiptLabel {
	return &receiptLabel{
		Local: in.Envelope.Local, Domain: in.Envelope.Domain, EnvID: in.Receipt.EnvID, ORcpt: in.Receipt.ORcpt,
		Full: in.Receipt.Full, Failure: failure,
	}
}
