package conversations

import (
	"context"
	"slices"

	"github.com/samber/lo"

	"mesbridge/rules"
)

// EndExchange ends the exchange, as [FIN] does (D6). Ending it again changes nothing.
func (s *Service) EndExchange(ctx context.Context, actor Actor, mailboxes []Address, id ID) (ExchangeLine, error) {
	return s.onExchange(ctx, mailboxes, id, func(l *loaded, m rules.MailboxID) *decision {
		v := rules.EndExchange(m, l.state.Exchanges[m], l.facts.Version+1, rules.ByAPI, s.Now())
		return &decision{verdict: v, actor: actor, project: []rules.MailboxID{m}}
	})
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
	_, _, err := s.runAfterEnd(ctx, p, "", FactsQuery{Conversations: []ID{id}, Exchanges: []rules.MailboxID{m}},
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
	p, a, err := s.pair(ctx, mailboxes, exchange)
	if err != nil {
		return nil, err
	}
	ids, err := s.threadsOf(ctx, p)
	if err != nil {
		return nil, err
	}
	mine := []rules.MailboxID{s.MailboxID(a)}
	var lines []ThreadLine
	for some := range slices.Chunk(ids, MaxPage) {
		l, err := s.loadThreads(ctx, p, some)
		if err != nil {
			return nil, err
		}
		for _, id := range some {
			if _, there := l.thread[id]; !there || l.stateFor(id, mine) != rules.ThreadOpen {
				continue
			}
			line, err := l.lineFor(ctx, id, mine)
			if err != nil {
				return nil, err
			}
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// threadsOf lists the conversations of a patient, those that he deleted included: what a professional wrote in
// them still counts for him.
func (s *Service) threadsOf(ctx context.Context, p PatientID) (ids []ID, err error) {
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return nil, err
	}
	var from InboxEntry
	for {
		entries, err := s.Store.Inbox(ctx, p, from, MaxPage)
		if err != nil {
			return nil, unavailable("list the inbox", err)
		}
		if ids = append(ids, idsOf(entries)...); len(entries) < MaxPage {
			return lo.Uniq(append(ids, l.patient.Trash...)), nil // one in the trash may have begun anew
		}
		from = entries[len(entries)-1]
	}
}
