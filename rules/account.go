package rules

import (
	"slices"
	"time"
)

// ChangeAccount moves the account of a patient to another state (D16). A purged account stays purged
// until the same person opens one again (O117); a closed one may be reopened with its content
// (O115). Moving to the state that holds changes nothing; moving to one that is none is refused.
func ChangeAccount(p Patient, to AccountState, next Seq, now time.Time) Verdict {
	from := p.Account
	if from == "" {
		from = Absent
	}
	switch {
	case !slices.Contains(AccountStates(), to):
		return refuse(EmptyMessage, "D16")
	case from == to:
		return Verdict{}
	case from == Purged && to != NotActivated && to != Active:
		return refuse(NotFound, "O117")
	}
	return Verdict{Change: Change{Kind: AccountChanged, Seq: next, At: now, Account: to}}
}
