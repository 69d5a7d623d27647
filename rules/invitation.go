package rules

import "time"

// Limits of delegations.
const (
	MaxCaregivers      = 3 // of one patient, invitations that wait included (R133)
	MaxRepresentatives = 2 // of one patient and kind of law: a second one may be added (R129)
	MaxAssisted        = 5 // whom one caregiver helps (I174)
	// InvitationLasts is how long an invitation waits (R128): long enough for a letter, short enough that a
	// code on a lost piece of paper is worth nothing.
	InvitationLasts = 14 * 24 * time.Hour
	// RestoreWithin is how long who ended a delegation may take it back.
	RestoreWithin = 10 * time.Minute
)

// DelegationFacts is what the commands about delegations need to know.
type DelegationFacts struct {
	Patient Patient
	Next    Seq
	By      Party
	Asks    DelegateID // who asks: the patient himself, or another
	Self    DelegateID // the patient under the name that he would have as another's delegate

	Wish     Delegation    // Invite: ID, Kind and Until; Represent: also Person and Scope
	ID       DelegationID  // of the others
	Underage bool          // Accept, Represent: the person who is to act is a known minor
	Assisted int           // Accept, Restore: how many others the person helps as a caregiver
	Lasts    time.Duration // Invite: how long it waits; 0: InvitationLasts
}

// Invite makes an invitation to act for the patient: of a caregiver by the patient or a representative, of a
// second legal representative by the first one, on his honour (R129, I170). Who acts for a protected adult is
// named by a judge and declared by [Represent] alone. A known minor names nobody: his representatives do.
func Invite(f DelegationFacts, now time.Time) Verdict {
	p, d := f.Patient, f.Wish
	if r := f.mayName(now); r.Refused() {
		return Verdict{Refusal: r}
	}
	switch d.Kind {
	case Caregiver:
	case Parent, Guardian:
		mine, _ := p.ActingFor(f.Asks, now)
		if !p.Minor(now) || !mine.Kind.ofMinor() {
			return refuse(NotGranted, "R129")
		}
	case Protector:
		return refuse(NotGranted, "D28")
	default:
		return refuse(EmptyMessage, "R128")
	}
	if !d.Until.IsZero() && !d.Until.After(now) || d.ID == "" {
		return refuse(EmptyMessage, "D28")
	}
	if p.Minor(now) && (d.Until.IsZero() || p.MinorUntil.Before(d.Until)) { // whom a parent named, the new adult may name anew (R131)
		d.Until = p.MinorUntil
	}
	if p.full(d, now) {
		return refuse(EmptyMessage, "R133")
	}
	lasts := f.Lasts
	if lasts == 0 {
		lasts = InvitationLasts
	}
	d.Person, d.Scope, d.State, d.At, d.Expires = "", "", DelegationPending, now, now.Add(lasts)
	return f.change(DelegateInvited, d, now)
}

// mayName reports whether who asks may name, or dismiss, who acts for the patient.
func (f DelegationFacts) mayName(now time.Time) Refusal {
	p := f.Patient
	switch {
	case !p.Account.Reads():
		return Refusal{PatientOpposed, "D16"}
	case f.By == Holder && f.Asks == f.Self && !p.Minor(now):
		return Refusal{}
	case f.By == Representative:
		if _, rights := p.ActingFor(f.Asks, now); rights.Has(MayGovern) {
			return Refusal{}
		}
		return Refusal{NotGranted, "R133"}
	}
	return Refusal{NotGranted, "I170"}
}

// full reports whether the patient has no room for d beside the delegations that stand.
func (p Patient) full(d Delegation, now time.Time) bool {
	most := MaxRepresentatives
	if d.Kind == Caregiver {
		most = MaxCaregivers
	}
	others := 0
	for _, o := range p.Delegations {
		if o.ID != d.ID && p.stands(o, now) && (o.Kind == d.Kind || o.Kind.ofMinor() && d.Kind.ofMinor()) {
			others++
		}
	}
	return others >= most
}

// Accept lets the person who was invited act from now on (R128). Nobody is his own delegate or a delegate twice, and a
// known minor is nobody's. An invitation that ran out, was withdrawn or was used is like one that never was.
func Accept(f DelegationFacts, now time.Time) Verdict {
	d, refusal := f.invited(now)
	switch {
	case refusal.Refused():
		return Verdict{Refusal: refusal}
	case f.Asks == "" || f.Asks == f.Self || f.Underage:
		return refuse(NotGranted, "R129")
	case d.Kind == Caregiver && f.Assisted >= MaxAssisted:
		return refuse(EmptyMessage, "I174")
	}
	if _, rights := f.Patient.ActingFor(f.Asks, now); rights != 0 {
		return refuse(EmptyMessage, "R128")
	}
	d.Person, d.State, d.Since = f.Asks, DelegationAccepted, now
	return f.change(DelegateAccepted, d, now)
}

// RefuseInvitation ends an invitation by the person invited.
func RefuseInvitation(f DelegationFacts, now time.Time) Verdict {
	d, refusal := f.invited(now)
	switch {
	case refusal.Refused():
		return Verdict{Refusal: refusal}
	case f.Asks == "" || f.Asks == f.Self:
		return refuse(NotGranted, "R129")
	}
	d.State, d.EndedAt, d.EndedBy = DelegationRefused, now, Delegate
	return f.change(DelegateRefused, d, now)
}

// invited returns the invitation of an id that waits.
func (f DelegationFacts) invited(now time.Time) (Delegation, Refusal) {
	d, ok := f.Patient.delegation(f.ID)
	if !ok || f.Patient.DelegationAt(d, now).State != DelegationPending || f.Patient.Died() || !f.Patient.Account.Reads() {
		return Delegation{}, Refusal{NotFound, "R128"}
	}
	return d, Refusal{}
}

// change is the verdict that makes d of a kind of change.
func (f DelegationFacts) change(k ChangeKind, d Delegation, now time.Time) Verdict {
	return Verdict{Change: Change{Kind: k, Seq: f.Next, At: now, Delegation: d}}
}
