package rules

// MatriculeSide is what is known of one of two matricules that are one person's.
type MatriculeSide struct {
	INS     INS
	Patient Patient // zero when nobody of that matricule was enrolled
	// Holds tells that there is something to lose: a message, a document, an exchange, an open episode. What
	// the patient's own record says is not counted.
	Holds bool
}

// JoinFacts is what [Join] needs to know.
type JoinFacts struct {
	Event LifeEvent // INSChanged or INSMerged
	Old   MatriculeSide
	New   MatriculeSide // the matricule that the person has from now on
	Same  bool          // both lead to one mailbox already
}

// Joined says which of two mailboxes goes on.
type Joined struct {
	// KeepNew tells that the mailbox of the new matricule goes on; otherwise that of the old one does, under
	// the new matricule (OP17).
	KeepNew bool
}

// Join decides what becomes of the mailboxes of two matricules that the identity service says are one person's
// (OP17, I232). The mailbox that goes on keeps its content, its rights and its conversations; the other matricule
// leads to it. So one of the two must be bare: were both to hold something, putting them together would show
// the messages of the one to whoever reads the other, should the identity service have erred. That is for
// people to settle: the holder erases one of them after having saved what counts, and the event is repeated.
//
// A person who opposed, who is dead, or whose account is closed or suspended in one of them only, is not made
// reachable, or unreachable, by a change of number: this too is refused. A NIA is replaced by a NIR, never the
// other way round.
func Join(f JoinFacts) (Joined, Refusal) {
	o, n := f.Old.Patient, f.New.Patient
	switch {
	case f.Event != INSChanged && f.Event != INSMerged, f.Old.INS == f.New.INS,
		f.Event == INSChanged && (!f.Old.INS.Provisional() || f.New.INS.Provisional()):
		return Joined{}, Refusal{EmptyMessage, "OP17"}
	case f.Same:
		return Joined{}, Refusal{}
	case !o.lives() && !n.lives():
		return Joined{}, Refusal{MailboxUnknown, "OP17"}
	case o.Account == Opposed || n.Account == Opposed:
		return Joined{}, Refusal{PatientOpposed, "R140"}
	case !n.lives():
		return Joined{}, Refusal{}
	case !o.lives():
		return Joined{KeepNew: true}, Refusal{}
	case o.Died() != n.Died(), o.open() != n.open():
		return Joined{}, Refusal{WrongPatient, "I232"}
	case !f.New.Holds && n.bare(o):
		return Joined{}, Refusal{}
	case !f.Old.Holds && o.bare(n):
		return Joined{KeepNew: true}, Refusal{}
	}
	return Joined{}, Refusal{WrongPatient, "I232"}
}

// lives reports whether there is an account that could receive, read or be opened again.
func (p Patient) lives() bool { return p.Account != "" && p.Account != Absent && p.Account != Purged }

// open reports whether the account is one that goes on by itself: what a login activates or did activate.
func (p Patient) open() bool { return p.Account == NotActivated || p.Account == Active }

// bare reports whether the patient's record says nothing that would be lost beside that of the mailbox that
// goes on.
func (p Patient) bare(kept Patient) bool {
	return len(p.Blocks) == 0 && len(p.Refusals) == 0 && len(p.Objections) == 0 && len(p.Oppositions) == 0 &&
		p.Storage.Used == 0 && (p.Guarded == Guardianship{}) && (p.MinorUntil.IsZero() || p.MinorUntil.Equal(kept.MinorUntil))
}
