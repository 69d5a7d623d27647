package conversations

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"mesbridge/rules"
)

// Reply sends the patient's reply, or fails with the code of Thread's Reply. A refused text is kept as
// the conversation's draft, and nothing is sent (D7). The same Operation gives the same message.
func (s *Service) Reply(ctx context.Context, actor Actor, p PatientID, id ID, in ReplyInput) (Message, error) {
	if err := s.scan(ctx, in.Attachments); err != nil {
		s.keepRefused(ctx, actor, p, id, in.Text, err)
		return Message{}, err
	}
	var written replyBody
	answer, _, err := s.runAfterEnd(ctx, p, operation("reply", id, in.Operation), FactsQuery{Conversations: []ID{id}},
		func(l *loaded) (*decision, error) { return l.reply(ctx, actor, id, in, &written) })
	if err != nil {
		s.keepRefused(ctx, actor, p, id, in.Text, err)
		return Message{}, errors.Join(err, written.abort())
	}
	l, err := s.loadThread(ctx, p, id)
	if err != nil {
		return Message{}, err
	}
	r, err := l.oneRecord(ctx, ID(answer))
	if err != nil {
		return Message{}, err
	}
	m, err := l.message(ctx, id, r, nil)
	if err != nil {
		return Message{}, err
	}
	person, err := l.person()
	if m.Mine = true; m.AuthorKind == FromPatient {
		m.Author = person.Name
	}
	return m, err
}

// operation names a command of a caller, empty when he gave no key: then nothing is deduplicated.
func operation(command string, id ID, key string) string {
	if key == "" {
		return ""
	}
	return command + "/" + string(id) + "/" + key
}

// keepRefused keeps a refused text as a draft. A failure is logged: the refusal itself is the answer.
func (s *Service) keepRefused(ctx context.Context, actor Actor, p PatientID, id ID, text string, refusal error) {
	if k := KindOf(refusal); k.Temporary() || k == KindNotFound || text == "" {
		return
	}
	if err := s.SaveDraft(ctx, actor, p, id, text); err != nil {
		s.Log.WarnContext(ctx, "draft not kept", "kind", KindOf(err))
	}
}

// replyBody is the stored content of a reply that is being decided.
type replyBody struct {
	id ID
	w  BodyWriter
}

// abort drops what was written, unless it was committed.
func (b *replyBody) abort() error {
	if b.w == nil {
		return nil
	}
	if err := b.w.Abort(); err != nil {
		return fmt.Errorf("drop a body: %w", err)
	}
	return nil
}

// reply asks rules, writes the content and prepares the records.
func (l *loaded) reply(ctx context.Context, actor Actor, id ID, in ReplyInput, written *replyBody) (*decision, error) {
	if err := l.present(id); err != nil {
		return nil, err
	}
	if err := l.alsoExchanges(ctx, mailboxesOf(l.state.Conversations[id.Conversation()])); err != nil {
		return nil, err
	}
	message := messageID(id, l.thread[id].Count+1)
	f := rules.ReplyFacts{
		Right: l.right(id), Next: l.facts.Version + 1, Conversation: id.Conversation(), Message: message.Message(),
		Choice: in.Choice, HasText: strings.TrimSpace(in.Text) != "", MaxBytes: l.svc.MaxReplyBytes,
	}
	now := l.svc.Now()
	verdict := rules.Reply(f, now)
	if verdict.Refusal.Refused() {
		return &decision{verdict: verdict, actor: actor}, nil
	}
	if r := l.permits(verdict.Change.Kind); r.Refused() { // before anything is stored
		return &decision{verdict: rules.Verdict{Refusal: r}, actor: actor}, nil
	}
	draft, err := l.replyDraft(ctx, id, f.Right.Message, in, verdict.Change)
	if err != nil {
		return nil, err
	}
	signed := ""
	if l.by.any() {
		if actor, err = l.actor(); err != nil {
			return nil, err
		}
		signed = signature(l.by.delegation.Kind, actor.Name, draft.From.Name)
		draft.Text += "\n\n" + signed
	}
	sum, err := l.writeReply(ctx, draft, written)
	if err != nil {
		return nil, err
	}
	f.Bytes = sum.size
	if verdict = rules.Reply(f, now); verdict.Refusal.Refused() {
		return &decision{verdict: verdict, actor: actor}, nil
	}
	if err := written.w.Commit(); err != nil {
		return nil, unavailable("store the body", err)
	}
	d := l.replied(actor, id, verdict, messageRecord{
		Answers: hexID(f.Right.With), Attachments: len(in.Attachments), Bytes: sum.size, Body: written.id,
	}, messageLabel{MessageID: draft.MessageID, Signature: signed})
	d.sum = sum.sum()
	return d, nil
}

// replyDraft addresses the reply: to the mailboxes that rules named, as an answer to the message that
// governs (R156-R158, D10). Its Message-ID tells nothing of the conversation, which others may share: not
// how many messages it has, either (D34).
func (l *loaded) replyDraft(ctx context.Context, id ID, answers rules.MessageKey, in ReplyInput, c rules.Change) (Draft, error) {
	person, err := l.person()
	if err != nil {
		return Draft{}, err
	}
	answered, err := l.oneRecord(ctx, ID(answers))
	if err != nil {
		return Draft{}, err
	}
	d := Draft{
		MessageID: lowerBase32(l.svc.name("message", string(l.id)+string(c.Message))[:20]) + "@" + l.svc.CitizenDomain,
		Date:      c.At, From: NamedAddress{Name: person.Name, Address: rules.CitizenAddress(person.INS, l.svc.CitizenDomain)},
		Subject: rules.ReplySubject(l.subject(id, answered)), InReplyTo: answered.label.MessageID,
		Text: in.Text, Attachments: in.Attachments,
	}
	if d.References, err = l.references(ctx, answered); err != nil {
		return Draft{}, err
	}
	names := l.names(id)
	for _, m := range c.To {
		if a, ok := l.addressOf(id, m); ok {
			d.To = append(d.To, NamedAddress{Name: names[m], Address: a})
		}
	}
	return d, nil
}

// subject returns the stored subject of a message.
func (l *loaded) subject(thread ID, m numbered) string {
	if m.label.Subject != "" {
		return m.label.Subject
	}
	return m.label.Prefix + l.label[thread].Subject
}

// references reads from the bytes of the message answered what a reply refers to.
func (l *loaded) references(ctx context.Context, answered numbered) ([]string, error) {
	body, err := l.openBody(ctx, answered.Body)
	if err != nil {
		return nil, err
	}
	refs, err := l.svc.Mail.References(body)
	if err := errors.Join(err, body.Close()); err != nil {
		return nil, unavailable("read a body", err)
	}
	return refs, nil
}

// writeReply composes the reply into a fresh body, dropping the one of an earlier round.
func (l *loaded) writeReply(ctx context.Context, d Draft, written *replyBody) (*tally, error) {
	if err := written.abort(); err != nil {
		return nil, err
	}
	id, w, err := l.svc.NewBody(ctx, l.id)
	if err != nil {
		return nil, err
	}
	written.id, written.w = id, w
	sum := newTally()
	if err := l.svc.Mail.Compose(d, io.MultiWriter(w, sum)); err != nil {
		return nil, unavailable("compose the reply", err)
	}
	return sum, nil
}

// replied lists the records of an accepted reply. The conversation's draft goes with the same commit.
func (l *loaded) replied(actor Actor, id ID, v rules.Verdict, rec messageRecord, label messageLabel) *decision {
	message := ID(v.Change.Message)
	d := &decision{
		verdict: v, answer: []byte(message), actor: actor, cursor: v.Change.At, mail: label.MessageID,
		deliver: v.Change.To, project: v.Change.To, labels: map[rules.MailboxID]mailboxLabel{},
	}
	for _, p := range l.label[id].People {
		if slices.Contains(v.Change.To, rules.MailboxID(p.Mailbox)) {
			d.labels[rules.MailboxID(p.Mailbox)] = p
		}
	}
	l.converse(d, id, "", nil, nil)
	d.thread.attached = rec.Attachments > 0
	rec.Seq, rec.At, rec.To = v.Change.Seq, toMillis(v.Change.At), hexIDs(v.Change.To)
	if l.by.any() {
		rec.WrittenBy, label.Author = actor.Kind, actor.Name
	}
	rec.Sealed = l.vault.seal(TableMessages, string(message), label)
	d.records = []Record{
		{Table: TableMessages, Field: string(message), Value: pack(rec)},
		l.reference(label.MessageID, id, message),
		{Table: TableConversations, Field: string(draftField(id))},
	}
	return d
}

// oneRecord reads one message of the patient.
func (l *loaded) oneRecord(ctx context.Context, id ID) (numbered, error) {
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: []ID{id}})
	if err != nil {
		return numbered{}, unavailable("read messages", err)
	}
	return l.openMessage(id, f.Messages[id])
}
