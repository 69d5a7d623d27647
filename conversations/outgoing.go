package conversations

import (
	"context"
	"errors"
	"io"
	"time"

	"mesbridge/rules"
)

// Sentences that a patient reads beside a message that did not leave.
const (
	withdrawnDetail = "Non remis : l’envoi a été arrêté avant le départ du message. Votre texte est gardé en brouillon."
	partlyDetail    = "Non remis : l’envoi à l’un des destinataires a été arrêté avant le départ du message."
	goneDetail      = "Non remis : ce professionnel ne peut plus être joint par cette messagerie. Contactez-le par téléphone."
)

// Outgoing loads what a deliver effect sends. A rule that changed since the patient sent it may stop it:
// then Outgoing fails with the kind of rules.Deliver's refusal, the outcome is recorded, the text is a
// draft again (D15), and the effect is done. KindNotFound means that the message is gone or was sent.
func (s *Service) Outgoing(ctx context.Context, e Effect) (Outgoing, error) {
	l, m, done, err := s.loadDelivery(ctx, e)
	if err != nil {
		return Outgoing{}, err
	}
	to, ok := l.addressOf(e.Thread, e.Mailbox)
	if !ok || done.State.Settled() {
		return Outgoing{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	v := rules.Deliver(rules.DeliverFacts{
		Patient: l.state.Patient, Sent: m.Seq, To: l.know(to), Author: l.who.Of(rules.MailboxID(m.Answers)),
		Conversation: l.state.Conversations[e.Thread.Conversation()], Exchange: l.state.Exchanges[e.Mailbox],
		Answered: l.state.Exchanges[rules.MailboxID(m.Answers)],
	}, s.Now())
	if v.Refusal.Refused() {
		if err := l.withdraw(ctx, e, m, v.Refusal); err != nil {
			return Outgoing{}, err
		}
		return Outgoing{}, refused(v.Refusal)
	}
	if crossed := v.Notes.Has(rules.Crossed); crossed != done.Crossed {
		if err := s.settle(ctx, e, func(o *outcomeRecord) { o.Crossed = crossed }); err != nil {
			return Outgoing{}, err
		}
	}
	person, err := l.person()
	if err != nil {
		return Outgoing{}, err
	}
	return Outgoing{
		Effect: e, From: rules.CitizenAddress(person.INS, s.CitizenDomain), To: to, Bytes: m.Bytes, QueuedAt: e.CreatedAt,
		EnvID: envelopeID(m.label.MessageID, e.Mailbox), UntrustedSince: done.UntrustedSince.time(),
		Open: func() (io.ReadCloser, error) { return l.openBody(ctx, m.Body) },
	}, nil
}

// loadDelivery reads a message that goes out, or that a notification goes out about, with the exchanges that
// its right depends on, and what became of it so far.
func (s *Service) loadDelivery(ctx context.Context, e Effect) (*loaded, numbered, outcomeRecord, error) {
	for range maxConflicts {
		l, m, done, err := s.readDelivery(ctx, e)
		if err == nil && m.Answers != "" {
			err = l.alsoExchanges(ctx, []rules.MailboxID{rules.MailboxID(m.Answers)})
		}
		if !errors.Is(err, ErrConflict) {
			return l, m, done, err
		}
	}
	return nil, numbered{}, outcomeRecord{}, &Error{Kind: KindStaleState, Rule: "D17"}
}

// readDelivery reads a message on its way, and what became of it so far.
func (s *Service) readDelivery(ctx context.Context, e Effect) (*loaded, numbered, outcomeRecord, error) {
	field := outcomeField(e.Message, e.Mailbox)
	q := FactsQuery{Messages: []ID{e.Message, field}}
	if e.Thread != "" {
		q.Conversations = []ID{e.Thread}
	}
	if e.Mailbox != "" {
		q.Exchanges = []rules.MailboxID{e.Mailbox}
	}
	l, err := s.load(ctx, e.Patient, q)
	if err != nil {
		return nil, numbered{}, outcomeRecord{}, gone(err)
	}
	b, ok := l.facts.Messages[e.Message]
	if !ok {
		return nil, numbered{}, outcomeRecord{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	m, err := l.openMessage(e.Message, b)
	if err != nil {
		return nil, numbered{}, outcomeRecord{}, err
	}
	var done outcomeRecord
	if b := l.facts.Messages[field]; b != nil {
		if err := unpack(b, &done); err != nil {
			return nil, numbered{}, outcomeRecord{}, unavailable("open an outcome", err)
		}
	}
	return l, m, done, nil
}

// gone turns the error of an account that was erased into that of a message that is not there.
func gone(err error) error {
	if KindOf(err) == KindMailboxUnknown {
		return &Error{Kind: KindNotFound, Rule: "O117"}
	}
	return err
}

// withdraw records that a rule stopped a queued message to one mailbox. When it reaches none of its
// recipients any more, its text is a draft again, unless the patient began another (D15). While it reaches
// somebody, a draft of it would only be sent twice: it stays readable where it was sent.
func (l *loaded) withdraw(ctx context.Context, e Effect, m numbered, r rules.Refusal) error {
	stopped := outcomeRecord{State: DeliveryFailed, Detail: partlyDetail}
	if r.Code == rules.MailboxUnknown {
		stopped.Detail = goneDetail
	}
	if err := l.noteOutcome(ctx, e, stopped); err != nil {
		return err
	}
	outcomes, err := l.outcomes(ctx, []numbered{m})
	if err != nil {
		return err
	}
	for _, to := range m.To { // read after our own was written: of several withdrawals at once, the last one sees all
		if outcomes[outcomeField(m.id, rules.MailboxID(to))].State != DeliveryFailed {
			return nil
		}
	}
	if err := l.draftAgain(ctx, e, m); err != nil {
		return err
	}
	for _, to := range m.To {
		e.Mailbox = rules.MailboxID(to)
		if o := outcomes[outcomeField(m.id, e.Mailbox)]; o.Detail == partlyDetail {
			o.Detail = withdrawnDetail
			if err := l.noteOutcome(ctx, e, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// noteOutcome records that a message does not reach one mailbox, unless a report knows better.
func (l *loaded) noteOutcome(ctx context.Context, e Effect, o outcomeRecord) error {
	return l.svc.settle(ctx, e, func(done *outcomeRecord) {
		if next := done.State.After(o.State); next == o.State {
			done.State, done.Detail = next, o.Detail
		}
	})
}

// draftAgain makes the text of a message a draft, unless the patient began another or deleted the
// conversation.
func (l *loaded) draftAgain(ctx context.Context, e Effect, m numbered) error {
	if draft, err := l.draft(e.Thread); l.present(e.Thread) != nil || err == nil && draft != "" {
		return nil
	}
	body, err := l.openBody(ctx, m.Body)
	if err != nil {
		return err
	}
	view, err := l.svc.Mail.View(body)
	_ = body.Close()
	if err != nil {
		return unavailable("read a body", err)
	}
	return l.saveDraft(ctx, Actor{Kind: ActorSystem}, e.Thread, unsigned(view.Text, m.label.Signature))
}

// Delivered records the outcome of an attempt, with its trace; an outcome without a state is an attempt to
// repeat. What a report told meanwhile stands (rules.Fate).
func (s *Service) Delivered(ctx context.Context, e Effect, o Outcome) error {
	return s.delivered(ctx, e, o)
}

func (s *Service) delivered(ctx context.Context, e Effect, o Outcome, more ...Record) error {
	var told []rules.Telling
	if e.Kind == EffectDeliver && o.State == DeliveryFailed {
		told = []rules.Telling{rules.TellingOf(e.Mailbox, e.Message.Message())}
	}
	return s.settleTold(ctx, e, told, func(done *outcomeRecord) {
		state := o.State
		if state == "" {
			state = DeliveryQueued
		}
		if next := done.State.After(state); next == state {
			done.State, done.Detail = next, o.Detail
		}
		done.Code = o.Code
		switch o.Certificate {
		case CertificateGood:
			done.UntrustedSince = 0
		case CertificateBad:
			if done.UntrustedSince == 0 {
				done.UntrustedSince = toMillis(s.Now())
			}
		case CertificateUnseen:
		}
	}, more...)
}

// settle changes what is known of a message's delivery to one mailbox, at the version it was read at and
// with its trace, and writes more beside it. It fails with KindNotFound when the message is gone.
func (s *Service) settle(ctx context.Context, e Effect, change func(*outcomeRecord), more ...Record) error {
	return s.settleTold(ctx, e, nil, change, more...)
}

// settleTold is settle with what the receivers of a mailbox hear of it.
func (s *Service) settleTold(ctx context.Context, e Effect, told []rules.Telling, change func(*outcomeRecord), more ...Record) error {
	field := outcomeField(e.Message, e.Mailbox)
	q := FactsQuery{Messages: []ID{e.Message, field}}
	_, _, err := s.run(ctx, e.Patient, "", q, func(l *loaded) (*decision, error) {
		if l.facts.Messages[e.Message] == nil {
			return nil, &Error{Kind: KindNotFound, Rule: "I246"}
		}
		v := rules.Verdict{Change: l.about(rules.DeliverySettled, e)}
		done, err := l.outcomeOf(field, v.Change.At, change)
		if err != nil {
			return nil, err
		}
		record := Record{Table: TableMessages, Field: string(field), Value: pack(done)}
		d := &decision{
			verdict: v, actor: Actor{Kind: ActorSystem}, records: append([]Record{record}, more...),
			outcome: TraceOutcome(done.State), code: done.Code, told: told,
		}
		if done.State == DeliveryFailed && e.Thread != "" && e.Kind == EffectDeliver {
			d.timed = []Effect{l.standEffect(e.Mailbox, e.Thread, v.Change.At)}
		}
		return d, nil
	})
	return gone(err)
}

// outcomeOf is what is known of a delivery after a change.
func (l *loaded) outcomeOf(field ID, at time.Time, change func(*outcomeRecord)) (done outcomeRecord, err error) {
	if b := l.facts.Messages[field]; b != nil {
		if err := unpack(b, &done); err != nil {
			return outcomeRecord{}, unavailable("open an outcome", err)
		}
	}
	change(&done)
	done.At = toMillis(at)
	return done, nil
}

// Reportable loads what a report effect sends. KindNotFound means that nothing is to be sent any more.
func (s *Service) Reportable(ctx context.Context, e Effect) (Report, error) {
	l, m, done, err := s.loadDelivery(ctx, e)
	if err != nil {
		return Report{}, gone(err)
	}
	if m.label.Receipt == nil || done.State.Settled() {
		return Report{}, &Error{Kind: KindNotFound, Rule: "I246"}
	}
	person, err := l.person()
	if err != nil {
		return Report{}, err
	}
	r := m.label.Receipt
	about := Address{Local: r.AboutLocal, Domain: r.AboutDomain}
	if about.IsZero() {
		about = rules.CitizenAddress(person.INS, s.CitizenDomain)
	}
	return Report{
		To: Address{Local: r.Local, Domain: r.Domain}, From: about,
		MessageID: m.label.MessageID, Subject: l.subject(e.Thread, m), ArrivedAt: m.At.time(),
		Receipt: Receipt{Success: r.Failure == "", EnvID: r.EnvID, ORcpt: r.ORcpt, Full: r.Full}, Failure: r.Failure,
		UntrustedSince: done.UntrustedSince.time(),
	}, nil
}
