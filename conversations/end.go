package conversations

import (
	"context"

	"mesbridge/rules"
)

// EndExchange ends the exchange, as [FIN] does (D6). Ending it again changes nothing.
func (s *Service) EndExchange(ctx context.Context, actor Actor, mailboxes []Address, id ID) (ExchangeLine, error) {
	p, a, err := s.pair(ctx, mailboxes, id)
	if err != nil {
		return ExchangeLine{}, err
	}
	m := s.MailboxID(a)
	_, _, err = s.run(ctx, p, "", FactsQuery{Exchanges: []rules.MailboxID{m}}, func(l *loaded) (*decision, error) {
		v := rules.EndExchange(m, l.state.Exchanges[m], l.facts.Version+1, rules.ByAPI, s.Now())
		return &decision{verdict: v, actor: actor, project: []rules.MailboxID{m}}, nil
	})
	if err != nil {
		return ExchangeLine{}, err
	}
	return s.exchange(ctx, p, a)
}

// EndThread ends one conversation for those of mailboxes that speak in it (D6). Ending it again changes
// nothing.
func (s *Service) EndThread(ctx context.Context, actor Actor, mailboxes []Address, id ID) (Thread, error) {
	l, mine, err := s.threadOfMailboxes(ctx, mailboxes, id)
	if err != nil {
		return Thread{}, err
	}
	ended := false
	for _, m := range mine {
		err := s.endThread(ctx, actor, l.id, id, m)
		switch {
		case KindOf(err) == KindNotFound && err != nil: // in copy only: nothing of it to end
		case err != nil:
			return Thread{}, err
		default:
			ended = true
		}
	}
	if !ended {
		return Thread{}, &Error{Kind: KindNotFound, Rule: "R85"}
	}
	return s.ThreadFor(ctx, mailboxes, id)
}

// endThread ends a conversation for one mailbox.
func (s *Service) endThread(ctx context.Context, actor Actor, p PatientID, id ID, m rules.MailboxID) error {
	_, _, err := s.run(ctx, p, "", FactsQuery{Conversations: []ID{id}, Exchanges: []rules.MailboxID{m}},
		func(l *loaded) (*decision, error) {
			c := l.state.Conversations[id.Conversation()]
			v := rules.EndConversation(m, c, l.state.Exchanges, l.facts.Version+1, rules.ByAPI, s.Now())
			return &decision{verdict: v, actor: actor, project: []rules.MailboxID{m}}, nil
		})
	return err
}

// Silenced lists the conversations that an end of the exchange would silence now, so that the caller can
// see them first (D6).
func (s *Service) Silenced(ctx context.Context, mailboxes []Address, exchange ID) ([]ThreadLine, error) {
	_, a, err := s.pair(ctx, mailboxes, exchange)
	if err != nil {
		return nil, err
	}
	page, err := s.Threads(ctx, a, Filter{State: rules.ThreadOpen, Patient: exchange, Limit: MaxPage})
	return page.Items, err
}
