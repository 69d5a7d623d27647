package conversations

import (
	"context"
	"slices"
	"strings"
	"time"

	"mesbridge/rules"
)

// Contacts lists the professionals of the patient, by name.
func (s *Service) Contacts(ctx context.Context, p PatientID) ([]Contact, error) {
	l, err := s.loadAllExchanges(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := l.mayRead(); err != nil {
		return nil, err
	}
	list := make([]Contact, 0, len(l.exchange))
	for m := range l.exchange {
		if l.state.Exchanges[m].Since.IsZero() || !l.exchangeShown(m) { // only ever in copy, or a [FIN] out of the blue (R93, OP21)
			continue
		}
		c, err := l.contact(m)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Contact) int {
		if n := strings.Compare(a.Name, b.Name); n != 0 {
			return n
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	return list, nil
}

// loadAllExchanges reads the patient with every exchange, and looks every mailbox up.
func (s *Service) loadAllExchanges(ctx context.Context, p PatientID) (*loaded, error) {
	l, err := s.load(ctx, p, FactsQuery{AllExchanges: true})
	if err != nil {
		return nil, err
	}
	for m := range l.exchange {
		label, known, err := l.mailboxLabel(m)
		if err != nil {
			return nil, unavailable("open exchanges", err)
		}
		if known {
			l.know(label.address())
		}
	}
	return l, nil
}

// contact returns the patient's side of one loaded exchange.
func (l *loaded) contact(m rules.MailboxID) (Contact, error) {
	label, _, err := l.mailboxLabel(m)
	if err != nil {
		return Contact{}, unavailable("open exchanges", err)
	}
	e, who := l.state.Exchanges[m], l.who.Of(m)
	now := l.svc.Now()
	c := Contact{
		ID: l.svc.exchangeID(l.id, m), Name: l.svc.shownName(label), Kind: who.Kind, Since: e.Since, LastAt: e.LastAt,
		State: rules.ExchangeSeenBy(who, l.state.Patient, e, now),
	}
	if block, ok := l.state.Patient.BlockOf(who, now); ok {
		c.Blocked, c.BlockedTill = true, block.Until
	}
	if e.Ended() {
		c.EndedAt, c.EndedHow = e.EndedAt, e.EndedHow
	}
	c.Contactable = rules.CanContact(l.state.Patient, who, e, now)
	c.OtherBoxes = l.otherBoxes(who)
	return c, nil
}

// otherBoxes names the mailboxes of the same structure that a block of who leaves open (D12).
func (l *loaded) otherBoxes(who rules.Correspondent) []string {
	var names []string
	if who.Structure == "" {
		return nil
	}
	for m := range l.exchange {
		other := l.who.Of(m)
		if m == who.Mailbox || !l.exchangeShown(m) || other.Structure != who.Structure || other.Person != "" && other.Person == who.Person {
			continue
		}
		if label, known, err := l.mailboxLabel(m); err == nil && known {
			names = append(names, l.svc.shownName(label))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Block blocks a professional until an instant, or until lifted when it is zero (D12).
func (s *Service) Block(ctx context.Context, actor Actor, p PatientID, contact ID, until time.Time) (Contact, error) {
	return s.changeBlock(ctx, actor, p, contact, until, rules.Block)
}

// Unblock lifts the block.
func (s *Service) Unblock(ctx context.Context, actor Actor, p PatientID, contact ID) (Contact, error) {
	return s.changeBlock(ctx, actor, p, contact, time.Time{}, rules.Unblock)
}

// changeBlock carries out Block and Unblock, which differ in the rule alone.
func (s *Service) changeBlock(ctx context.Context, actor Actor, p PatientID, contact ID, until time.Time,
	rule func(rules.BlockFacts, time.Time) rules.Verdict,
) (Contact, error) {
	var mailbox rules.MailboxID
	_, _, err := s.run(ctx, p, "", FactsQuery{AllExchanges: true}, func(l *loaded) (*decision, error) {
		m, ok := l.mailboxOf(contact)
		if !ok {
			return nil, &Error{Kind: KindNotFound, Rule: "R71"}
		}
		mailbox = m
		label, _, err := l.mailboxLabel(m)
		if err != nil {
			return nil, unavailable("open exchanges", err)
		}
		if l.state.Patient.Account != rules.Active {
			return nil, &Error{Kind: KindPatientOpposed, Rule: "D16"}
		}
		v := rule(rules.BlockFacts{
			Patient: l.state.Patient, Next: l.facts.Version + 1, Contact: l.know(label.address()),
			Exchange: l.state.Exchanges[m], Until: until,
		}, s.Now())
		return &decision{verdict: v, actor: actor, labels: map[rules.MailboxID]mailboxLabel{m: label}}, nil
	})
	if err != nil {
		return Contact{}, err
	}
	l, err := s.loadAllExchanges(ctx, p)
	if err != nil {
		return Contact{}, err
	}
	return l.contact(mailbox)
}

// mailboxOf finds the mailbox of an exchange id among the loaded exchanges.
func (l *loaded) mailboxOf(exchange ID) (rules.MailboxID, bool) {
	for m := range l.exchange {
		if l.svc.exchangeID(l.id, m) == exchange && l.exchangeShown(m) {
			return m, true
		}
	}
	return "", false
}
