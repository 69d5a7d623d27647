package conversations

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"mesbridge/rules"
)

// Copy is a message written at the desk or by the API, on its way to the mailbox that it was written for (D30), or to
// a professional in copy (R79).
type Copy struct {
	To       Address
	ReplyTo  Address // the author, of a copy to somebody else; zero: nobody
	Subject  string
	QueuedAt time.Time
	Bytes    int64
	Open     func() (io.ReadCloser, error) // the message as the patient got it, the same bytes each time
}

// MaxCopies is to how many professionals a message may be copied.
const MaxCopies = 10

// inCopy names the professionals in copy of a message by the desk or the API. Each must be of the trust space: his
// operator alone may get what is said of a patient (R79, O24).
func (s *Service) inCopy(in ThreadInput) ([]NamedAddress, error) {
	var list []NamedAddress
	seen := map[string]bool{in.Mailbox.Canonical(): true}
	for _, a := range in.CopyTo {
		if strings.EqualFold(a.Domain, s.CitizenDomain) || !s.Directory.Trusted(a.Domain) {
			return nil, &Error{Kind: KindInvalidRequest, Rule: "R79"}
		}
		if seen[a.Canonical()] {
			continue
		}
		seen[a.Canonical()] = true
		list = append(list, NamedAddress{Name: s.shownName(s.label(NamedAddress{Address: a})), Address: a})
	}
	if len(list) > MaxCopies {
		return nil, &Error{Kind: KindInvalidRequest, Rule: "R79"}
	}
	return list, nil
}

// copied are the effects that send what was written at the desk or by the API to the professionals in copy, and to the
// mailbox that it was written for, when copies are asked for; what came by mail is there already.
func (l *loaded) copied(in Incoming, v rules.Verdict) []Effect {
	if !in.desk || !v.Change.Shown {
		return nil
	}
	var list []Effect
	add := func(to rules.MailboxID) {
		list = append(list, Effect{
			ID: l.id.Shard() + "c" + string(in.Message[2:]), Kind: EffectCopy, Message: ID(v.Change.Message),
			Thread: ID(v.Change.Conversation), Mailbox: to, At: v.Change.At,
		})
	}
	if l.svc.Copies {
		add(v.Change.Mailbox)
	}
	for i, o := range in.Others {
		add(l.svc.MailboxID(o.Address))
		list[len(list)-1].ID += "." + strconv.Itoa(i)
	}
	return list
}

// Copy loads what a copy effect sends. KindNotFound means that the message is gone.
func (s *Service) Copy(ctx context.Context, e Effect) (Copy, error) {
	l, m, _, err := s.readDelivery(ctx, e)
	if err != nil {
		return Copy{}, err
	}
	to, ok := l.addressOf(e.Thread, e.Mailbox)
	if !ok {
		return Copy{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	var author Address
	if from := rules.MailboxID(m.From); from != e.Mailbox {
		author, _ = l.addressOf(e.Thread, from)
	}
	return Copy{
		To: to, ReplyTo: author, Subject: l.subject(e.Thread, m), QueuedAt: e.CreatedAt, Bytes: m.Bytes,
		Open: func() (io.ReadCloser, error) { return l.openBody(ctx, m.Body) },
	}, nil
}

// CopyFailed traces that a copy will never arrive at its mailbox.
func (s *Service) CopyFailed(ctx context.Context, e Effect, code string) {
	s.Trace(ctx, Event{
		Kind: TraceCopy, Outcome: OutcomeFailed, Code: code, Rule: "D30", Actor: ActorSystem, Patient: e.Patient, Mailbox: e.Mailbox,
		Conversation: e.Thread, Message: e.Message,
	})
}
