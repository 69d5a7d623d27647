package conversations

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"mesbridge/rules"
)

// MaxDelegateName is the longest name that an invitation takes, in characters.
const MaxDelegateName = 80

// InvitationInput is an invitation to act for a patient.
type InvitationInput struct {
	Kind      rules.DelegationKind
	Name      string    // what the patient calls the person; the person's own name takes its place
	Until     time.Time // end of the delegation; zero: until it is ended
	Operation string    // idempotency key of the caller; empty: none
}

// Delegates lists who acts for the patient, and who was invited, the newest first. Who may not name others is
// told nothing of them (R133).
func (s *Service) Delegates(ctx context.Context, p PatientID) ([]DelegateLine, error) {
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return nil, err
	}
	if err := l.mayRead(); err != nil {
		return nil, err
	}
	if err := l.may(rules.MayGovern); err != nil {
		return nil, err
	}
	all := make([]DelegateLine, 0, len(l.state.Patient.Delegations))
	for _, d := range slices.Backward(l.state.Patient.Delegations) {
		line, err := l.delegateLine(d)
		if err != nil {
			return nil, err
		}
		all = append(all, line)
	}
	return all, nil
}

// delegateLine describes a delegation of the loaded patient to whoever looks.
func (l *loaded) delegateLine(d rules.Delegation) (DelegateLine, error) {
	now := l.svc.Now()
	label, err := l.delegateLabel(ID(d.ID))
	if err != nil {
		return DelegateLine{}, err
	}
	f := l.delegationFacts()
	f.ID = d.ID
	at := l.state.Patient.DelegationAt(d, now)
	line := DelegateLine{
		ID: ID(d.ID), Name: label.Name, Kind: d.Kind, Scope: d.Scope, State: at.State, At: d.At, Since: at.Since, Until: at.Until,
		EndedAt: d.EndedAt, EndedBy: d.EndedBy,
	}
	end, restore := rules.EndDelegation(f, now), rules.Restore(f, now)
	if !end.Refusal.Refused() && end.Change.Kind != "" {
		line.May = append(line.May, ActEnd)
	}
	if !restore.Refusal.Refused() && restore.Change.Kind != "" {
		line.May = append(line.May, ActRestore)
	}
	if at.State == rules.DelegationPending {
		line.Expires = d.Expires
		if len(line.May) > 0 { // who may take it back may give it away
			line.Code = label.Code
		}
	}
	if at.State == rules.DelegationEnded && d.State == rules.DelegationAccepted {
		line.EndedAt = at.Until
	}
	return line, nil
}

// delegationFacts is what rules have to know when whoever looks asks something about the delegations.
func (l *loaded) delegationFacts() rules.DelegationFacts {
	f := rules.DelegationFacts{
		Patient: l.state.Patient, Next: l.facts.Version + 1, By: rules.Holder, Self: rules.DelegateID(l.id), Asks: rules.DelegateID(l.id),
	}
	if l.by.any() {
		f.By, f.Asks = rules.Representative, rules.DelegateID(l.by.delegate)
	}
	return f
}

// Invite makes an invitation to act for the patient, with a code to give to the person by hand (R128, R133).
func (s *Service) Invite(ctx context.Context, actor Actor, p PatientID, in InvitationInput) (DelegateLine, error) {
	name := strings.Join(strings.Fields(in.Name), " ")
	if name == "" || utf8.RuneCountInString(name) > MaxDelegateName {
		return DelegateLine{}, &Error{Kind: KindInvalidRequest, Rule: "R128"}
	}
	code, err := s.newCode(p)
	if err != nil {
		return DelegateLine{}, err
	}
	answer, _, err := s.run(ctx, p, operation("invite", "", in.Operation), FactsQuery{}, func(l *loaded) (*decision, error) {
		f := l.delegationFacts()
		f.Wish = rules.Delegation{ID: rules.DelegationID(code.id(s, p)), Kind: in.Kind, Until: in.Until}
		f.Lasts = s.InvitationFor
		v := rules.Invite(f, s.Now())
		id := ID(v.Change.Delegation.ID)
		return &decision{
			verdict: v, actor: actor, answer: []byte(id), newIDs: []ID{id}, delegate: &delegateLabel{Name: name, Code: string(code)},
		}, nil
	})
	if err != nil {
		return DelegateLine{}, err
	}
	return s.delegateOf(ctx, p, ID(answer))
}

// delegateOf describes one delegation of a patient.
func (s *Service) delegateOf(ctx context.Context, p PatientID, id ID) (DelegateLine, error) {
	l, err := s.load(ctx, p, FactsQuery{})
	if err != nil {
		return DelegateLine{}, err
	}
	at := slices.IndexFunc(l.state.Patient.Delegations, func(d rules.Delegation) bool { return ID(d.ID) == id })
	if at < 0 {
		return DelegateLine{}, &Error{Kind: KindNotFound, Rule: "R128"}
	}
	return l.delegateLine(l.state.Patient.Delegations[at])
}

// EndDelegate ends a delegation of the patient, or withdraws an invitation, at once (R135).
func (s *Service) EndDelegate(ctx context.Context, actor Actor, p PatientID, id ID) error {
	return s.changeDelegate(ctx, actor, p, id, rules.EndDelegation)
}

// RestoreDelegate takes back an end that was a mistake.
func (s *Service) RestoreDelegate(ctx context.Context, actor Actor, p PatientID, id ID) error {
	assisted, err := s.claimAgain(ctx, p, id)
	if err != nil {
		return err
	}
	return s.changeDelegate(ctx, actor, p, id, func(f rules.DelegationFacts, now time.Time) rules.Verdict {
		f.Assisted = assisted
		return rules.Restore(f, now)
	})
}

// changeDelegate carries out a command about one delegation for whoever acts in ctx.
func (s *Service) changeDelegate(ctx context.Context, actor Actor, p PatientID, id ID,
	rule func(rules.DelegationFacts, time.Time) rules.Verdict,
) error {
	return s.decideDelegate(ctx, p, func(l *loaded) (*decision, error) {
		f := l.delegationFacts()
		f.ID = rules.DelegationID(id)
		return &decision{verdict: rule(f, s.Now()), actor: actor}, nil
	})
}

// decideDelegate commits what decide says of one delegation, and notes it with the person concerned.
func (s *Service) decideDelegate(ctx context.Context, p PatientID, decide func(*loaded) (*decision, error)) error {
	var person rules.DelegateID
	_, _, err := s.run(ctx, p, "", FactsQuery{}, func(l *loaded) (*decision, error) {
		d, err := decide(l)
		if err != nil {
			return nil, err
		}
		if person = d.verdict.Change.Delegation.Person; person != "" {
			d.timed = append(d.timed, l.profileEffect(PatientID(person)))
		}
		return d, nil
	})
	if err != nil || person == "" {
		return err
	}
	s.noteSoon(onOwn(ctx), p, PatientID(person))
	return nil
}
