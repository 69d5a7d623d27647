package rules

import "time"

// Represent declares who acts for the patient by law: a parent or guardian of a known minor, or the person in
// charge of a protected adult with the scope and end of the judgment (D28, R129). The administration alone does
// it, on papers that it has seen. The same again changes nothing; another scope or end takes the place of the
// one before.
func Represent(f DelegationFacts, now time.Time) Verdict {
	p, d := f.Patient, f.Wish
	switch {
	case f.By != Administration || d.Kind == Caregiver:
		return refuse(NotGranted, "R129")
	case p.Account == "" || p.Account == Absent || p.Account == Purged:
		return refuse(NotFound, "R140")
	case !d.Kind.Legal(), d.ID == "", d.Person == "", d.Person == f.Self, f.Underage, (d.Kind == Protector) != d.Scope.known(),
		d.Kind.ofMinor() != p.Minor(now), !d.Until.IsZero() && !d.Until.After(now):
		return refuse(EmptyMessage, "D28")
	}
	for _, o := range p.Delegations {
		if o.Person != d.Person || o.Kind != d.Kind || p.DelegationAt(o, now).State != DelegationAccepted {
			continue
		}
		if o.Scope == d.Scope && o.Until.Equal(d.Until) {
			return Verdict{}
		}
		d.ID = o.ID
	}
	if p.full(d, now) {
		return refuse(EmptyMessage, "R129")
	}
	d.State, d.At, d.Since = DelegationAccepted, now, now
	return f.change(DelegateDeclared, d, now)
}

// known reports whether s is a scope.
func (s DelegationScope) known() bool {
	return s == ScopeRead || s == ScopeMessages || s == ScopeEverything
}

// EndDelegation ends a delegation, or withdraws an invitation, at once for reading and writing (R135). The
// patient, or a representative who may name others, ends what the patient's wish made; what the law made ends
// by the person who acts himself, or by the administration. Ending what is over changes nothing.
func EndDelegation(f DelegationFacts, now time.Time) Verdict {
	d, ok := f.Patient.delegation(f.ID)
	if !ok {
		return refuse(NotFound, "R128")
	}
	by := f.By
	switch own := d.Person != "" && d.Person == f.Asks; {
	case own:
		by = Delegate
	case by == Administration:
	case f.mayName(now).Refused() && (by != Holder || d.Kind != Caregiver):
		return Verdict{Refusal: f.mayName(now)}
	case d.Kind.Legal() && d.Person != "":
		return refuse(NotGranted, "R129")
	}
	if !f.Patient.stands(d, now) {
		return Verdict{}
	}
	d.State, d.EndedAt, d.EndedBy = DelegationEnded, now, by
	return f.change(DelegateEnded, d, now)
}

// Restore takes an end back that was a mistake: whoever made it, for [RestoreWithin], while the patient has
// room. What ended by itself, by another or by the law stays ended.
func Restore(f DelegationFacts, now time.Time) Verdict {
	d, ok := f.Patient.delegation(f.ID)
	if !ok {
		return refuse(NotFound, "R128")
	}
	if f.Patient.stands(d, now) {
		return Verdict{}
	}
	by := f.By
	if d.Person != "" && d.Person == f.Asks {
		by = Delegate
	} else if r := f.mayName(now); r.Refused() {
		return Verdict{Refusal: r}
	}
	wanted := d
	wanted.EndedAt, wanted.EndedBy, wanted.State = time.Time{}, "", DelegationAccepted
	if d.Person == "" {
		wanted.State = DelegationPending
	}
	switch {
	case d.State != DelegationEnded || d.EndedBy != by || !now.Before(d.EndedAt.Add(RestoreWithin)):
		return refuse(NotGranted, "R135")
	case f.Patient.full(d, now):
		return refuse(EmptyMessage, "R133")
	case d.Kind == Caregiver && f.Assisted >= MaxAssisted:
		return refuse(EmptyMessage, "I174")
	case !f.Patient.stands(wanted, now):
		return refuse(NotFound, "R128")
	}
	if _, rights := f.Patient.ActingFor(d.Person, now); rights != 0 {
		return refuse(EmptyMessage, "R128")
	}
	return f.change(DelegateRestored, wanted, now)
}
