package conversations

import (
	"context"
	"io"
	"time"

	"mesbridge/rules"
)

// Copy is a message written at the desk or by the API, on its way to the mailbox that it was written for
// (D30).
type Copy struct {
	To       Address
	Subject  string
	QueuedAt time.Time
	Bytes    int64
	Open     func() (io.ReadCloser, error) // the message as the patient got it, the same bytes each time
}

// copied is the effect that sends a mailbox what was written for it; nil when nobody asks for copies, and for
// what came by mail, which is there already.
func (l *loaded) copied(in Incoming, v rules.Verdict) []Effect {
	if !in.desk || !l.svc.Copies || !v.Change.Shown {
		return nil
	}
	at := v.Change.At
	return []Effect{{
		ID: l.id.Shard() + "c" + string(in.Message[2:]), Kind: EffectCopy, Message: ID(v.Change.Message),
		Thread: ID(v.Change.Conversation), Mailbox: v.Change.Mailbox, At: at,
	}}
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
	return Copy{
		To: to, Subject: l.subject(e.Thread, m), QueuedAt: e.CreatedAt, Bytes: m.Bytes,
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
