package conversations

import (
	"context"
	"time"

	"mesbridge/rules"
)

// Account is the state of a patient's account, with what its holder may ask for.
type Account struct {
	State    rules.AccountState
	Since    time.Time
	Commands []rules.AccountCommand
	Storage  rules.Storage
	// EndsAt is when the law goes on by itself: when a closed account is erased (O113), a suspended one
	// closed (O116); zero in the other states.
	EndsAt time.Time
	Name   string // empty when the account was erased
	// Closure is the zero one when the account was erased.
	Closure Closure
}

// Account tells where an account stands, in any state; KindMailboxUnknown when there never was one.
func (s *Service) Account(ctx context.Context, p PatientID) (Account, error) {
	l, err := s.read(ctx, p, FactsQuery{})
	if err != nil {
		return Account{}, err
	}
	a := l.account()
	if a.State == rules.Purged {
		return a, nil
	}
	if err := l.unlock(ctx); err != nil {
		return Account{}, err
	}
	if err := l.openObjections(); err != nil {
		return Account{}, err
	}
	person, err := l.person()
	a.Name, a.Closure = person.Name, closureOf(l.state.Patient)
	return a, err
}

// account describes the account as it was read.
func (l *loaded) account() Account {
	p := l.state.Patient
	return Account{Storage: p.Storage, State: p.Account, Since: p.Since, Commands: p.Commands(), EndsAt: rules.PeriodEnd(p, l.svc.Periods)}
}

// ManageAccount carries out one command of an account's life for its holder, the administration or the law
// (D16, table 8.2 of operator.md), and returns the account as it then is. Doing it again changes nothing.
//
// When an erasure returns, the patient's data key is destroyed and nothing that it sealed can be read; the
// tombstone stays (O117). A crash on the way is made good by the effect of the same commit.
func (s *Service) ManageAccount(ctx context.Context, actor Actor, by rules.Party, p PatientID, command rules.AccountCommand) (Account, error) {
	if command == rules.EraseAccount {
		return s.eraseAccount(ctx, actor, by, p)
	}
	if err := s.manage(ctx, actor, by, p, command); err != nil {
		return Account{}, err
	}
	return s.Account(ctx, p)
}

// manage decides and commits a command.
func (s *Service) manage(ctx context.Context, actor Actor, by rules.Party, p PatientID, command rules.AccountCommand) error {
	q := FactsQuery{AllExchanges: true} // whose lists have to know that the patient is reached no more
	_, _, err := s.run(ctx, p, "", q, func(l *loaded) (*decision, error) {
		v := rules.ManageAccount(rules.AccountFacts{
			Patient: l.state.Patient, Next: l.facts.Version + 1, Command: command, By: by, Periods: s.Periods,
		}, s.Now())
		d := &decision{verdict: v, actor: actor}
		if v.Effects.Has(rules.Shred) {
			d.timed = l.delegationsEnd()
		}
		return d, nil
	})
	return err
}

// eraseAccount commits the tombstone, then destroys the key; the other matricules of the person come first,
// since nothing else knows them.
func (s *Service) eraseAccount(ctx context.Context, actor Actor, by rules.Party, p PatientID) (Account, error) {
	if l, err := s.read(ctx, p, FactsQuery{}); err != nil {
		return Account{}, err
	} else if l.patient.Account != rules.Purged {
		if err := s.eraseAliases(ctx, actor, l.patient.Aliases); err != nil {
			return Account{}, err
		}
		if err := s.manage(ctx, actor, by, p, rules.EraseAccount); err != nil && KindOf(err) != KindMailboxUnknown {
			return Account{}, err
		}
	}
	ctx = onOwn(ctx) // with the record went whoever acted by it
	if err := s.destroy(ctx, p); err != nil {
		return Account{}, err
	}
	return s.Account(ctx, p)
}

// destroy ends what stays of an erased patient outside the store: the key first, which makes the rest
// unreadable, then the bodies. It does nothing for an account that was opened again.
func (s *Service) destroy(ctx context.Context, p PatientID) error {
	mu := s.queue.of(p)
	mu.Lock()
	defer mu.Unlock()
	l, err := s.read(ctx, p, FactsQuery{})
	switch {
	case err != nil:
		return err
	case l.patient.Account != rules.Purged:
		return nil
	}
	if err := s.Keys.Erase(ctx, p); err != nil {
		return unavailable("erase the data key", err)
	}
	if err := s.Bodies.RemoveAll(ctx, p); err != nil {
		return unavailable("erase the bodies", err)
	}
	return nil
}

// shred is destroy as an effect: it finishes what a crash cut.
func (s *Service) shred(ctx context.Context, e Effect) (time.Time, error) {
	return time.Time{}, s.destroy(ctx, e.Patient)
}

// retire does what the law says when a period has passed: it erases an archive, and closes what was
// suspended too long (O113, O116). An account that moved meanwhile has nothing due.
func (s *Service) retire(ctx context.Context, e Effect) (time.Time, error) {
	l, err := s.read(ctx, e.Patient, FactsQuery{})
	if err != nil {
		return time.Time{}, err
	}
	command := rules.Overdue(l.state.Patient, s.Periods, s.Now())
	if command == "" {
		return rules.PeriodEnd(l.state.Patient, s.Periods), nil
	}
	_, err = s.ManageAccount(ctx, Actor{Kind: ActorSystem}, rules.Law, e.Patient, command)
	return time.Time{}, err
}

// deadlines lists the effects of a verdict that wait for their instant, or destroy what a commit left.
func (l *loaded) deadlines(v rules.Verdict) []Effect {
	var list []Effect
	if v.Effects.Has(rules.Retire) { // one of each account: the newest period counts
		list = append(list, Effect{ID: l.id.Shard() + "k" + string(l.id[2:]), Kind: EffectRetire, At: v.Due})
	}
	if v.Effects.Has(rules.Shred) {
		list = append(list, Effect{ID: l.id.Shard() + "e" + string(l.id[2:]), Kind: EffectShred, At: v.Change.At})
	}
	if v.Effects.Has(rules.EndSessions) {
		list = append(list, l.sessionsEffect(v.Change.At))
	}
	if v.Effects.Has(rules.ComeOfAge) {
		list = append(list, Effect{ID: l.id.Shard() + "j" + string(l.id[2:]), Kind: EffectMajority, At: v.Due})
	}
	if v.Effects.Has(rules.Expunge) {
		place := l.svc.name("expunge", string(l.id)+string(v.Change.Conversation)+string(v.Change.Message))
		list = append(list, Effect{ID: l.id.Shard() + "g" + lowerBase32(place[:15]), Kind: EffectExpunge, At: v.Due})
	}
	return list
}

// sessionsEffect ends the sessions of the patient.
func (l *loaded) sessionsEffect(at time.Time) Effect {
	return Effect{ID: l.id.Shard() + "o" + string(l.id[2:]), Kind: EffectSessions, At: at}
}

// endSessions ends the sessions of a patient whose account closed, or whose matricule leads to another one.
func (s *Service) endSessions(ctx context.Context, e Effect) (time.Time, error) {
	if s.Sessions == nil {
		return time.Time{}, nil
	}
	return time.Time{}, s.Sessions(ctx, e.Patient)
}
