package rules

import (
	"slices"
	"time"
)

// BlockFacts is what [Block] and [Unblock] need to know.
type BlockFacts struct {
	Patient  Patient
	Next     Seq
	Contact  Correspondent
	Exchange Exchange // of the contact and this patient
	Until    time.Time
}

// Block sets the patient's block of a professional who wrote to him, or moves its end (D12). It has no
// effect: a list of the professional's that moved would tell him when he was blocked (D4).
func Block(f BlockFacts, now time.Time) Verdict {
	if f.Exchange.Since.IsZero() {
		return refuse(NotFound, "R71")
	}
	if !f.Until.IsZero() && !f.Until.After(now) {
		return refuse(EmptyMessage, "D12")
	}
	b := PersonBlock{Mailbox: f.Contact.Mailbox, Person: f.Contact.Person, At: now, Until: f.Until}
	return Verdict{Change: Change{Kind: BlockSet, Seq: f.Next, At: now, Mailbox: b.Mailbox, Block: b}}
}

// Unblock lifts every block that binds the contact, by mailbox or by person. What the messages say
// then holds again by itself (D15, I147). Without such a block it changes nothing.
func Unblock(f BlockFacts, now time.Time) Verdict {
	if !slices.ContainsFunc(f.Patient.Blocks, func(b PersonBlock) bool { return b.binds(f.Contact) }) {
		return Verdict{}
	}
	b := PersonBlock{Mailbox: f.Contact.Mailbox, Person: f.Contact.Person}
	return Verdict{Change: Change{Kind: BlockLifted, Seq: f.Next, At: now, Mailbox: b.Mailbox, Block: b}}
}
