package rules

import (
	"cmp"
	"slices"
	"time"
)

// AccountCommand is one act in the life of an account (D16, table 8.2 of operator.md).
type AccountCommand string

// Commands; the texts are those of the API and stored in no record.
const (
	OpenAccount     AccountCommand = "open"             // by law, without a login (O112)
	OpposeAccount   AccountCommand = "oppose"           // the person objects to the whole (D14 a, R140)
	ActivateAccount AccountCommand = "activate"         // first login, or after an opposition (R141)
	CloseMessaging  AccountCommand = "close-messaging"  // reads on, neither receives nor replies
	ReopenMessaging AccountCommand = "reopen-messaging" //
	CloseAccount    AccountCommand = "close"            // archived (O113)
	ReopenAccount   AccountCommand = "reopen"           // with all that was archived (O115)
	SuspendAccount  AccountCommand = "suspend"          // by authority (O116)
	RestoreAccount  AccountCommand = "restore"          // ends a suspension
	EraseAccount    AccountCommand = "erase"            // for good (D16, O114)
)

// Party is who gives an account command.
type Party string

// Parties. The law acts when a period has passed.
const (
	Holder         Party = "holder"
	Administration Party = "administration"
	Law            Party = "law"
	Representative Party = "representative" // somebody who acts for the holder (D28)
	Delegate       Party = "delegate"       // the person whom a delegation is about, of his own
)

// Periods of the law, as settings; zero is the default.
type Periods struct {
	ArchiveYears   int // from closing to erasure (O113)
	SuspensionDays int // from suspension to closing ex officio (O116)
}

// Defaults of [Periods].
const (
	ArchiveYears   = 10
	SuspensionDays = 42
)

// AccountFacts is what [ManageAccount] needs to know.
type AccountFacts struct {
	Patient Patient
	Next    Seq
	Command AccountCommand
	By      Party
	Periods Periods
}

// passage is one row of the life of an account.
type passage struct {
	command AccountCommand
	from    []AccountState
	holder  bool // the holder may ask for it
	to      AccountState
}

// passages lists who may go from where to where (table 8.2, O112-O117, R141, R147-R151).
func passages() []passage {
	return []passage{
		{OpenAccount, []AccountState{Absent, Purged}, false, NotActivated},
		{OpposeAccount, []AccountState{Absent, NotActivated}, false, Opposed},
		{ActivateAccount, []AccountState{NotActivated, Opposed}, true, Active},
		{CloseMessaging, []AccountState{Active}, true, MessagingClosed},
		{ReopenMessaging, []AccountState{MessagingClosed}, true, Active},
		{CloseAccount, []AccountState{Active, MessagingClosed}, true, Closed},
		{CloseAccount, []AccountState{NotActivated, Suspended}, false, Closed},
		{ReopenAccount, []AccountState{Closed}, true, Active},
		{SuspendAccount, []AccountState{NotActivated, Active, MessagingClosed}, false, Suspended},
		{EraseAccount, []AccountState{Active, MessagingClosed, Closed}, true, Purged},
		{EraseAccount, []AccountState{NotActivated, Opposed, Suspended}, false, Purged},
	}
}

// Commands lists what the holder of an account may ask for now.
func (p Patient) Commands() []AccountCommand {
	var all []AccountCommand
	for _, r := range passages() {
		if r.holder && slices.Contains(r.from, p.Account) {
			all = append(all, r.command)
		}
	}
	return all
}

// ManageAccount moves an account by a command. A command whose end is reached already changes nothing,
// so that it may be repeated; one that does not lead on from here is refused.
//
// Closing and suspending set the instant at which the law goes on (Retire); erasing destroys the data
// key (Shred). Both closing and erasing end the holder's sessions (R148); a new login may reopen (O115).
func ManageAccount(f AccountFacts, now time.Time) Verdict {
	from := f.Patient.Account
	if from == "" {
		from = Absent
	}
	if f.Command == RestoreAccount {
		return restore(f, now)
	}
	rows := passages()
	if slices.ContainsFunc(rows, func(r passage) bool { return r.command == f.Command && r.to == from }) {
		return Verdict{}
	}
	at := slices.IndexFunc(rows, func(r passage) bool {
		return r.command == f.Command && slices.Contains(r.from, from) && (r.holder || f.By != Holder)
	})
	if at < 0 {
		return refuse(PatientOpposed, "D16")
	}
	v := Verdict{Change: Change{Kind: AccountChanged, Seq: f.Next, At: now, Account: rows[at].to}}
	switch rows[at].to { //nolint:exhaustive // no period runs in the others
	case Closed:
		v.Effects, v.Due = Retire|EndSessions, f.Periods.erasure(now)
	case Suspended:
		v.Effects, v.Due = Retire, f.Periods.closing(now)
	case Purged:
		v.Change.Kind, v.Effects = AccountErased, Shred|EndSessions
	}
	return v
}

// restore ends a suspension: the account is what it was before.
func restore(f AccountFacts, now time.Time) Verdict {
	switch {
	case f.Patient.Account == NotActivated || f.Patient.Account.Reads():
		return Verdict{}
	case f.Patient.Account != Suspended, f.By == Holder:
		return refuse(PatientOpposed, "O116")
	}
	to := f.Patient.Before
	if to == "" {
		to = Active
	}
	return Verdict{Change: Change{Kind: AccountChanged, Seq: f.Next, At: now, Account: to}}
}

// Overdue returns the command that the law gives now, because a period has passed; empty for none.
func Overdue(p Patient, periods Periods, now time.Time) AccountCommand {
	end := PeriodEnd(p, periods)
	switch {
	case end.IsZero() || now.Before(end):
		return ""
	case p.Account == Closed:
		return EraseAccount
	}
	return CloseAccount
}

// erasure is when an account closed at an instant is erased.
func (p Periods) erasure(closed time.Time) time.Time {
	return closed.AddDate(cmp.Or(p.ArchiveYears, ArchiveYears), 0, 0)
}

// closing is when an account suspended at an instant is closed.
func (p Periods) closing(suspended time.Time) time.Time {
	return suspended.AddDate(0, 0, cmp.Or(p.SuspensionDays, SuspensionDays))
}

// moveTo notes the state that an account comes to.
func (p *Patient) moveTo(c Change) {
	p.Before = ""
	if c.Account == Suspended {
		p.Before = p.Account
	}
	p.Account, p.Since = c.Account, c.At
}

// PeriodEnd is when the law goes on with an account by itself, zero when it does not.
func PeriodEnd(p Patient, periods Periods) time.Time {
	switch {
	case p.Since.IsZero():
		return time.Time{}
	case p.Account == Closed:
		return periods.erasure(p.Since)
	case p.Account == Suspended:
		return periods.closing(p.Since)
	}
	return time.Time{}
}
