package conversations

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// receiptDue is a read receipt that an opening releases: about a message, to one mailbox (O88).
type receiptDue struct {
	message ID
	mailbox rules.MailboxID
}

// ReadReceipt is a message disposition notification to send to one mailbox (R57-R67).
type ReadReceipt struct {
	Next      Address   // the mailbox of this effect
	To        []Address // all who are told, Next among them: they get the same octets (R67)
	From      NamedAddress
	MessageID string // of the message that was opened, without angle brackets; may be empty
	Subject   string
	ORcpt     string // type, a semicolon, and the decoded address; empty when not given
	OpenedAt  time.Time
	By        ActorKind // who opened it (R61)

	UntrustedSince time.Time // as in Outgoing
	attempt        []byte    // names this attempt among all of all processes
}

// Opened notes that the patient, or somebody who acts for him, opened the conversation: it is read, and
// the read receipts due are released, all at once and once for good (R59-R61).
func (s *Service) Opened(ctx context.Context, actor Actor, p PatientID, id ID) error {
	_, _, err := s.run(ctx, p, "", FactsQuery{Conversations: []ID{id}}, func(l *loaded) (*decision, error) {
		return l.opened(ctx, actor, id)
	})
	return err
}

// opened asks rules about an opening, and marks what was due.
func (l *loaded) opened(ctx context.Context, actor Actor, id ID) (*decision, error) {
	if err := l.present(id); err != nil {
		return nil, err
	}
	r := l.thread[id]
	kept := lo.Filter(r.Due, func(n int, _ int) bool { return n > r.Cleared }) // what was deleted unread is told to nobody (R68)
	keys := lo.Map(kept, func(n int, _ int) rules.MessageKey { return messageID(id, n).Message() })
	v := rules.Opened(rules.OpenedFacts{
		Account: l.state.Patient.Account, Next: l.facts.Version + 1, Conversation: id.Conversation(),
		Unread: l.readMark(id) < r.Heard, Due: keys,
	}, l.svc.Now())
	if l.by.any() { // the receipt tells who opened (D22, R61)
		var err error
		if actor, err = l.actor(); err != nil {
			return nil, err
		}
	}
	d := &decision{verdict: v, actor: actor}
	if v.Refusal.Refused() || v.Change.Kind == "" {
		return d, nil
	}
	d.thread = &threadDelta{id: id, count: r.Count, opened: true}
	d.records = []Record{{Table: TableConversations, Field: string(readField(id)), Value: pack(r.Heard)}}
	for _, key := range keys {
		if err := l.release(ctx, d, ID(key), actor); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// release notes the first display of one message, and whom it is told to.
func (l *loaded) release(ctx context.Context, d *decision, message ID, actor Actor) error {
	f, err := l.svc.Store.Facts(ctx, l.id, FactsQuery{Messages: []ID{message}})
	switch {
	case err != nil:
		return unavailable("read messages", err)
	case f.Version != l.facts.Version:
		return ErrConflict
	case f.Messages[message] == nil:
		return nil // it is gone, and nobody opened it (R68)
	}
	m, err := l.openMessage(message, f.Messages[message])
	if err != nil {
		return err
	}
	m.OpenedAt, m.OpenedBy = toMillis(d.verdict.Change.At), actor.Kind
	d.records = append(d.records, Record{Table: TableMessages, Field: string(message), Value: pack(m.messageRecord)})
	d.told = append(d.told, rules.TellingOf(rules.MailboxID(m.From), message.Message()))
	for _, a := range m.label.ReadTo {
		d.receipt = append(d.receipt, receiptDue{message, l.svc.MailboxID(a.address())})
	}
	thread, _, _ := splitAttachment(message)
	d.timed = append(d.timed, l.standEffect(rules.MailboxID(m.From), thread, d.verdict.Change.At))
	return nil
}

// noteReceipts adds a message that asks for a receipt, or forgets all that were due.
func (r *threadRecord) noteReceipts(d *threadDelta) {
	if d.opened {
		r.Due = nil
	}
	if d.due > 0 {
		r.Due = append(slices.Clip(r.Due), d.due)
	}
}

// acknowledge adds the effects of the receipts that a decision releases.
func (f *following) acknowledge(d *decision) error {
	for _, r := range d.receipt {
		if err := f.addNew(Effect{Kind: EffectReceipt, Message: r.message, Mailbox: r.mailbox}); err != nil {
			return err
		}
	}
	return nil
}

// ReadReceipt loads what a receipt effect sends. KindNotFound means that nothing is to be sent any more:
// it was sent, or given up, or its transmission was begun and nobody knows how it ended. A read receipt
// is never repeated (R60). Whoever cannot reach the patient any more gets none, whichever member of the class it
// is: it looks as if the message were not opened (D36).
func (s *Service) ReadReceipt(ctx context.Context, e Effect) (ReadReceipt, error) {
	l, m, done, err := s.loadDelivery(ctx, e)
	if err != nil {
		return ReadReceipt{}, err
	}
	begun := receiptField(e.Message, e.Mailbox)
	f, err := s.Store.Facts(ctx, e.Patient, FactsQuery{Messages: []ID{begun}})
	if err != nil {
		return ReadReceipt{}, unavailable("read receipts", err)
	}
	next, found := lo.Find(m.label.ReadTo, func(a boxLabel) bool { return s.MailboxID(a.address()) == e.Mailbox })
	if !found || done.State.Settled() || f.Messages[begun] != nil {
		return ReadReceipt{}, &Error{Kind: KindNotFound, Rule: "R60"}
	}
	if r := rules.Reach(l.state.Patient, l.know(next.address()), s.Now()); r.Refused() {
		return ReadReceipt{}, &Error{Kind: KindNotFound, Rule: r.Rule}
	}
	person, err := l.person()
	if err != nil {
		return ReadReceipt{}, err
	}
	r := ReadReceipt{
		Next: next.address(), To: lo.Map(m.label.ReadTo, func(a boxLabel, _ int) Address { return a.address() }),
		From:      NamedAddress{Name: person.Name, Address: rules.CitizenAddress(person.INS, s.CitizenDomain)},
		MessageID: m.label.MessageID, Subject: l.subject(e.Thread, m), ORcpt: m.label.ORcpt, OpenedAt: m.OpenedAt.time(), By: m.OpenedBy,
		UntrustedSince: done.UntrustedSince.time(), attempt: make([]byte, attemptBytes),
	}
	if _, err := io.ReadFull(s.Random, r.attempt); err != nil {
		return ReadReceipt{}, &Error{Kind: KindInternal, Err: fmt.Errorf("read random bytes: %w", err)}
	}
	return r, nil
}

// attemptBytes is the length of what names one attempt: no two ever share it.
const attemptBytes = 12

// BeginReceipt claims the one transmission of a receipt, right before its last octet, with its trace. It
// reports false when another attempt, of any process, was first: then this one must not end its message.
func (s *Service) BeginReceipt(ctx context.Context, e Effect, r ReadReceipt) (bool, error) {
	field := receiptField(e.Message, e.Mailbox)
	mine := false
	_, _, err := s.run(ctx, e.Patient, "", FactsQuery{Messages: []ID{field}}, func(l *loaded) (*decision, error) {
		if first := l.facts.Messages[field]; first != nil {
			mine = bytes.Equal(first, pack(r.attempt)) // our own commit, whose answer was lost
			return &decision{}, nil
		}
		mine = true
		return &decision{
			verdict: rules.Verdict{Change: l.about(rules.ReceiptSent, e)}, actor: Actor{Kind: ActorSystem},
			records: []Record{{Table: TableMessages, Field: string(field), Value: pack(r.attempt)}},
		}, nil
	})
	return mine && err == nil, err
}

// ReceiptOutcome records what became of an attempt. One that the server refused for now lets the receipt
// be tried again; the outcome of one that nobody knows is to be sent.
func (s *Service) ReceiptOutcome(ctx context.Context, e Effect, o Outcome) error {
	if o.State == "" {
		return s.delivered(ctx, e, o, Record{Table: TableMessages, Field: string(receiptField(e.Message, e.Mailbox))})
	}
	return s.delivered(ctx, e, o)
}

// about is a change of the given kind that an effect makes.
func (l *loaded) about(kind rules.ChangeKind, e Effect) rules.Change {
	return rules.Change{Kind: kind, Seq: l.facts.Version + 1, At: l.svc.Now(), Message: e.Message.Message(), Mailbox: e.Mailbox}
}

// boxLabels keeps addresses.
func boxLabels(list []Address) []boxLabel {
	return lo.Map(list, func(a Address, _ int) boxLabel { return boxLabel{Local: a.Local, Domain: a.Domain} })
}
