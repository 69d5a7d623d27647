package rules

import (
	"slices"
	"time"
)

// Reach tells whether the mailbox of a patient takes a message from sender now. It is asked at RCPT
// with the envelope sender and again by [Admit] with the author of the message.
//
// A zero sender, the null reverse-path of a notification, is nobody: the account state alone decides.
//
// Its refusals fall in the two classes of D36, each uniform to the outside, and one temporary case.
// The cause inside a class is told by Rule, for the trace only.
func Reach(p Patient, sender Correspondent, now time.Time) Refusal {
	if r := p.Account.receives(); r.Refused() {
		return r
	}
	if p.Died() {
		return Refusal{PatientUnreachable, "OP16"}
	}
	if p.blocks(sender, now) {
		return Refusal{PatientUnreachable, "D13"}
	}
	if p.refuses(sender) {
		return Refusal{PatientUnreachable, "D14"}
	}
	return Refusal{}
}

// receives is the second column of table 8.2 of operator.md.
func (a AccountState) receives() Refusal {
	switch a {
	case NotActivated, Active: // R31
		return Refusal{}
	case MessagingClosed, Closed:
		return Refusal{PatientUnreachable, "R148"}
	case Suspended:
		return Refusal{TemporarilyAway, "O116"}
	case Absent, Opposed, Purged:
		return Refusal{MailboxUnknown, "R140"}
	}
	return Refusal{TemporarilyAway, "D17"} // a state nobody wrote down is not a yes
}

// CanContact reports whether the patient may open a new conversation with m, where the setting
// known-contact allows it at all (D3, R70, right column of table 9.1).
func CanContact(p Patient, m Correspondent, e Exchange, now time.Time) bool {
	return p.Account == Active && !m.Gone && e.Contactable() && !Reach(p, m, now).Refused()
}

// Reads reports whether the patient may read what was delivered (table 8.2). An account that was
// never activated is read after its first login, which activates it.
func (a AccountState) Reads() bool { return a == Active || a == MessagingClosed }

// BlockOf returns the patient's block that binds c at now, if any (D12).
func (p Patient) BlockOf(c Correspondent, now time.Time) (PersonBlock, bool) {
	for _, b := range p.Blocks {
		if b.binds(c) && (b.Until.IsZero() || now.Before(b.Until)) {
			return b, true
		}
	}
	return PersonBlock{}, false
}

// blocks reports whether one of the patient's blocks binds c at now.
func (p Patient) blocks(c Correspondent, now time.Time) bool {
	_, bound := p.BlockOf(c, now)
	return bound
}

// binds reports whether the block concerns c: by mailbox, or by person.
func (b PersonBlock) binds(c Correspondent) bool {
	return b.Mailbox != "" && b.Mailbox == c.Mailbox || b.Person != "" && b.Person == c.Person
}

// refuses reports whether one of the patient's refusals of messages binds c (D14 b).
func (p Patient) refuses(c Correspondent) bool {
	if c.Mailbox == "" {
		return false // nobody: see Reach
	}
	return slices.ContainsFunc(p.Refusals, func(r MessagesRefusal) bool { return r.binds(c) })
}
