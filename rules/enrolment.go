package rules

import (
	"slices"
	"time"
)

// Enrolment face to face (D26): a listed agent checks who somebody is, on a qualified matricule, and hands a code over. By
// that code the person binds the login of an identity provider to the account. Traits find nobody (I76): they only
// keep a code from being used by somebody else than the person to whom it was given.

// EnrolmentID names one code of a patient: a keyed hash, never the code.
type EnrolmentID string

// SubjectID names one person at one identity provider: opaque, and the same each time.
type SubjectID string

// EnrolmentState is where a code stands; the texts are stored and those of the API.
type EnrolmentState string

// States. That a code ran out is not stored: see [Enrolment.StateAt].
const (
	EnrolmentWaiting EnrolmentState = "waiting"
	EnrolmentUsed    EnrolmentState = "used"
	EnrolmentRevoked EnrolmentState = "revoked" // taken back, or another code took its place
	EnrolmentSpent   EnrolmentState = "spent"   // tried by others than the person too often
	EnrolmentExpired EnrolmentState = "expired"
)

// Limits of enrolments.
const (
	EnrolmentLasts = 7 * 24 * time.Hour // how long a code waits by default
	// EnrolmentTries is how many logins may try a code that is not theirs, before it is worth nothing.
	EnrolmentTries = 3
	// MaxEnrolments is how many codes of a patient are kept; the journal remembers all.
	MaxEnrolments = 10
)

// Enrolment is one code of a patient.
type Enrolment struct {
	ID      EnrolmentID
	State   EnrolmentState
	At      time.Time
	Expires time.Time // first instant at which the code is worth nothing
	EndedAt time.Time // used, taken back or spent
	Tries   int       // by logins of other people
}

// StateAt tells where the code stands at now.
func (e Enrolment) StateAt(now time.Time) EnrolmentState {
	if e.State == EnrolmentWaiting && !now.Before(e.Expires) {
		return EnrolmentExpired
	}
	return e.State
}

// EnrolmentFacts is what the commands about enrolment need to know.
type EnrolmentFacts struct {
	Patient   Patient
	Next      Seq
	ID        EnrolmentID
	Qualified bool          // the matricule is qualified, and identity was checked on a document: the agent's word
	Lasts     time.Duration // Enrol: how long the code waits; 0: EnrolmentLasts
	Subject   SubjectID     // Bind: whose login
	Known     Traits        // Bind: what the agent read
	Login     Traits        // Bind: what the provider says of the login
}

// Enrol gives a code to a patient, in the place of one that waits. The account is opened when there is none: the person
// asked for it, informed face to face (table 8.2 of operator.md, O112). What the person opposed stays so until he
// himself takes it back (R141), and one login of an account is enough.
func Enrol(f EnrolmentFacts, now time.Time) Verdict {
	if r := f.Patient.mayBind(); r.Refused() {
		return Verdict{Refusal: r}
	}
	if !f.Qualified || f.ID == "" {
		return refuse(EmptyMessage, "D26")
	}
	lasts := f.Lasts
	if lasts == 0 {
		lasts = EnrolmentLasts
	}
	return Verdict{Change: Change{
		Kind: EnrolmentMade, Seq: f.Next, At: now, Account: f.Patient.opened(),
		Enrolment: Enrolment{ID: f.ID, State: EnrolmentWaiting, At: now, Expires: now.Add(lasts)},
	}}
}

// mayBind refuses an account to which no login may be bound.
func (p Patient) mayBind() Refusal {
	switch {
	case p.Died(), p.Account == Suspended:
		return Refusal{PatientOpposed, "D16"}
	case p.Account == Opposed:
		return Refusal{PatientOpposed, "R140"}
	case p.Subject != "":
		return Refusal{AlreadyLinked, "D26"}
	}
	return Refusal{}
}

// opened is the state that an enrolment leads the account to; empty when it stays.
func (p Patient) opened() AccountState {
	if p.Account == "" || p.Account == Absent {
		return NotActivated
	}
	return ""
}

// Revoke takes a code back. Taking back what is over changes nothing.
func Revoke(f EnrolmentFacts, now time.Time) Verdict {
	e, ok := f.Patient.enrolment(f.ID)
	switch {
	case !ok:
		return refuse(NotFound, "D26")
	case e.StateAt(now) != EnrolmentWaiting:
		return Verdict{}
	}
	e.State, e.EndedAt = EnrolmentRevoked, now
	return Verdict{Change: Change{Kind: EnrolmentEnded, Seq: f.Next, At: now, Enrolment: e}}
}

// Bind binds a login to the account by a code. A code that is over, of whatever kind, is like one that never was; so is
// one that is tried by a login whose traits contradict what the agent read, which is counted and traced: the verdict then
// has a change and no refusal, and the caller tells the person what it tells of an unknown code.
func Bind(f EnrolmentFacts, now time.Time) Verdict {
	e, ok := f.Patient.enrolment(f.ID)
	if !ok || f.Subject == "" || e.StateAt(now) != EnrolmentWaiting {
		return refuse(NotFound, "D26")
	}
	if r := f.Patient.mayBind(); r.Refused() {
		return refuse(NotFound, r.Rule)
	}
	if f.Known.Contradict(f.Login) {
		if e.Tries++; e.Tries >= EnrolmentTries {
			e.State, e.EndedAt = EnrolmentSpent, now
		}
		return Verdict{Change: Change{Kind: EnrolmentRefused, Seq: f.Next, At: now, Enrolment: e}}
	}
	e.State, e.EndedAt = EnrolmentUsed, now
	return Verdict{Change: Change{Kind: SubjectBound, Seq: f.Next, At: now, Enrolment: e, Subject: f.Subject}}
}

// BindVouched binds a login on the word of a pairing service, which knows both (D26). The same again changes nothing.
func BindVouched(f EnrolmentFacts, now time.Time) Verdict {
	if f.Subject == "" {
		return refuse(EmptyMessage, "D26")
	}
	if f.Patient.Subject == f.Subject {
		return Verdict{}
	}
	if r := f.Patient.mayBind(); r.Refused() {
		return Verdict{Refusal: r}
	}
	return Verdict{Change: Change{Kind: SubjectBound, Seq: f.Next, At: now, Account: f.Patient.opened(), Subject: f.Subject}}
}

// Unbind ends the binding of a login; whoever is logged in by it is so no more. Without one nothing changes.
func Unbind(p Patient, next Seq, now time.Time) Verdict {
	if p.Subject == "" {
		return Verdict{}
	}
	return Verdict{Change: Change{Kind: SubjectUnbound, Seq: next, At: now, Subject: p.Subject}, Effects: EndSessions}
}

// enrolment returns the code of an id.
func (p Patient) enrolment(id EnrolmentID) (Enrolment, bool) {
	i := slices.IndexFunc(p.Enrolments, func(e Enrolment) bool { return e.ID == id })
	if i < 0 {
		return Enrolment{}, false
	}
	return p.Enrolments[i], true
}

// enrol makes a change of enrolments and of the login bound.
func (p *Patient) enrol(c Change) {
	if c.Account != "" {
		p.moveTo(c)
	}
	if c.Kind == SubjectBound || c.Kind == SubjectUnbound {
		p.Subject, p.BoundAt = c.Subject, c.At
	}
	if c.Kind == SubjectUnbound {
		p.Subject, p.BoundAt = "", time.Time{}
	}
	if c.Enrolment.ID == "" && c.Kind != SubjectBound {
		return
	}
	all := slices.DeleteFunc(slices.Clone(p.Enrolments), func(e Enrolment) bool { return e.ID == c.Enrolment.ID })
	if c.Kind == EnrolmentMade || c.Kind == SubjectBound { // one at a time
		for i := range all {
			if all[i].StateAt(c.At) == EnrolmentWaiting {
				all[i].State, all[i].EndedAt = EnrolmentRevoked, c.At
			}
		}
	}
	if c.Enrolment.ID != "" {
		all = append(all, c.Enrolment)
	}
	p.Enrolments = all[max(0, len(all)-MaxEnrolments):]
}
