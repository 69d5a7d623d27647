package rules

import "time"

// AcceptTerms notes that a person accepted a version of the terms of use (D32). The same again changes
// nothing; a version without a name or a hash is none.
func AcceptTerms(p Patient, t Terms, next Seq, now time.Time) Verdict {
	switch {
	case t.Version == "" || t.Hash == "":
		return refuse(EmptyMessage, "D32")
	case p.Terms.Version == t.Version && p.Terms.Hash == t.Hash:
		return Verdict{}
	}
	t.At = now
	return Verdict{Change: Change{Kind: TermsAccepted, Seq: next, At: now, Terms: t}}
}
