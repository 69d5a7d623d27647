package rules

import (
	"slices"
	"time"
)

// LifeEvent is something that happens to a patient or to a professional, outside the bridge, and that it has
// to obey (D33). The texts are those of the command line and stored in the journal.
type LifeEvent string

// Life events.
const (
	Death                LifeEvent = "death"
	DeathCorrected       LifeEvent = "death-corrected" // it was told of the wrong person
	INSChanged           LifeEvent = "ins-change"      // a NIA became a NIR (OP17)
	INSMerged            LifeEvent = "ins-merge"       // two matricules turn out to be one person's
	Majority             LifeEvent = "majority"
	GuardianshipBegan    LifeEvent = "guardianship"
	GuardianshipEnded    LifeEvent = "guardianship-end"
	ProfessionalInactive LifeEvent = "professional-inactive"
	StudentFunctionLost  LifeEvent = "student-lost"
)

// Decider is who decides that an event took place; the bridge never guesses.
type Decider string

// Deciders.
const (
	ByAgent     Decider = "agent"     // a named agent of the operator, on a document or on the word of the identity service
	ByCalendar  Decider = "calendar"  // the date alone
	ByDirectory Decider = "directory" // the local table of mailboxes, when it is imported
)

// Outcome is the state that an event leads to.
type Outcome string

// Outcomes.
const (
	ConversationsFrozen   Outcome = "frozen"  // nothing is received or sent, all stays readable (OP16, I176)
	ConversationsFreed    Outcome = "freed"   // as it was before
	OneMailbox            Outcome = "one"     // both matricules lead to one mailbox, which writes as the newer one (OP17)
	RepresentationEnds    Outcome = "of-age"  // representatives lose access; address and history stay (R131, OP15)
	RepresentationAllowed Outcome = "guarded" // a person in charge of the protection may be given access (D28)
	RepresentationOver    Outcome = "unguarded"
	Warned                Outcome = "warned" // the patient is warned, nothing is refused (R119)
)

// Notice says who is told of an event, beside the trace.
type Notice string

// Notices.
const (
	NoticeNone    Notice = "none"    // no message to the patient; professionals see "unreachable" (I177, D36)
	NoticeHistory Notice = "history" // a line of the patient's history
	NoticeBanner  Notice = "banner"  // a sentence beside the reply
)

// LifeRow is one row of the table of D33.
type LifeRow struct {
	Event   LifeEvent
	Outcome Outcome
	Notice  Notice
	Decides Decider
}

// LifeEvents is the table of D33: what each event leads to, who is told, and who decides.
func LifeEvents() []LifeRow {
	return []LifeRow{
		{Death, ConversationsFrozen, NoticeNone, ByAgent},
		{DeathCorrected, ConversationsFreed, NoticeHistory, ByAgent},
		{INSChanged, OneMailbox, NoticeHistory, ByAgent},
		{INSMerged, OneMailbox, NoticeHistory, ByAgent},
		{Majority, RepresentationEnds, NoticeHistory, ByCalendar},
		{GuardianshipBegan, RepresentationAllowed, NoticeHistory, ByAgent},
		{GuardianshipEnded, RepresentationOver, NoticeHistory, ByAgent},
		{ProfessionalInactive, Warned, NoticeBanner, ByDirectory},
		{StudentFunctionLost, Warned, NoticeBanner, ByDirectory},
	}
}

// Row returns the row of the event; ok is false for what is no event.
func (e LifeEvent) Row() (row LifeRow, ok bool) {
	for _, r := range LifeEvents() {
		if r.Event == e {
			return r, true
		}
	}
	return LifeRow{}, false
}

// Guardianship is a measure of protection of an adult (D28).
type Guardianship struct {
	Since time.Time
	Until time.Time // first instant at which it no longer holds; zero: until it is ended
}

// Holds reports whether the measure is in force at now.
func (g Guardianship) Holds(now time.Time) bool {
	return !g.Since.IsZero() && (g.Until.IsZero() || now.Before(g.Until))
}

// LifeFacts is what [Live] needs to know.
type LifeFacts struct {
	Patient Patient
	Next    Seq
	Event   LifeEvent
	By      Decider
	Until   time.Time // GuardianshipBegan: first instant at which the measure no longer holds; zero: open
}

// Live makes an event of a patient's own life. The same again changes nothing. What joins two matricules is
// decided by [Join]; an event of a professional changes nothing of a patient and is [Inactive].
//
// Only who decides by the table may bring an event in. The law's date of majority is the one noted with the
// patient: before it, or for somebody who is not known to be a minor, nothing changes.
func Live(f LifeFacts, now time.Time) Verdict {
	row, ok := f.Event.Row()
	c := Change{Kind: LifeNoted, Seq: f.Next, At: now, Event: f.Event}
	p := f.Patient
	same := false
	switch {
	case !ok, row.Decides != f.By:
		return refuse(EmptyMessage, "D33")
	case p.Account == "" || p.Account == Absent || p.Account == Purged:
		return refuse(MailboxUnknown, "D33")
	}
	switch f.Event {
	case Death:
		same = slices.Contains(p.Deaths, DeathTold)
	case DeathCorrected:
		same = !p.Died()
	case Majority:
		same = p.MinorUntil.IsZero() || now.Before(p.MinorUntil)
	case GuardianshipBegan:
		if p.Minor(now) || !f.Until.IsZero() && !f.Until.After(now) { // a minor has representatives by law (R129)
			return refuse(EmptyMessage, "D28")
		}
		same = p.Guarded.Holds(now) && p.Guarded.Until.Equal(f.Until)
		c.Until = f.Until
	case GuardianshipEnded:
		same = !p.Guarded.Holds(now)
	case INSChanged, INSMerged, ProfessionalInactive, StudentFunctionLost:
		return refuse(EmptyMessage, "D33")
	}
	if same {
		return Verdict{}
	}
	return Verdict{Change: c}
}

// live makes the change of an event.
func (p *Patient) live(c Change) {
	switch c.Event {
	case Death:
		p.dies(DeathTold)
	case DeathCorrected:
		p.Deaths = nil // whoever told it, it was of the wrong person
	case Majority:
		p.MinorUntil = time.Time{}
	case GuardianshipBegan:
		p.Guarded = Guardianship{Since: c.At, Until: c.Until}
	case GuardianshipEnded:
		p.Guarded = Guardianship{}
	case INSChanged, INSMerged, ProfessionalInactive, StudentFunctionLost:
		// the matricules are not for rules to see; professionals are not part of a patient
	}
}

// Inactive reports whether the patient is to be warned that a professional may not answer any more (R119): the
// directory knew the mailbox when he wrote, and knows it no more, because the person stopped, or is a student
// who lost the function that a mailbox needs (I117). It is never a reason to refuse (D33).
func Inactive(listedThen bool, c Correspondent) bool { return listedThen && c.Kind == "" }
