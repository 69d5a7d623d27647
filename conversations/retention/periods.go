package retention

import (
	"fmt"
	"time"

	"mesbridge/rules"
)

// Periods are how long things stay. The zero value is no choice; start with [Default].
type Periods struct {
	ArchiveYears    int // a closed account, reversible, before it is erased (O113)
	SuspensionDays  int // a suspended account, before it is closed (O116)
	TrashDays       int // what the patient deleted, before it is erased (O196, OP18)
	DeadBodyHours   int // a body that no message refers to
	FunctionalYears int // functional traces, those of security among them (D16, O153)
	TechnicalDays   int // technical traces (D16, I185)
	PurgeEveryDays  int // so much longer, at most, traces stay: each purge writes the state anew
}

// Default returns the periods of D16.
func Default() Periods {
	return Periods{
		ArchiveYears: rules.ArchiveYears, SuspensionDays: rules.SuspensionDays, TrashDays: int(rules.TrashFor / day), DeadBodyHours: 1,
		FunctionalYears: 3, TechnicalDays: 365, PurgeEveryDays: 7,
	}
}

const day = 24 * time.Hour

// AnswerFor is how long an answer is kept for an Idempotency-Key. It is nobody's choice: callers rely on it
// (outside contract, HTTP).
const AnswerFor = 24 * time.Hour

// Codes of purges in the trace, beside conversations.PurgedMarks.
const (
	PurgedBodies     = "dead-bodies"
	PurgedFunctional = "traces.functional"
	PurgedTechnical  = "traces.technical"
)

// Line is one kind of data.
type Line struct {
	Kind  string // what it is
	Keep  string // how long it stays
	How   string // what lets it go, and what trace that leaves
	Rules string // ids
}

// Table lists every kind of data that the bridge keeps, and when it goes.
func (p Periods) Table() []Line {
	return []Line{
		{"messages, drafts, documents and rights of an open account", "as long as the account", "with the account", "O196"},
		{"what a patient deleted", fmt.Sprintf("%d days, unreadable", p.TrashDays), "effect expunge; conversation.purge", "R115 O196 OP18"},
		{"marks that recognise a repeated message", fmt.Sprintf("%d days after the message", int(rules.RepeatFor/day)), "effect forget; purge repeat-marks", ""},
		{"account suspended by authority", fmt.Sprintf("%d days", p.SuspensionDays), "effect retire closes it; mailbox.state", "O116"},
		{"closed account", fmt.Sprintf("%d years, reversible", p.ArchiveYears), "effect retire erases it; erase", "O113 D16"},
		{"account erased on request", "at once", "data key, bodies and state destroyed; erase, and a tombstone", "O114 O117 O197"},
		{"bodies that no message refers to", fmt.Sprintf("%d h", p.DeadBodyHours), "sweep every ten minutes; purge dead-bodies", "O196"},
		{
			"functional traces, those of security among them", fmt.Sprintf("%d years, %d days longer at most", p.FunctionalYears, p.PurgeEveryDays),
			"sweep, an image of the state in their place; purge traces.functional", "D16 O153 I185",
		},
		{"technical traces", fmt.Sprintf("%d days, %d days longer at most", p.TechnicalDays, p.PurgeEveryDays), "sweep; purge traces.technical", "D16 I185"},
		{"answers kept for an Idempotency-Key", fmt.Sprintf("%d h", int(AnswerFor/time.Hour)), "expiry in redis; no trace", ""},
		{"counts of questions whether a patient can be reached", "1 h", "expiry in redis; no trace", "D29"},
		{"logins, tokens and sessions", "24 h at most, by their own lives", "expiry in redis; no trace", "I17"},
		{"technical log", "as your log store keeps it: 1 year", "standard error is yours", "D16"},
	}
}
