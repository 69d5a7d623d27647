package rules

import "time"

// Reachability is what a verdict tells of the patient's side.
type Reachability string

// Values of the API.
const (
	Reachable   Reachability = "reachable"
	Unreachable Reachability = "unreachable"
	Unknown     Reachability = "unknown"
)

// ContactFacts is what [Contact] needs to know of a mailbox that may write to a patient.
type ContactFacts struct {
	Patient  Patient // zero when nobody of that INS is known
	Sender   Correspondent
	Exchange Exchange
	Visiting bool // an open episode of the mailbox's structure holds the patient
	Soft     bool // a refusal that the mailbox's side recorded may be overcome with a reason (D14 d)
}

// ContactAnswer is the answer to the question whether a message would arrive.
type ContactAnswer struct {
	Refusal      Refusal // as [Admit] would give it; zero when allowed
	Rule         string  // id to tell; it is the same for all members of a class of D36, whatever Refusal's is
	Reachability Reachability
	Objected     time.Time // since when the patient objects to exchange about him with the mailbox (D14 c); zero: not, or nothing joins the two
}

// Contact tells whether a message of the mailbox would reach the patient now (D29). What the mailbox's own
// side recorded on the patient's word comes first, as for the message itself (D14 d).
func Contact(f ContactFacts, now time.Time) ContactAnswer {
	a := patientSide(f, now)
	if own := Conscience(f.Patient, f.Sender, f.Soft, false); own.Refused() {
		a.Refusal, a.Rule = own, own.Rule
	}
	return a
}

// patientSide asks the very function that decides at RCPT, at [Admit] and for last messages. Without an
// exchange and an open episode that join the two it tells nothing of the patient's side: whoever may send at
// all is told that he may.
func patientSide(f ContactFacts, now time.Time) ContactAnswer {
	if f.Exchange.Since.IsZero() && !f.Visiting {
		return ContactAnswer{Rule: "D29", Reachability: Unknown}
	}
	objected, _ := f.Patient.ObjectionTo(f.Sender)
	r := Reach(f.Patient, f.Sender, now)
	switch {
	case !r.Refused():
		return ContactAnswer{Rule: "D29", Reachability: Reachable, Objected: objected}
	case r.Code == TemporarilyAway:
		return ContactAnswer{Refusal: r, Rule: "D17", Reachability: Unknown}
	}
	return ContactAnswer{Refusal: r, Rule: "D36", Reachability: Unreachable}
}
