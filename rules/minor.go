package rules

import "time"

// Confidential is what the author of a first message to a known minor says of it: whether the minor wants
// it kept from the parents (D28). The zero value is no answer.
type Confidential string

// Answers, as the API writes them.
const (
	ConfidentialYes Confidential = "yes"
	ConfidentialNo  Confidential = "no"
)

// Minor reports whether the patient is known to be under age at now. Who is not known to be is not.
func (p Patient) Minor(now time.Time) bool { return now.Before(p.MinorUntil) }

// WriteToMinor tells whether the desk or the API may open a conversation with the patient: of a known minor
// it has to be said whether the message is confidential, because the representatives read it. What is
// confidential does not go this way, or, where hide is set, is hidden from everybody who acts for the minor (D28).
func WriteToMinor(p Patient, answer Confidential, hide bool, now time.Time) (hidden bool, r Refusal) {
	switch {
	case !p.Minor(now) || answer == ConfidentialNo:
		return false, Refusal{}
	case hide && answer == ConfidentialYes:
		return true, Refusal{}
	}
	return false, Refusal{MinorConfidential, "D28"}
}

// NoteMinority notes until when the patient is a minor: 00:00 Europe/Paris on the 18th birthday (D28); the
// zero time for somebody who is none.
func NoteMinority(p Patient, until time.Time, next Seq, now time.Time) Verdict {
	if p.MinorUntil.Equal(until) {
		return Verdict{}
	}
	v := Verdict{Change: Change{Kind: MinorityNoted, Seq: next, At: now, Until: until}}
	if now.Before(until) {
		v.Effects, v.Due = ComeOfAge, until
	}
	return v
}
