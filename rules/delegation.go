package rules

import (
	"slices"
	"time"
)

// DelegateID names a natural person who acts for a patient: opaque, and the same for all patients.
type DelegateID string

// DelegationID names one delegation of a patient.
type DelegationID string

// DelegationKind says by which title somebody acts for a patient (R128, D28).
type DelegationKind string

// Kinds of delegation; the texts are stored and those of the API.
const (
	Parent    DelegationKind = "parent"    // legal representative of a minor
	Guardian  DelegationKind = "guardian"  // of a minor, named by a judge
	Protector DelegationKind = "protector" // in charge of a protected adult, named by a judge
	Caregiver DelegationKind = "caregiver" // aidant: by the patient's own wish
)

// ofMinor reports whether a kind exists for minors alone (R131).
func (k DelegationKind) ofMinor() bool { return k == Parent || k == Guardian }

// Legal reports whether the law, and not the patient's wish, makes somebody act for him.
func (k DelegationKind) Legal() bool { return k.ofMinor() || k == Protector }

// DelegationScope says how far the person in charge of a protected adult may act (D28). The judgment says so;
// the other kinds have none.
type DelegationScope string

// Scopes, each with all of the one before.
const (
	ScopeRead       DelegationScope = "read"       // may read
	ScopeMessages   DelegationScope = "messages"   // and reply
	ScopeEverything DelegationScope = "everything" // and do what the patient himself may
)

// DelegationState is where a delegation stands; the texts are stored.
type DelegationState string

// States in life order. That an invitation or a delegation ran out is not stored: see [Patient.DelegationAt].
const (
	DelegationPending  DelegationState = "pending"  // invited; nobody acts
	DelegationAccepted DelegationState = "accepted" // the only one that gives rights
	DelegationRefused  DelegationState = "refused"  // by the person invited
	DelegationExpired  DelegationState = "expired"  // never stored
	DelegationEnded    DelegationState = "ended"    // withdrawn, given up, or ended by law
)

// Delegation is one person's title to act for a patient, or the invitation to it.
type Delegation struct {
	ID      DelegationID
	Person  DelegateID // empty while an invitation waits
	Kind    DelegationKind
	Scope   DelegationScope // of a Protector
	State   DelegationState
	At      time.Time // invited or declared
	Expires time.Time // first instant at which an invitation can be accepted no more
	Since   time.Time // accepted, or declared
	Until   time.Time // first instant at which it gives no right any more; zero: not announced
	EndedAt time.Time
	EndedBy Party // who ended it
}

// Rights is what one may do with a patient's mailbox.
type Rights uint8

// Rights.
const (
	MayRead   Rights = 1 << iota // conversations, documents, contacts, history
	MayReply                     // and keep drafts
	MayManage                    // delete conversations, keep and delete documents
	MayBlock                     // block professionals, declare oppositions
	MayGovern                    // close, reopen or erase the account; name and dismiss others
	// Everything is what the patient himself may.
	Everything = MayRead | MayReply | MayManage | MayBlock | MayGovern
)

// Has reports whether r holds all of o.
func (r Rights) Has(o Rights) bool { return r&o == o }

// rights returns what a kind of delegation allows when it holds. A caregiver reads and writes, and nothing else
// (R133): neither deletes, nor shares, blocks or closes (I147, R147).
func (d Delegation) rights() Rights {
	switch d.Kind {
	case Parent, Guardian:
		return Everything
	case Caregiver:
		return MayRead | MayReply
	case Protector:
		switch d.Scope {
		case ScopeRead:
			return MayRead
		case ScopeMessages:
			return MayRead | MayReply
		case ScopeEverything:
			return Everything
		}
	}
	return 0
}

// DelegationAt returns a delegation as it stands at now: what ran out is told, and a representation of a minor
// is over from the first instant of majority on (R131, I173). A representation of somebody who is not known to
// be a minor gives no right at all. With the patient's death everything ends (I176).
func (p Patient) DelegationAt(d Delegation, now time.Time) Delegation {
	switch {
	case d.Kind.ofMinor() && (d.Until.IsZero() || p.MinorUntil.Before(d.Until)):
		d.Until = p.MinorUntil
	case d.Kind == Protector && p.Minor(now): // a measure for adults begins with majority
		d.Since = p.MinorUntil
	}
	over := !d.Until.IsZero() && !now.Before(d.Until) || d.Kind.ofMinor() && !p.Minor(now)
	switch {
	case d.State == DelegationPending && (over || !now.Before(d.Expires)):
		d.State = DelegationExpired
	case d.State == DelegationAccepted && (over || p.Died()):
		d.State = DelegationEnded
	}
	return d
}

// gives returns what a delegation allows at now.
func (p Patient) gives(d Delegation, now time.Time) Rights {
	d = p.DelegationAt(d, now)
	if d.State != DelegationAccepted || now.Before(d.Since) {
		return 0
	}
	return d.rights()
}

// ActingFor returns by which delegation a person may act for the patient at now, and what he may do; no right
// at all for anybody else. Of several the one that allows most counts.
func (p Patient) ActingFor(person DelegateID, now time.Time) (Delegation, Rights) {
	var best Delegation
	var rights Rights
	for _, d := range p.Delegations {
		if d.Person != person || person == "" {
			continue
		}
		if r := p.gives(d, now); r > rights {
			best, rights = p.DelegationAt(d, now), r
		}
	}
	return best, rights
}

// ActsFor lists who may read the patient's messages at now, beside himself.
func (p Patient) ActsFor(now time.Time) []Delegation {
	var all []Delegation
	for _, d := range p.Delegations {
		if p.gives(d, now).Has(MayRead) {
			all = append(all, p.DelegationAt(d, now))
		}
	}
	return all
}

// Needed returns the right that a change of the patient's needs from whoever makes it for him. No right is
// enough for what is not the patient's own to do, or for him in person alone, such as accepting the terms of use.
func Needed(k ChangeKind) (Rights, bool) {
	switch k {
	case ConversationOpened:
		return MayRead, true
	case ReplySent:
		return MayReply, true
	case ConversationDeleted, DocumentSaved, DocumentDeleted:
		return MayManage, true
	case BlockSet, BlockLifted, ObjectionSet, ObjectionLifted:
		return MayBlock, true
	case AccountChanged, AccountErased, DelegateInvited, DelegateEnded, DelegateRestored:
		return MayGovern, true
	case MessageReceived, MessageRefused, ExchangeEnded, ConversationEnded, OppositionRecorded, ConversationPurged, TermsAccepted,
		MinorityNoted, VisitOpened, VisitClosed, ClosingAnnounced, VerdictAsked, DeliverySettled, ReportReceived, ReceiptSent,
		DelegateAccepted, DelegateRefused, DelegateDeclared, ProfileNoted, LifeNoted, MatriculeJoined, EndPlanned, EndKept,
		EnrolmentMade, EnrolmentEnded, EnrolmentRefused, SubjectBound, SubjectUnbound, SubjectNoted:
	}
	return 0, false
}

// MajorityOf returns the first instant at which somebody born on a day is of age: 00:00 on the 18th birthday, in
// the place of the law, which is Europe/Paris (D28). Born on 29 February, one is on 1 March of a common year.
func MajorityOf(year int, month time.Month, day int, paris *time.Location) time.Time {
	return time.Date(year+18, month, day, 0, 0, 0, 0, paris).UTC()
}

// delegation returns the delegation of an id.
func (p Patient) delegation(id DelegationID) (Delegation, bool) {
	i := slices.IndexFunc(p.Delegations, func(d Delegation) bool { return d.ID == id })
	if i < 0 {
		return Delegation{}, false
	}
	return p.Delegations[i], true
}

// MaxDelegations is how many delegations of a patient are kept, those that ended long ago left out first: each
// is read with every message, and the journal remembers all.
const MaxDelegations = 20

// delegate puts d in the place of the delegation of its id.
func (p *Patient) delegate(d Delegation, now time.Time) {
	all := slices.DeleteFunc(slices.Clone(p.Delegations), func(o Delegation) bool { return o.ID == d.ID })
	all = append(all, d)
	for len(all) > MaxDelegations {
		i := slices.IndexFunc(all, func(o Delegation) bool { return !p.stands(o, now) })
		if i < 0 {
			break
		}
		all = slices.Delete(all, i, i+1)
	}
	p.Delegations = all
}

// stands reports whether a delegation gives rights, or may still be accepted.
func (p Patient) stands(d Delegation, now time.Time) bool {
	s := p.DelegationAt(d, now).State
	return s == DelegationAccepted || s == DelegationPending
}
