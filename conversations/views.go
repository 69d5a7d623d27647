package conversations

import (
	"io"
	"time"

	"mesbridge/rules"
)

// Patient is an identified patient, as the borders hold it.
type Patient struct {
	ID    PatientID
	INS   rules.INS
	Name  string
	State rules.AccountState
}

// Contact is one professional of a patient: the patient's side of an exchange. It never holds an
// address (R71).
type Contact struct {
	ID          ID
	Name        string
	Kind        rules.MailboxKind
	State       rules.ThreadState // open or ended; ThreadUnreachable when blocked or refused
	Blocked     bool
	BlockedTill time.Time // zero: until lifted
	Contactable bool      // R70
	EndedAt     time.Time
	EndedHow    rules.EndHow
	Since       time.Time
	LastAt      time.Time
	OtherBoxes  []string // names of this person's structures that stay open when he is blocked (D12)
}

// ThreadLine is one conversation in a list.
type ThreadLine struct {
	ID            ID
	Subject       string
	State         string   // of rules.ReplyState for a patient, of rules.ThreadState for a professional
	With          []string // names
	Copied        []string // to the patient: names of the others whom those in With wrote to as well
	LastAt        time.Time
	Unread        bool
	HasAttachment bool
	HasDraft      bool
	OwnLast       bool      // the last message was written on the patient's side
	Objected      time.Time // to a professional: since when the patient objects to exchange with him (D14 c); zero: not
	Unreadable    bool      // in a list of a mailbox: this patient's records cannot be opened now
	Waiting       bool      // in a list of a mailbox: the patient wrote last, and nobody answered; projected
	Failed        bool      // in a list of a mailbox: an answer of the patient did not reach it (O89); projected
	Care          Care      // in a list of a shared mailbox: which of its users takes care of it
}

// ThreadPage is one page of a list, newest first.
type ThreadPage struct {
	Items []ThreadLine
	Next  string    // opaque cursor; empty on the last page
	AsOf  time.Time // lists of a mailbox only

	Storage rules.Storage // how much of the patient's mailbox is taken; his own list only (O167)
	Closure Closure       // his own list only
}

// Closure is by what of the patient's own will fewer professionals can write to him, or nobody. The zero Closure is
// nothing.
type Closure struct {
	Messaging bool // he closed it (D16)
	Everyone  bool // he objects to the messages of everybody (D14 b)
	Some      bool // he objects to the messages of some
}

// Thread is one conversation with its messages, newest first.
type Thread struct {
	ThreadLine
	Ended     *Ending
	Messages  []Message
	Older     string       // place of the messages before these, for a patient; empty when there are none
	Reply     ReplyOptions // for a patient
	Draft     string
	DraftMark DraftMark         // of Draft
	Contact   ID                // exchange of the governing professional, to block him; empty when there is none
	Behind    rules.MailboxKind // with Contact: what stands behind his mailbox
	Patient   string            // shown to a professional
	Boxes     []Address         // to a professional: those of his mailboxes that take part
	Exchange  ID                // to a professional: of the first of Boxes that has one with the patient; empty: none has
	Inactive  bool              // the professional whom an answer goes to left the directory (R119, D33)

	Absences []AbsenceNotice // to the patient: those whom an answer may go to and who are away now
}

// Ending tells who ended a conversation.
type Ending struct {
	By  string
	How rules.EndHow
	At  time.Time
}

// AuthorKind is the kind of a message's author, as the API names it.
type AuthorKind string

// Kinds of author.
const (
	FromProfessional   AuthorKind = "professional"
	FromPatient        AuthorKind = "patient"
	FromRepresentative AuthorKind = "representative" // who acts for the patient by law (D28)
	FromCaregiver      AuthorKind = "caregiver"      // who acts for the patient by his wish (D28)
)

// Message is one message as it is shown.
type Message struct {
	ID          ID
	At          time.Time
	Author      string
	AuthorKind  AuthorKind
	Copied      []string // names of the other recipients, citizens excluded (R79)
	Mine        bool
	Writer      string // to a professional, of his mailbox's: who wrote it, in words; empty for what came by mail
	WriterID    string // id of the actor Writer
	Text        string
	HTML        string // sanitised
	Asked       bool   // to a professional, of his mailbox's: a read receipt was asked for (D22)
	NoReply     bool
	Crossed     bool
	Notices     []string
	Delivery    *Delivery // of the viewer's own messages
	Attachments []AttachmentLine
}

// DeliveryState is where a sent message stands.
type DeliveryState = rules.Fate

// Delivery states under the names of this package.
const (
	DeliveryQueued    = rules.FateQueued
	DeliverySent      = rules.FateSent
	DeliveryDelivered = rules.FateDelivered
	DeliveryRead      = rules.FateRead
	DeliveryFailed    = rules.FateFailed
)

// Delivery is the state of a sent message.
type Delivery struct {
	State  DeliveryState
	Detail string    // plain French: why it failed, or what else there is to know; may be empty
	At     time.Time // when a professional's message arrived, or was opened; zero for the patient's own
}

// AttachmentLine is one attachment in a message.
type AttachmentLine struct {
	ID      ID
	Name    string
	Type    string
	Bytes   int64
	SHA256  [32]byte
	Savable bool // I179
	Saved   bool // to the patient: it is among his documents

	Documents []DocumentLine // health documents that it is or holds (OP14)
}

// DocumentLine is one health document in a message.
type DocumentLine struct {
	HealthDocument
	Embedded []AttachmentLine // instead of the Parts: each can be downloaded by its id
}

// ReplyOptions is what the patient may do in a conversation.
type ReplyOptions struct {
	Allowed        bool
	Options        []string // REPLY, REPLY_TO_ALL, REPLY_BLOCKED or NO_REPLY
	Code           rules.Code
	EndedBy        string
	Until          time.Time // zero: no limit
	To             []string  // names of those whom REPLY reaches
	ToAll          []string  // names of those whom REPLY_TO_ALL adds
	RemainingBytes int64     // decoded bytes of attachments that still fit
}

// Download is an attachment being read. Write streams the decoded content.
type Download struct {
	AttachmentLine
	Write func(w io.Writer) error
}

// ReplyInput is a patient's reply.
type ReplyInput struct {
	Text        string
	Choice      rules.ReplyChoice
	Attachments []Attachment
	Operation   string // idempotency key of the caller; empty: none
}

// ThreadInput is a professional's message by the API: a first one, or a further one.
type ThreadInput struct {
	Mailbox     Address
	INS         rules.INS // first message only
	Subject     string    // first message only
	Text        string
	Attachments []Attachment
	NoReply     bool // X-MSS-MES: FIN
	ReadReceipt bool // the opening is told (R57)
	Operation   string
	CopyTo      []Address // professionals in copy (R79): each gets the message, and the patient sees whom
	Visit       *Visit    // first message only: the visit that the conversation is about (D24); nil: none

	Confidential rules.Confidential // first message only: what a known minor wants (D28)
	ReplyTo      Address            // first message only: another mailbox that answers go to (R75, OP3); zero: Mailbox
	Informed     Attestation        // first message only (I141)
	Acknowledged string             // reason to write in spite of a recorded refusal (D14 d)
}

// Attestation says that the patient was told that the exchange takes place by this channel (I141).
type Attestation struct {
	By  string
	At  time.Time
	How string
}

// label is what is kept of an attestation, nil of none.
func (a Attestation) label() *informedLabel {
	if a == (Attestation{}) {
		return nil
	}
	return &informedLabel{By: a.By, At: toMillis(a.At), How: a.How}
}

// ExchangeLine is one exchange as a professional sees it.
type ExchangeLine struct {
	ID       ID
	Mailbox  Address
	Patient  Patient // without the state of the account (D4)
	State    rules.ThreadState
	Since    time.Time // zero when unreachable (D4)
	EndedBy  string
	EndedHow rules.EndHow
	EndedAt  time.Time // zero unless ended (D4)
	LastAt   time.Time
	Until    time.Time // end of the reply window, as announced to the patient (D8); zero: none
	Awaiting bool      // réponse attendue: the patient wrote last, and the window waits (D8)
	Planned  Planned
	Waiting  bool // the patient wrote last, and nobody answered
	Unread   bool // a message that asked for a receipt was not opened (D22)
	Failed   bool // a message of the patient did not reach the mailbox (O89)

	Noted rules.Lists // the lists where the exchange is counted; projected, and a moment behind the rest

	Objected   time.Time // since when the patient objects to exchange about him with the mailbox (D14 c); zero: not
	Opposition Opposition
	Unreadable bool // this patient's records cannot be opened now

	Cares []Care // in a list of a shared mailbox: which of its users take care of conversations, the latest first
}

// Opposition is what the mailbox's side recorded on the patient's word (D14 d).
type Opposition struct {
	ToPatient       bool
	ToProfessionals bool
	At              time.Time // zero: nothing is recorded
}

// ExchangePage is one page of a ledger, newest first.
type ExchangePage struct {
	Items  []ExchangeLine
	Next   string // of a list by care also where nothing was found yet
	AsOf   time.Time
	Shared bool // several may act for the mailbox, and take care of conversations
}

// Tally is how many exchanges of a mailbox stand in each list.
type Tally struct {
	All   int
	Lists map[rules.Lists]int
	AsOf  time.Time
}

// Filter narrows a list of a mailbox.
type Filter struct {
	State   rules.ThreadState // empty: all
	List    rules.Lists       // one list; 0: all
	Patient ID                // an exchange id; empty: all
	Oldest  bool              // oldest first; else newest first
	Care    CareFilter        // exchanges of a shared mailbox only
	By      Actor             // who asks, for MyCare
	Cursor  string
	Limit   int
}

// Incoming is one message from a professional's operator to one patient, with its bytes already in
// the body store.
type Incoming struct {
	Patient     PatientID
	INS         rules.INS
	Recipient   Address        // as it was written; only for Bounce without a patient
	Message     ID             // id under which the body was written
	Thread      ID             // conversation that the message belongs to; empty: References tell
	Envelope    Address        // reverse-path; the sender of a DSN
	From        NamedAddress   // author
	ReplyTo     []Address      // MSSanté mailboxes of Reply-To, citizens and outsiders left out (D9, OP8)
	Others      []NamedAddress // professionals of To and Cc
	MessageID   string         // without angle brackets; empty when the message has none
	References  []string       // In-Reply-To and References, nearest first, without angle brackets
	Subject     string         // decoded, unfolded
	EndHeaders  []string       // values of X-MSS-MES
	Date        time.Time      // of the header; zero when unreadable
	HasText     bool
	Attachments int  // how many, as the walk counted
	Documents   bool // some attachment may be a health document, or hold one
	IsReport    bool
	Digest      [32]byte // SHA-256 from the first header field that is not a trace field
	SHA256      [32]byte // of all bytes as stored
	Bytes       int64
	Receipt     Receipt   // DSN asked for (RFC 3461)
	ReadTo      []Address // Disposition-Notification-To, as the message asks
	Automatic   bool      // an automatic answer, not a report
	Feedback    *Feedback // what the message says as a report; nil when it is none
	Peer        Actor     // the operator’s server, or who wrote by the API
	Operation   string    // operation id; empty: Message stands for it
	Visit       *Visit    // visit of a new conversation (D24)

	Informed     Attestation // of a message by the desk or the API (I141)
	Acknowledged string      // reason to write in spite of a recorded refusal (D14 d)
	ReplyOutside bool        // a Reply-To outside the trust space was left out (D9)

	confidential rules.Confidential // of a first message by the desk or the API (D28)
	hidden       bool               // what confidential came to

	desk bool // written by the desk or the API, which a recorded refusal binds (D14 d)
}

// Receipt is what a sender asked to be told (RFC 3461).
type Receipt struct {
	Success bool   // NOTIFY=SUCCESS
	EnvID   string // ENVID, decoded
	ORcpt   string // ORCPT: type, a semicolon, and the decoded address
	Full    bool   // RET=FULL
	Silent  bool   // no report of failure: NOTIFY=NEVER, or NOTIFY without FAILURE
}

// Outgoing is a queued message on its way to one mailbox.
type Outgoing struct {
	Effect   Effect
	From     Address // reverse-path: the patient's address (O86)
	To       Address
	Open     func() (io.ReadCloser, error) // the same bytes each time
	Bytes    int64
	QueuedAt time.Time
	EnvID    string // names message and mailbox to us in reports (RFC 3461 section 4.4); says nothing to others
	// UntrustedSince is when the server's certificate was first found bad, without a good one since (O85).
	UntrustedSince time.Time
}

// Certificate is what an attempt saw of the server's certificate.
type Certificate string

// What an attempt may have seen.
const (
	CertificateUnseen Certificate = ""
	CertificateGood   Certificate = "good"
	CertificateBad    Certificate = "bad"
)

// Outcome is what became of one delivery attempt.
type Outcome struct {
	State       DeliveryState // sent, or failed for good; empty: try again
	Detail      string        // plain French, shown to the patient when failed (O89)
	Code        string        // SMTP reply code and enhanced code, for the trace
	Certificate Certificate
}

// Report is a delivery status notification to send.
type Report struct {
	To        Address // envelope sender of the message
	From      Address // recipient: the patient, or an address of the citizen domain that is nobody's
	MessageID string
	Subject   string
	Receipt   Receipt
	ArrivedAt time.Time
	Failure   Kind // why the message did not reach the patient; empty: it did

	UntrustedSince time.Time // as in Outgoing
}
