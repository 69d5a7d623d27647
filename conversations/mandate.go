package conversations

import (
	"context"
	"time"

	"mesbridge/rules"
)

// Everything that somebody does for another is done under a context that says so. It is looked at in one place,
// where the patient's record is read for a decision, and at that record's version: a delegation that ended is
// over for the very next command, whatever the caller believed (R135, D17). Under such a context nobody's
// records can be read but those of the two.

// mandate says who acts for whom.
type mandate struct {
	patient  PatientID
	delegate PatientID
}

type mandateKey struct{}

// acting returns a context in which delegate acts for patient.
func acting(ctx context.Context, patient, delegate PatientID) context.Context {
	return context.WithValue(ctx, mandateKey{}, mandate{patient: patient, delegate: delegate})
}

// onOwn returns a context in which nobody acts for another: what the service does after a decision.
func onOwn(ctx context.Context) context.Context {
	return context.WithValue(ctx, mandateKey{}, mandate{})
}

// mandateOf returns who acts for whom in a context.
func mandateOf(ctx context.Context) (mandate, bool) {
	m, _ := ctx.Value(mandateKey{}).(mandate)
	return m, m != mandate{}
}

// delegated is who reads or changes a patient's records for him; zero for everybody else.
type delegated struct {
	delegate   PatientID
	delegation rules.Delegation
	rights     rules.Rights
}

// any reports whether somebody acts for the patient.
func (d delegated) any() bool { return d.delegate != "" }

// takeMandate decides by the patient's record as it was read whether the mandate of ctx holds. One that does not is
// like a patient who is not there.
func (l *loaded) takeMandate(ctx context.Context) error {
	m, given := mandateOf(ctx)
	if !given || l.id == m.delegate {
		return nil
	}
	if l.id != m.patient {
		return &Error{Kind: KindNotFound, Rule: "D28"}
	}
	delegation, rights := l.state.Patient.ActingFor(rules.DelegateID(m.delegate), l.svc.Now())
	if !rights.Has(rules.MayRead) {
		return &Error{Kind: KindNotFound, Rule: "R135"}
	}
	l.by = delegated{delegate: m.delegate, delegation: delegation, rights: rights}
	return nil
}

// permits refuses a change that whoever acts for the patient may not make (R133).
func (l *loaded) permits(k rules.ChangeKind) rules.Refusal {
	if !l.by.any() {
		return rules.Refusal{}
	}
	if need, possible := rules.Needed(k); !possible || !l.by.rights.Has(need) {
		return rules.Refusal{Code: rules.NotGranted, Rule: "R133"}
	}
	return rules.Refusal{}
}

// may is permits for what is no change.
func (l *loaded) may(r rules.Rights) error {
	if l.by.any() && !l.by.rights.Has(r) {
		return &Error{Kind: KindNotGranted, Rule: "R133"}
	}
	return nil
}

// actorKindOf is under which kind somebody who acts by a delegation is traced.
func actorKindOf(k rules.DelegationKind) ActorKind {
	if k.Legal() {
		return ActorRepresentative
	}
	return ActorCaregiver
}

// actor names whoever acts for the patient.
func (l *loaded) actor() (Actor, error) {
	label, err := l.delegateLabel(ID(l.by.delegation.ID))
	return Actor{Kind: actorKindOf(l.by.delegation.Kind), ID: string(l.by.delegate), Name: label.Name}, err
}

// shown reports whether a loaded conversation is there for whoever looks: the patient deleted nothing of it but
// a part, and it is not hidden from those who act for him (D28).
func (l *loaded) shown(id ID) bool {
	r, ok := l.thread[id]
	return ok && r.shown() && !l.hides(r.Hidden)
}

// hides reports whether something hidden is so for whoever looks.
func (l *loaded) hides(hidden bool) bool { return hidden && l.by.any() }

// exchangeShown reports whether a loaded exchange may be told of: one that only confidential messages made is hidden
// as they are.
func (l *loaded) exchangeShown(m rules.MailboxID) bool { return !l.hides(l.exchange[m].Hidden) }

// witness traces what somebody reads for the patient, under his own name (O154, I187). What cannot be traced is not shown.
func (l *loaded) witness(ctx context.Context, k TraceKind, thread, message ID) error {
	if !l.by.any() {
		return nil
	}
	return l.touch(ctx, Actor{}, entryFrame{Kind: k, Conversation: thread, Message: message})
}

// Notifiable reports whether whoever a notification is for is still to be told: the patient always, another while
// he may read for him (R125, R135).
func (s *Service) notifiable(ctx context.Context, e Effect) (bool, error) {
	if e.Mailbox == "" {
		return true, nil
	}
	l, err := s.read(ctx, e.Patient, FactsQuery{})
	switch {
	case KindOf(err) == KindMailboxUnknown && err != nil:
		return false, nil
	case err != nil:
		return false, err
	}
	_, rights := l.state.Patient.ActingFor(rules.DelegateID(e.Mailbox), s.Now())
	return rights.Has(rules.MayRead), nil
}

// onlyNotifiable guards the handler of notifications.
func (s *Service) onlyNotifiable(h EffectHandler) EffectHandler {
	return func(ctx context.Context, e Effect) (time.Time, error) {
		if still, err := s.notifiable(ctx, e); err != nil || !still {
			return time.Time{}, err
		}
		return h(ctx, e)
	}
}

// confidential reports whether a decision is about a conversation that is hidden from who acts for the patient.
func (l *loaded) confidential(d *decision) bool {
	id := ID(d.verdict.Change.Conversation)
	return id != "" && (l.thread[id].Hidden || d.thread != nil && d.thread.id == id && d.thread.hidden)
}

// alsoNotify adds the notifications of those who may read for the patient (R125), unless the message is hidden from
// them (D28).
func (f *following) alsoNotify(d *decision) {
	l := f.l
	if l.confidential(d) {
		return
	}
	for _, who := range l.state.Patient.ActsFor(l.svc.Now()) {
		place := l.svc.name("notify", string(l.id)+string(who.Person))
		f.add(Effect{ID: l.id.Shard() + "n" + lowerBase32(place[:15]), Kind: EffectNotify, Mailbox: rules.MailboxID(who.Person)})
	}
}

// mayManage refuses early what a delegate without that right asks for.
func (s *Service) mayManage(ctx context.Context, p PatientID) error {
	if _, given := mandateOf(ctx); !given {
		return nil
	}
	l, err := s.read(ctx, p, FactsQuery{})
	if err != nil {
		return err
	}
	return l.may(rules.MayManage)
}

// patientSide is the kind of the author of a message from the patient's side.
func (r messageRecord) patientSide() AuthorKind {
	switch r.WrittenBy { //nolint:exhaustive // nobody else writes for a patient
	case ActorRepresentative:
		return FromRepresentative
	case ActorCaregiver:
		return FromCaregiver
	}
	return FromPatient
}
