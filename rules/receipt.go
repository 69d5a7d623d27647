package rules

import (
	"slices"
	"time"
)

// ReceiptFacts is what [ReceiptsTo] needs to know of a message that asks for a read receipt.
type ReceiptFacts struct {
	Asked      []Address // Disposition-Notification-To
	ReturnPath Address
	From       Address   // author
	ReplyTo    []Address // those inside the trust space
	IsReport   bool      // the message is itself a report or an automatic answer
}

// ReceiptsTo lists whom a read receipt is sent to when the patient opens the message, each once: those
// whom the message names and who are the return path, the author or a reply mailbox of the trust space
// (R63). The others get none: the patient is never asked, so nobody could agree to tell them. A report
// gets none at all (R62), and nothing is sent to a null return path.
func ReceiptsTo(f ReceiptFacts) []Address {
	if f.IsReport || f.ReturnPath.IsZero() {
		return nil
	}
	known := append([]Address{f.ReturnPath, f.From}, f.ReplyTo...)
	var told []Address
	for _, a := range f.Asked {
		same := func(b Address) bool { return a.Canonical() == b.Canonical() }
		if slices.ContainsFunc(known, same) && !slices.ContainsFunc(told, same) {
			told = append(told, a)
		}
	}
	return told
}

// OpenedFacts is what [Opened] needs to know of a conversation that somebody opens.
type OpenedFacts struct {
	Account      AccountState
	Next         Seq
	Conversation ConversationID
	Unread       bool         // something in it was not opened before
	Due          []MessageKey // messages that ask for a receipt and were not opened before
}

// Opened decides on the opening of a conversation by the patient or somebody who acts for him (R61). The
// first opening is traced and releases every receipt due, together (R59); a further one changes
// nothing (R60).
func Opened(f OpenedFacts, now time.Time) Verdict {
	if !f.Account.Reads() {
		return refuse(PatientOpposed, "O115")
	}
	if !f.Unread && len(f.Due) == 0 {
		return Verdict{}
	}
	v := Verdict{Change: Change{Kind: ConversationOpened, Seq: f.Next, At: now, Conversation: f.Conversation}}
	if len(f.Due) > 0 {
		v.Effects = Acknowledge
	}
	return v
}
