package conversations

import (
	"time"

	"mesbridge/rules"
)

// decision is what one command wants written: the verdict's change, and the records that only this
// package knows of.
type decision struct {
	verdict  rules.Verdict
	records  []Record
	answer   []byte
	actor    Actor
	cursor   time.Time // new place of the conversation in the inbox; zero: it stays
	newIDs   []ID
	deliver  []rules.MailboxID                // mailboxes that EffectDeliver sends the message to
	project  []rules.MailboxID                // mailboxes to index
	receipt  []receiptDue                     // read receipts that are due (EffectReceipt)
	labels   map[rules.MailboxID]mailboxLabel // sealed into exchanges that have none yet
	thread   *threadDelta
	plan     *planLabel      // of an end that is planned
	gone     []ID            // conversations that leave the inbox
	about    oppositionLabel // of an opposition that is recorded
	others   []ID            // conversations beside the change's own whose records it alters
	join     *joining        // of an event that joins two matricules
	delegate *delegateLabel  // names the delegation that changes
	profiles []hexID         // of a person, when it changes for whom he may act
	told     []rules.Telling // what receivers hear beside what rules.Told lists
	claims   []claimRecord   // beside profiles: for whom he is about to help as a caregiver
	enrolled *enrolmentLabel // tells what a new code was given on
	bound    *boundLabel     // names the login that is bound
	timed    []Effect        // effects with an instant, or a name, of their own; Patient and CreatedAt are filled in

	mailbox rules.MailboxID // whose command is refused
	sum     []byte          // SHA-256 of the bytes of the message, for the trace
	mail    string          // Message-ID, under whose hash the trace is found (O156)
	outcome TraceOutcome
	code    string // why not, when the change tells of a refusal
	rule    string
}

// threadDelta is what a command adds to a conversation beside what rules know.
type threadDelta struct {
	id       ID
	label    threadLabel
	newLabel bool
	count    int
	attached bool
	heard    bool // a professional's message
	cleared  bool // the patient deleted all that is there; nothing else is set then
	hidden   bool // the conversation is confidential (D28)
	due      int  // number of a message that asks for a read receipt; 0: none
	opened   bool // every receipt that was due is released
}
