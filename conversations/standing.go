package conversations

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// project indexes a conversation and its exchange under a mailbox, for the lists of professionals, and notes
// where both stand there.
func (s *Service) project(ctx context.Context, e Effect) (time.Time, error) {
	return time.Time{}, s.standAs(ctx, e, e.CreatedAt)
}

// stand notes where an exchange stands in the lists of its mailbox, or all exchanges of a patient do, without
// moving them.
func (s *Service) stand(ctx context.Context, e Effect) (time.Time, error) {
	if e.Mailbox != "" {
		return time.Time{}, s.standAs(ctx, e, time.Time{})
	}
	l, err := s.load(ctx, e.Patient, FactsQuery{AllExchanges: true})
	if err != nil {
		_, err = s.absent(ctx, Standing{Patient: e.Patient}, err) // whose exchanges have effects of their own then
		return time.Time{}, err
	}
	for m := range l.exchange {
		st, err := l.pairStanding(m)
		if err != nil {
			return time.Time{}, err
		}
		st.PairAt = time.Time{} // it stays
		if err := s.Store.Stand(ctx, m, st); err != nil {
			return time.Time{}, unavailable("note a standing", err)
		}
	}
	return time.Time{}, nil
}

// list indexes the list of a shared mailbox under one of its users.
func (s *Service) list(ctx context.Context, e Effect) (time.Time, error) {
	if err := s.Store.Index(ctx, e.Mailbox, projected(e)); err != nil {
		return time.Time{}, unavailable("index a mailbox", err)
	}
	return time.Time{}, nil
}

// projected lists what an effect brings to the lists of its mailbox.
func projected(e Effect) []LedgerEntry {
	entries := []LedgerEntry{{Patient: e.Patient, At: e.CreatedAt}}
	if e.Thread != "" {
		entries = append(entries, LedgerEntry{Patient: e.Patient, Thread: e.Thread, At: e.CreatedAt})
	}
	return entries
}

// standAs notes the exchange of an effect, and its conversation, at a new place in the lists: the conversation at an
// instant, unless it is zero, and the exchange at its last message, which the lists tell. So no notice of the service,
// and no end, lifts an exchange. What is there no more stands in none.
func (s *Service) standAs(ctx context.Context, e Effect, at time.Time) error {
	st, err := s.standing(ctx, e.Patient, e.Thread, e.Mailbox)
	if err != nil {
		return err
	}
	if st.ThreadAt = at; at.IsZero() || st.PairAt.IsZero() {
		st.PairAt = at
	}
	if err := s.Store.Stand(ctx, e.Mailbox, st); err != nil {
		return unavailable("note a standing", err)
	}
	return nil
}

// standing finds where an exchange stands, and one of its conversations unless thread is empty.
func (s *Service) standing(ctx context.Context, p PatientID, thread ID, m rules.MailboxID) (Standing, error) {
	gone := Standing{Patient: p, Thread: thread}
	if thread != "" {
		l, err := s.loadThread(ctx, p, thread)
		if err == nil {
			return l.threadStanding(ctx, thread, m)
		}
		if KindOf(err) != KindNotFound { // else it was erased
			return s.absent(ctx, gone, err)
		}
	}
	l, err := s.load(ctx, p, FactsQuery{Exchanges: []rules.MailboxID{m}})
	if err != nil {
		return s.absent(ctx, gone, err)
	}
	st, err := l.pairStanding(m)
	st.Thread = thread
	return st, err
}

// absent is the standing of a patient who is there no more, or whose matricule leads elsewhere: in no list.
func (s *Service) absent(ctx context.Context, st Standing, err error) (Standing, error) {
	var core *Error
	elsewhere := errors.As(err, &core) && core.Rule == "OP17"
	if !elsewhere && KindOf(err) != KindMailboxUnknown {
		return Standing{}, err
	}
	f, err := s.facts(ctx, st.Patient, FactsQuery{})
	st.Version = f.Version
	return st, err
}

// pairStanding finds where a loaded exchange stands, but for what its conversations bring.
func (l *loaded) pairStanding(m rules.MailboxID) (Standing, error) {
	st := Standing{Patient: l.id, Version: l.facts.Version}
	e := l.state.Exchanges[m]
	if e.Since.IsZero() { // a [FIN] out of the blue made no contact (R93)
		return st, nil
	}
	label, _, err := l.mailboxLabel(m)
	if err != nil {
		return Standing{}, unavailable("open exchanges", err)
	}
	st.PairAt = e.LastAt
	st.PairLists = rules.ExchangeLists(rules.ExchangeSeenBy(l.know(label.address()), l.state.Patient, e, l.svc.Now()), e)
	return st, nil
}

// threadStanding finds where a loaded conversation stands, with its exchange. It reads messages only where one of
// them may matter.
func (l *loaded) threadStanding(ctx context.Context, id ID, m rules.MailboxID) (Standing, error) {
	st, err := l.pairStanding(m)
	if err != nil {
		return Standing{}, err
	}
	st.Thread = id
	mine, r := []rules.MailboxID{m}, l.thread[id]
	last, own := r.LastPatient, []rules.DeskMessage(nil)
	if alone := l.alone(id, mine); !alone || r.LastPatient || len(r.Due) > 0 {
		records, err := l.own(ctx, id, mine)
		if err != nil {
			return Standing{}, err
		}
		outcomes, err := l.outcomes(ctx, records)
		if err != nil {
			return Standing{}, err
		}
		own = lo.Map(records, func(r numbered, _ int) rules.DeskMessage {
			return rules.DeskMessage{
				Mine: rules.MailboxID(r.From) == m, Asked: r.Asked, Opened: r.OpenedAt != 0,
				Failed: r.From == "" && outcomes[outcomeField(r.id, m)].State == DeliveryFailed,
			}
		})
		if !alone {
			last = len(records) > 0 && records[0].From == ""
		}
	}
	st.ThreadLists = rules.ThreadLists(l.stateFor(id, mine), l.state.Exchanges[m], last, own)
	return st, nil
}

// standEffect notes anew where a conversation, or an exchange without one, stands in the lists of a mailbox;
// without a mailbox all exchanges of the patient.
func (l *loaded) standEffect(m rules.MailboxID, thread ID, at time.Time) Effect {
	place := l.svc.name("stand", string(m)+string(l.id)+string(thread)+strconv.FormatInt(at.Unix(), 36))
	return Effect{ID: l.id.Shard() + "y" + lowerBase32(place[:15]), Kind: EffectStand, Thread: thread, Mailbox: m, At: at}
}

// restand lists the effects of a change by which exchanges stand in other lists, although nothing was written in
// them: the patient can be reached, or cannot any more (D4), or his message came to nothing.
func (l *loaded) restand(c rules.Change) []Effect {
	switch c.Kind { //nolint:exhaustive // the others are projected, or change nothing that a professional sees
	case rules.BlockSet:
		list := []Effect{l.standEffect("", "", c.At)}
		if until := c.Block.Until; !until.IsZero() {
			list = append(list, l.standEffect("", "", until))
		}
		return list
	case rules.BlockLifted, rules.ObjectionSet, rules.ObjectionLifted, rules.AccountChanged, rules.LifeNoted:
		return []Effect{l.standEffect("", "", c.At)}
	case rules.VisitOpened, rules.VisitClosed:
		if c.Episode.Death || c.Episode.Revived {
			return []Effect{l.standEffect("", "", c.At)}
		}
	case rules.ConversationPurged: // what was erased is unread, and undelivered, no more
		var list []Effect
		for _, m := range labelIDs(l.label[ID(c.Conversation)]) {
			list = append(list, l.standEffect(rules.MailboxID(m), ID(c.Conversation), c.At))
		}
		return list
	case rules.EndPlanned, rules.EndKept:
		return []Effect{l.standEffect(c.Mailbox, "", c.At)}
	case rules.AccountErased:
		var list []Effect
		for m := range l.exchange {
			list = append(list, l.standEffect(m, "", c.At))
		}
		return list
	}
	return nil
}
