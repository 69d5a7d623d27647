package rules

import (
	"slices"
	"time"
)

// ReplyChoice is whom a patient's reply addresses (R72).
type ReplyChoice string

// Choices; the texts are those of the API, which reads an absent choice as ReplyToOne.
const (
	ReplyToOne ReplyChoice = "REPLY"
	ReplyToAll ReplyChoice = "REPLY_TO_ALL"
)

// ReplyFacts is what [Reply] needs to know.
type ReplyFacts struct {
	Right        Right // computed at the version that the change will be committed at
	Next         Seq
	Conversation ConversationID
	Message      MessageKey
	Choice       ReplyChoice
	HasText      bool
	Bytes        int64 // size of the whole message as it will leave, headers and encoding included
	MaxBytes     int64
}

// Reply decides whether a reply written on the web or by the API may leave as mail.
//
// The right is checked at sending time, whatever the page showed (R89). When several grounds hold,
// the right wins over size and content, so that nobody is asked to shorten what could not leave.
func Reply(f ReplyFacts, now time.Time) Verdict {
	switch {
	case f.Right.State != Open && f.Right.Code == "":
		return refuse(TemporarilyAway, "D17") // a right that nobody computed is not a yes
	case f.Right.State != Open:
		return Verdict{Refusal: Refusal{f.Right.Code, f.Right.Rule}}
	case f.Choice != "" && f.Choice != ReplyToOne && f.Choice != ReplyToAll:
		return refuse(EmptyMessage, "R72")
	case f.Choice == ReplyToAll && len(f.Right.ToAll) == 0:
		return refuse(ReplyNotAllowed, "R79")
	case !f.HasText:
		return refuse(EmptyMessage, "R112")
	case f.Bytes > f.MaxBytes:
		return refuse(TooLarge, "D19")
	}
	to := slices.Clone(f.Right.To)
	if f.Choice == ReplyToAll {
		to = append(to, f.Right.ToAll...)
	}
	return Verdict{
		Effects: Dispatch | Project,
		Change:  Change{Kind: ReplySent, Seq: f.Next, At: now, Conversation: f.Conversation, Message: f.Message, To: to, Bytes: f.Bytes},
	}
}

// DeliverFacts is what [Deliver] needs to know of a queued reply to one mailbox.
type DeliverFacts struct {
	Patient      Patient
	Sent         Seq // when the patient sent it
	To           Correspondent
	Author       Correspondent // of the message that governed then; a block of him freezes the conversation
	Conversation Conversation
	Exchange     Exchange // of To and this patient
	Answered     Exchange // of Author and this patient
}

// Deliver decides again when a queued reply is about to leave. An end committed since lets it pass,
// noted as crossed (D7). A block or a closed account stops it, and the text becomes a draft again
// (D15); a correspondent whose domain left the trust space cannot be reached (O45).
func Deliver(f DeliverFacts, now time.Time) Verdict {
	switch {
	case f.Patient.Account != Active || f.Patient.Died() || f.Patient.refuses(f.To) || f.Patient.refuses(f.Author):
		return refuse(PatientOpposed, "D15")
	case f.Patient.blocks(f.To, now) || f.Patient.blocks(f.Author, now):
		return refuse(BlockedByPatient, "D15")
	case f.To.Gone:
		return refuse(MailboxUnknown, "O45")
	}
	v := Verdict{}
	if f.crossed() {
		v.Notes |= Crossed
	}
	return v
}

// crossed reports whether an end was committed since that silences what the reply answers: of the mailbox
// that it goes to, or of the author when that is his reply mailbox (D6, D7). The end of an author says
// nothing to those who were only in copy (D34).
func (f DeliverFacts) crossed() bool {
	c := f.Conversation
	if c.endOf(f.To.Mailbox, f.Sent, f.Exchange).Seq > 0 {
		return true
	}
	for i := range c.Voices {
		v := &c.Voices[i]
		if v.From == f.Author.Mailbox && v.Seq < f.Sent && slices.Contains(v.ReplyTo, f.To.Mailbox) {
			return c.endOf(f.Author.Mailbox, f.Sent, f.Answered).Seq > 0
		}
	}
	return false
}
