package rules

import (
	"time"
	"unicode/utf8"
)

// Limits of an absence.
const (
	MaxAbsence          = 366 * 24 * time.Hour
	MaxAbsenceTextRunes = 500 // characters
)

// Absence is when nobody answers for a mailbox. It silences nobody: what a patient writes meanwhile is delivered,
// and no message answers it by itself (O178).
type Absence struct {
	From  time.Time
	Until time.Time // first instant after it
}

// Covers reports whether the absence is at now. It ends by itself.
func (a Absence) Covers(now time.Time) bool { return !now.Before(a.From) && now.Before(a.Until) }

// Over reports whether the absence has passed, or never was.
func (a Absence) Over(now time.Time) bool { return !now.Before(a.Until) }

// MayDeclareAbsence tells whether a person may say when nobody answers for a mailbox: its holder, or who is
// responsible for it (I119). To anybody else there is no such thing.
func (h Habilitation) MayDeclareAbsence(p PersonID) Refusal {
	if h.holds(p) {
		return Refusal{}
	}
	return h.MayAdminister(p)
}

// Cover is what is known of the mailbox of whoever stands in.
type Cover struct {
	Given   bool
	Own     bool     // it is the mailbox of the absence itself
	Named   bool     // the directory knows a name to show, which is not the address (R71)
	Trusted bool     // its domain is in the trust space
	Person  PersonID // holder of a personal one
}

// AbsenceFacts is what [DeclareAbsence] needs to know.
type AbsenceFacts struct {
	Box     Habilitation
	By      PersonID
	Absence Absence
	Text    string // may be empty
	Cover   Cover
	Admit   bool // the cover is given the right to act for the mailbox meanwhile
}

// DeclareAbsence tells whether an absence may be declared at now. A cover is named to patients, so that the directory
// must know him, in the trust space. He may be given the right to act only for a mailbox that has a list of users,
// for as long as the absence lasts: a personal mailbox is its holder's alone, whoever stands in for him (I119, D27).
func DeclareAbsence(f AbsenceFacts, now time.Time) Refusal {
	if r := f.Box.MayDeclareAbsence(f.By); r.Refused() {
		return r
	}
	a := f.Absence
	switch {
	case a.Over(now) || !a.Until.After(a.From) || a.Until.Sub(a.From) > MaxAbsence:
		return Refusal{EmptyMessage, "I119"}
	case f.Text != "" && !IsPlainText(f.Text) || utf8.RuneCountInString(f.Text) > MaxAbsenceTextRunes:
		return Refusal{EmptyMessage, "D27"}
	case f.Cover.Given && (f.Cover.Own || !f.Cover.Named || !f.Cover.Trusted):
		return Refusal{EmptyMessage, "R71"}
	case f.Admit && (!f.Cover.Given || f.Cover.Person == ""):
		return Refusal{EmptyMessage, "I120"}
	case f.Admit && f.Box.MayAdminister(f.By).Refused():
		return Refusal{NotHabilitated, "I119"}
	}
	return Refusal{}
}
