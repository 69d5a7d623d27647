package conversations

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"mesbridge/rules"
)

// invitationTries is how many codes one person may try in an hour: mistakes are few, and a guess has no chance.
const invitationTries = 30

// Invitation is an invitation as the person invited sees it.
type Invitation struct {
	Patient string // name
	Kind    rules.DelegationKind
	Expires time.Time
	Until   time.Time
}

// Invitation tells what a code invites to; KindNotFound for one that waits no more or never did.
func (s *Service) Invitation(ctx context.Context, person PatientID, code string) (Invitation, error) {
	p, id, err := s.invitation(ctx, person, code)
	if err != nil {
		return Invitation{}, err
	}
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return Invitation{}, unknownInvitation(err)
	}
	f := rules.DelegationFacts{Patient: l.state.Patient, ID: id, Asks: rules.DelegateID(person), Self: rules.DelegateID(p)}
	if v := rules.RefuseInvitation(f, s.Now()); v.Refusal.Refused() {
		return Invitation{}, refused(v.Refusal)
	}
	patient, err := l.person()
	if err != nil {
		return Invitation{}, err
	}
	at := slices.IndexFunc(l.state.Patient.Delegations, func(d rules.Delegation) bool { return d.ID == id })
	d := l.state.Patient.DelegationAt(l.state.Patient.Delegations[at], s.Now())
	return Invitation{Patient: patient.Name, Kind: d.Kind, Expires: d.Expires, Until: d.Until}, nil
}

// unknownInvitation hides that a patient's account is gone.
func unknownInvitation(err error) error {
	if KindOf(err) == KindMailboxUnknown {
		return &Error{Kind: KindNotFound, Rule: "R128"}
	}
	return err
}

// invitation finds what a code leads to. Every code that is tried is counted.
func (s *Service) invitation(ctx context.Context, person PatientID, code string) (PatientID, rules.DelegationID, error) {
	caller := hex.EncodeToString(s.name("invitations of", string(person))[:16])
	calls, left, err := s.Store.Count(ctx, caller, time.Hour)
	switch {
	case err != nil:
		return "", "", unavailable("count a code", err)
	case calls > invitationTries:
		return "", "", &Error{Kind: KindRateLimited, Rule: "R128", RetryAfter: left}
	}
	c, shard, err := parseCode(code)
	if err != nil {
		return "", "", err
	}
	id := c.in(s, shard)
	p, err := s.owner(ctx, id)
	return p, rules.DelegationID(id), err
}

// AcceptInvitation lets the person act for the patient from now on, and returns for whom (R128).
func (s *Service) AcceptInvitation(ctx context.Context, person PatientID, code string) (Profile, error) {
	p, id, err := s.invitation(ctx, person, code)
	if err != nil {
		return Profile{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, claimPeriod/2)
	defer cancel()
	self, assisted, err := s.candidate(ctx, person, p, id)
	if err != nil {
		return Profile{}, unknownInvitation(err)
	}
	err = s.decideDelegate(ctx, p, func(l *loaded) (*decision, error) {
		v := rules.Accept(s.accepting(l, self, id, assisted), s.Now())
		who, err := self.person()
		return &decision{
			verdict: v, delegate: &delegateLabel{Name: who.Name},
			actor: Actor{Kind: actorKindOf(v.Change.Delegation.Kind), ID: string(person), Name: who.Name},
		}, err
	})
	if err != nil {
		return Profile{}, unknownInvitation(err)
	}
	return s.profile(ctx, person, p)
}

// candidate reads the record of a person who is to act for a patient, and how many others he helps as a caregiver, or is
// about to. His own account has to be one that reads: who was suspended acts for nobody.
func (s *Service) candidate(ctx context.Context, person, p PatientID, id rules.DelegationID) (self *loaded, assisted int, err error) {
	if self, err = s.load(ctx, person, FactsQuery{}); err != nil {
		return nil, 0, err
	}
	if err := self.mayRead(); err != nil {
		return nil, 0, err
	}
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return nil, 0, err
	}
	v := rules.Accept(s.accepting(l, self, id, 0), s.Now())
	if v.Refusal.Refused() || v.Change.Delegation.Kind != rules.Caregiver { // a place is claimed for what can be had
		return self, 0, nil
	}
	assisted, err = s.claim(ctx, person, p)
	return self, assisted, err
}

// accepting is what rules have to know of a person who accepts an invitation.
func (s *Service) accepting(l, self *loaded, id rules.DelegationID, assisted int) rules.DelegationFacts {
	return rules.DelegationFacts{
		Patient: l.state.Patient, Next: l.facts.Version + 1, ID: id, Asks: rules.DelegateID(self.id), Self: rules.DelegateID(l.id),
		Underage: self.state.Patient.Minor(s.Now()), Assisted: assisted,
	}
}

// RefuseInvitation ends an invitation by the person invited.
func (s *Service) RefuseInvitation(ctx context.Context, person PatientID, code string) error {
	p, id, err := s.invitation(ctx, person, code)
	if err != nil {
		return err
	}
	self, err := s.Patient(ctx, person)
	if err != nil {
		return err
	}
	err = s.decideDelegate(ctx, p, func(l *loaded) (*decision, error) {
		v := rules.RefuseInvitation(rules.DelegationFacts{
			Patient: l.state.Patient, Next: l.facts.Version + 1, ID: id, Asks: rules.DelegateID(person), Self: rules.DelegateID(p),
		}, s.Now())
		return &decision{
			verdict: v, actor: Actor{Kind: actorKindOf(v.Change.Delegation.Kind), ID: string(person), Name: self.Name},
		}, nil
	})
	return unknownInvitation(err)
}

// GiveUp ends every delegation by which a person acts for a patient, by the person's own wish (R135). KindNotFound
// when there is none.
func (s *Service) GiveUp(ctx context.Context, actor Actor, person, p PatientID) error {
	for given := 0; ; given++ {
		more, err := s.giveUpOne(ctx, actor, person, p)
		switch {
		case err != nil:
			return err
		case !more && given == 0:
			return &Error{Kind: KindNotFound, Rule: "R135"}
		case !more:
			return nil
		}
	}
}

// giveUpOne ends one of the delegations, and reports whether there was one.
func (s *Service) giveUpOne(ctx context.Context, actor Actor, person, p PatientID) (found bool, err error) {
	err = s.decideDelegate(ctx, p, func(l *loaded) (*decision, error) {
		held, rights := l.state.Patient.ActingFor(rules.DelegateID(person), s.Now())
		if found = rights != 0; !found {
			return &decision{}, nil
		}
		if actor.Kind != ActorSystem {
			actor.Kind = actorKindOf(held.Kind)
		}
		return &decision{actor: actor, verdict: rules.EndDelegation(rules.DelegationFacts{
			Patient: l.state.Patient, Next: l.facts.Version + 1, By: rules.Delegate, Asks: rules.DelegateID(person),
			Self: rules.DelegateID(p), ID: held.ID,
		}, s.Now())}, nil
	})
	return found, err
}

// RepresentationInput is a legal representation that a listed agent declares (D28).
type RepresentationInput struct {
	Person PatientID // who acts; he needs an account
	Kind   rules.DelegationKind
	Scope  rules.DelegationScope // of a person in charge of a protected adult
	Until  time.Time             // as the judgment says; zero: none said
}

// Represent declares who acts for a patient by law, on papers that the actor has seen (R129). Doing it again changes nothing.
func (s *Service) Represent(ctx context.Context, actor Actor, p PatientID, in RepresentationInput) error {
	self, err := s.load(ctx, in.Person, FactsQuery{})
	if err != nil {
		return err
	}
	who, err := self.person()
	if err != nil {
		return err
	}
	id, err := s.newID(p)
	if err != nil {
		return err
	}
	return s.decideDelegate(ctx, p, func(l *loaded) (*decision, error) {
		v := rules.Represent(rules.DelegationFacts{
			Patient: l.state.Patient, Next: l.facts.Version + 1, By: rules.Administration, Self: rules.DelegateID(p),
			Wish:     rules.Delegation{ID: rules.DelegationID(id), Person: rules.DelegateID(in.Person), Kind: in.Kind, Scope: in.Scope, Until: in.Until},
			Underage: self.state.Patient.Minor(s.Now()),
		}, s.Now())
		return &decision{verdict: v, actor: actor, delegate: &delegateLabel{Name: who.Name}}, nil
	})
}

// Dismiss ends every delegation by which a person acts for a patient, by a listed agent: a judgment, or the protection of
// somebody who cannot ask for it himself (R135). Ending none changes nothing.
func (s *Service) Dismiss(ctx context.Context, actor Actor, p, person PatientID) error {
	for {
		found := false
		err := s.decideDelegate(ctx, p, func(l *loaded) (*decision, error) {
			held, rights := l.state.Patient.ActingFor(rules.DelegateID(person), s.Now())
			if found = rights != 0; !found {
				return &decision{}, nil
			}
			return &decision{actor: actor, verdict: rules.EndDelegation(rules.DelegationFacts{
				Patient: l.state.Patient, Next: l.facts.Version + 1, By: rules.Administration, Self: rules.DelegateID(p), ID: held.ID,
			}, s.Now())}, nil
		})
		if err != nil || !found {
			return err
		}
	}
}
