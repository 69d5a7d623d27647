package rules

import (
	"slices"
	"time"
)

// AdmitFacts is what [Admit] needs to know of one message from a professional to one patient.
type AdmitFacts struct {
	Patient      Patient
	Next         Seq                  // the patient's version after this change
	Message      MessageKey           // key under which the message will be stored
	Sender       Correspondent        // author: the From mailbox (O69)
	ReplyTo      []MailboxID          // Reply-To mailboxes inside the trust space (R75-R78, D9); may be empty
	With         []MailboxID          // other professionals in To and Cc
	Exchange     Exchange             // of the sender and this patient
	Thread       ConversationID       // conversation that References lead to (R110); empty when none
	Fresh        ConversationID       // id to use when the message opens a conversation
	Repeat       MessageKey           // the same message is already stored under this key; empty when not
	Subject      string               // decoded and unfolded
	EndHeaders   []string             // values of all X-MSS-MES fields, as sent
	Bytes        int64                // size of the whole message (O167)
	HasContent   bool                 // some text or an attachment
	IsReport     bool                 // multipart/report or auto-reply with a real sender (D22, OP7)
	WantsReceipt bool                 // a DSN is asked for success (R54)
	Acknowledged bool                 // the sender gave a reason to write although a refusal is recorded (D14 d)
	ReplyOutside bool                 // a Reply-To outside the trust space was left out (D9)
	Foreign      bool                 // a document that comes with it is another patient's (D31)
	FlagForeign  bool                 // setting of D31: such a message is taken, and the trace says so
	Windows      map[MailboxID]Window // reply windows of the author and of the mailboxes that a reply would go to (D8)
	Visit        VisitID              // visit of the conversation, or of the one that the message opens (D24)
	Boxes        []MailboxID          // mailboxes of the visit's structure that the message names
}

// Admit decides on a message from a professional to a citizen's mailbox.
//
// An operator's retry gets the answer of the first time and changes nothing. Otherwise the account
// state, blocks and refusals come first (D13, D16), then a full mailbox (O167) and a document of another
// patient (D31); then the message is received in the conversation that its references lead to or in a new
// one, with the marks of its FIN markers. The subject [FIN] ends the exchange, shows only when there is
// something to show (OP3c), and never governs (D34).
func Admit(f AdmitFacts, now time.Time) Verdict {
	if f.Repeat != "" {
		return Verdict{Notes: Repeated, Change: Change{Message: f.Repeat}}
	}
	if r := Reach(f.Patient, f.Sender, now); r.Refused() {
		return Verdict{Refusal: r}
	}
	if r := Room(f.Patient, now); r.Refused() {
		return Verdict{Refusal: r}
	}
	if f.Foreign && !f.FlagForeign {
		return refuse(WrongPatient, "D31")
	}
	ends, near := ReadSubject(f.Subject)
	fin, nearHeader := ReadEndHeaders(f.EndHeaders)
	c := Change{
		Kind: MessageReceived, Seq: f.Next, At: now, Message: f.Message, Mailbox: f.Sender.Mailbox,
		Conversation: f.Thread, ReplyTo: unique(f.ReplyTo), With: unique(f.With), Fin: fin || f.IsReport, Ends: ends,
		Shown: !ends || f.Thread != "" || f.HasContent, Aside: f.IsReport && !fin && f.Thread != "",
		Windows: f.Windows, Auto: f.IsReport, Visit: f.Visit, Boxes: unique(f.Boxes), Bytes: f.Bytes,
	}
	v := Verdict{Effects: Project, Notes: f.remarks()}
	if near || nearHeader {
		v.Notes |= NearMiss
	}
	if f.Foreign {
		v.Notes |= Foreign
	}
	if c.Conversation == "" && c.Shown {
		c.Conversation = f.Fresh
		v.Notes |= Started
	}
	switch {
	case ends:
		c.How, c.ReplyTo = BySubject, nil // its own Reply-To is ignored (D6)
		v.Notes |= Ending
	case !c.Fin && f.Exchange.Ended():
		v.Notes |= Reactivated // R90; a header FIN reactivates nothing (R92)
	}
	if c.Shown && (!ends || f.HasContent) { // an empty [FIN] does not notify (OP3c)
		v.Effects |= Notify
	}
	if f.WantsReceipt {
		v.Effects |= Report
	}
	v.Change = c
	return v
}

// remarks notes for the trace what is remarkable in the facts alone.
func (f AdmitFacts) remarks() Notes {
	var n Notes
	if f.Patient.unsure(f.Sender) {
		n |= Unmatched
	}
	if f.Acknowledged {
		n |= Acknowledged
	}
	if f.ReplyOutside {
		n |= ReplyToIgnored
	}
	return n
}

// aFew is how many mailboxes a message names at most, but for a few messages; so many are compared with
// each other faster than they are put in a map.
const aFew = 32

// unique returns ids, each once, in their order. It is ids itself when they are few and all different.
func unique(ids []MailboxID) []MailboxID {
	if len(ids) <= aFew && !anyTwice(ids) {
		return ids
	}
	seen := make(map[MailboxID]bool, len(ids))
	return slices.DeleteFunc(slices.Clone(ids), func(id MailboxID) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}

func anyTwice(ids []MailboxID) bool {
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return true
		}
	}
	return false
}
