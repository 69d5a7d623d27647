package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"mesbridge/conversations"
)

// Outbox is where replies wait. It is implemented by conversations.Service.
type Outbox interface {
	// Outgoing loads what a deliver effect sends. A permanent kind of error means that there is
	// nothing to send any more.
	Outgoing(ctx context.Context, e conversations.Effect) (conversations.Outgoing, error)
	// Delivered records the outcome of an attempt.
	Delivered(ctx context.Context, e conversations.Effect, o conversations.Outcome) error
}

// Sender delivers patients' replies. It is safe for concurrent use.
type Sender struct {
	client *Client
	outbox Outbox
	log    *slog.Logger
	now    func() time.Time

	running singleflight.Group // by effect: an effect whose lease ran out joins its own first run

	mu         sync.Mutex
	unrecorded map[string]conversations.Outcome // final outcomes that the store did not take yet, by effect
}

// NewSender returns a sender.
func NewSender(c *Client, o Outbox) *Sender {
	return &Sender{
		client: c, outbox: o, log: c.Log, now: c.Now,
		unrecorded: make(map[string]conversations.Outcome),
	}
}

// Deliver makes one attempt at a deliver effect and records its outcome. It returns when to try again,
// or zero when the message was taken or is given up. It fails when the store did not answer, and when
// we stop. A final outcome that could not be recorded is kept, and the next run of the effect records
// it without sending again.
func (s *Sender) Deliver(ctx context.Context, e conversations.Effect) (time.Time, error) {
	again, err, _ := s.running.Do(e.ID, func() (any, error) { return s.deliver(ctx, e) })
	at, _ := again.(time.Time) // always is
	return at, err
}

func (s *Sender) deliver(ctx context.Context, e conversations.Effect) (time.Time, error) {
	if o, ok := s.recall(e); ok {
		return s.record(ctx, e, o, time.Time{})
	}
	m, err := s.outbox.Outgoing(ctx, e)
	if err != nil {
		if conversations.KindOf(err).Temporary() {
			return time.Time{}, err
		}
		return time.Time{}, nil // a rule stopped it, or it was sent before: recorded already
	}
	err = s.client.send(ctx, envelope{
		from: m.From, to: m.To, turn: turn(e), envID: m.EnvID, bytes: m.Bytes, open: m.Open,
	})
	var f *fault
	switch {
	case err == nil:
		s.tell(ctx, slog.LevelInfo, "reply delivered", e, m.To.Domain, codeSent)
		return s.record(ctx, e, conversations.Outcome{State: conversations.DeliverySent, Code: codeSent, Certificate: conversations.CertificateGood}, time.Time{})
	case !errors.As(err, &f):
		return time.Time{}, err // we are stopping
	}
	o, again := outcome(f, e.Attempts+1, patience{m.QueuedAt, m.UntrustedSince, s.client.GiveUp}, s.now())
	level, text := slog.LevelInfo, "reply deferred"
	if again.IsZero() {
		level, text = slog.LevelWarn, "reply given up"
	}
	s.tell(ctx, level, text, e, m.To.Domain, o.Code)
	return s.record(ctx, e, o, again)
}

// codeSent is the code of a message that was taken.
const codeSent = "250"

// outcome is what the n-th failure means for the message.
func outcome(f *fault, n int, p patience, now time.Time) (conversations.Outcome, time.Time) {
	o := conversations.Outcome{Code: f.code, Certificate: f.certificate()}
	again, ok := f.retryAt(n, p, now)
	if ok {
		return o, again
	}
	o.State, o.Detail = conversations.DeliveryFailed, f.sentence(p.giveUp)
	if !f.permanent() {
		o.Code = f.givenUp()
	}
	return o, time.Time{}
}

// turn names one attempt of an effect.
func turn(e conversations.Effect) string { return fmt.Sprintf("%s/%d", e.ID, e.Attempts) }

// record stores an outcome, also while we stop, and passes again on. A message that is gone needs no
// outcome any more.
func (s *Sender) record(ctx context.Context, e conversations.Effect, o conversations.Outcome, again time.Time) (time.Time, error) {
	err := s.outbox.Delivered(context.WithoutCancel(ctx), e, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil || !conversations.KindOf(err).Temporary() {
		delete(s.unrecorded, e.ID)
		return again, nil
	}
	if o.State != "" {
		s.unrecorded[e.ID] = o
	}
	return time.Time{}, err
}

// recall returns the outcome of an earlier run that is still to be recorded.
func (s *Sender) recall(e conversations.Effect) (conversations.Outcome, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.unrecorded[e.ID]
	return o, ok
}

// tell logs an attempt: never an address, a name or a server's words.
func (s *Sender) tell(ctx context.Context, level slog.Level, text string, e conversations.Effect, domain, code string) {
	s.log.LogAttrs(ctx, level, text,
		slog.String("effect", e.ID), slog.String("domain", domain), slog.String("code", code))
}
