package conversations

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"

	"mesbridge/rules"
)

// recordVersion is the first byte of every stored value. A field may be added under a new number
// without touching it. When the meaning of a field changes, raise it and let unpack turn the older
// form into the newer one: every version ever written stays readable.
const recordVersion = 1

var (
	errRecordVersion = errors.New("record of an unknown version")
	errRecord        = errors.New("unreadable record")
)

// pack writes a record: the version byte, then CBOR (RFC 8949) with numbered fields.
func pack(v any) []byte {
	b, err := cbor.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("record type %T cannot be packed: %v", v, err)) // a fault of the type, found by any test
	}
	return append([]byte{recordVersion}, b...)
}

// decoder reads what pack writes: also text that is not UTF-8, such as a name that came so, and lists as
// long as hostile headers make them. What was accepted must stay readable.
var decoder = must(cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid, MaxArrayElements: math.MaxInt32, MaxMapPairs: math.MaxInt32}.DecMode())

func must(m cbor.DecMode, err error) cbor.DecMode {
	if err != nil {
		panic(err) // the options above are wrong, found by any test
	}
	return m
}

// unpack reads a record of any version that was ever written.
func unpack(b []byte, v any) error {
	if len(b) == 0 {
		return errRecord
	}
	switch b[0] {
	case recordVersion:
		if err := decoder.Unmarshal(b[1:], v); err != nil {
			return errRecord // the cause may quote the content
		}
		return nil
	default:
		return errRecordVersion
	}
}

// millis is a stored time: Unix milliseconds, 0 for none.
type millis int64

func toMillis(t time.Time) millis {
	if t.IsZero() {
		return 0
	}
	return millis(t.UnixMilli())
}

func (m millis) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// hexID is an id of hexadecimal digits, stored as the bytes that they write.
type hexID string

// MarshalBinary returns the bytes.
func (h hexID) MarshalBinary() ([]byte, error) { return hex.DecodeString(string(h)) }

// UnmarshalBinary reads the bytes.
func (h *hexID) UnmarshalBinary(b []byte) error {
	*h = hexID(hex.EncodeToString(b))
	return nil
}

// patientRecord is the patient's own record. Name is sealed: it is all that names anybody.
type patientRecord struct {
	Account  rules.AccountState `cbor:"1,keyasint"`
	Blocks   []blockRecord      `cbor:"2,keyasint,omitempty"`
	Refusals []refusalRecord    `cbor:"3,keyasint,omitempty"`
	Died     bool               `cbor:"4,keyasint,omitempty"` // as an event of life; see Deaths
	Sealed   []byte             `cbor:"5,keyasint,omitempty"` // patientLabel

	Since       millis             `cbor:"6,keyasint,omitempty"`
	Before      rules.AccountState `cbor:"7,keyasint,omitempty"`
	Oppositions []oppositionRecord `cbor:"8,keyasint,omitempty"`
	Terms       *termsRecord       `cbor:"9,keyasint,omitempty"`
	Trash       []ID               `cbor:"10,keyasint,omitempty"` // deleted conversations that are in no inbox
	Visits      []openVisitRecord  `cbor:"13,keyasint,omitempty"`
	MinorUntil  millis             `cbor:"14,keyasint,omitempty"`
	Delegates   []delegateRecord   `cbor:"15,keyasint,omitempty"`
	Profiles    []hexID            `cbor:"16,keyasint,omitempty"` // patients whose records may let this person act for them

	Of        hexID          `cbor:"20,keyasint,omitempty"` // the patient whom this matricule leads to (OP17); nothing else is set but Aliases and Matricule
	Aliases   []hexID        `cbor:"21,keyasint,omitempty"` // records of other matricules, which lead here
	Matricule []byte         `cbor:"22,keyasint,omitempty"` // matriculeLabel, when the matricule is not the one that the account began with
	Guarded   *guardedRecord `cbor:"23,keyasint,omitempty"`
	Deaths    []hexID        `cbor:"65,keyasint,omitempty"` // visits that told of the patient's death

	Enrolments []enrolmentRecord `cbor:"30,keyasint,omitempty"` // codes handed over (D26)
	Bound      *boundRecord      `cbor:"31,keyasint,omitempty"` // the login that leads here
	Claims     []claimRecord     `cbor:"32,keyasint,omitempty"` // whom this person is about to help as a caregiver (I174)
}

// guardedRecord is a measure of protection (D28).
type guardedRecord struct {
	Since millis `cbor:"1,keyasint"`
	Until millis `cbor:"2,keyasint,omitempty"`
}

type patientLabel struct {
	Name string `cbor:"1,keyasint,omitempty"`
}

type blockRecord struct {
	Mailbox hexID  `cbor:"1,keyasint"`
	Person  hexID  `cbor:"2,keyasint,omitempty"`
	At      millis `cbor:"3,keyasint"`
	Until   millis `cbor:"4,keyasint,omitempty"`
	Sealed  []byte `cbor:"5,keyasint,omitempty"` // mailboxLabel
}

// refusalRecord is one objection of either kind. Its id is the patient's own words, and whom it binds is
// nobody's business: both are sealed. Value holds what the first form of the record had in clear.
type refusalRecord struct {
	Scope  rules.RefusalScope  `cbor:"1,keyasint"`
	Value  string              `cbor:"2,keyasint,omitempty"`
	At     millis              `cbor:"3,keyasint"`
	Kind   rules.ObjectionKind `cbor:"4,keyasint,omitempty"` // absent: messages
	Sealed []byte              `cbor:"5,keyasint,omitempty"` // objectionLabel
}

// objectionLabel is what an objection says.
type objectionLabel struct {
	ID    string `cbor:"1,keyasint"`
	Value string `cbor:"2,keyasint,omitempty"`
}

// oppositionRecord is a refusal that a professional's side recorded (D14 d). Sealed tells who, and why.
type oppositionRecord struct {
	Mailbox         hexID  `cbor:"1,keyasint"`
	Structure       string `cbor:"2,keyasint,omitempty"`
	ToPatient       bool   `cbor:"3,keyasint,omitempty"`
	ToProfessionals bool   `cbor:"4,keyasint,omitempty"`
	At              millis `cbor:"5,keyasint"`
	Sealed          []byte `cbor:"6,keyasint,omitempty"` // oppositionLabel
}

type oppositionLabel struct {
	By     string `cbor:"1,keyasint,omitempty"`
	Reason string `cbor:"2,keyasint,omitempty"`
}

// termsRecord is the acceptance of the terms of use (D32).
type termsRecord struct {
	Version string `cbor:"1,keyasint"`
	Hash    string `cbor:"2,keyasint"`
	At      millis `cbor:"3,keyasint"`
}

// exchangeRecord is one pair; its field is the mailbox.
type exchangeRecord struct {
	Since    millis       `cbor:"1,keyasint,omitempty"`
	LastAt   millis       `cbor:"2,keyasint,omitempty"`
	Written  rules.Seq    `cbor:"3,keyasint,omitempty"`
	Granted  rules.Seq    `cbor:"4,keyasint,omitempty"`
	Horizon  rules.Seq    `cbor:"5,keyasint,omitempty"`
	EndedAt  millis       `cbor:"6,keyasint,omitempty"`
	EndedHow rules.EndHow `cbor:"7,keyasint,omitempty"`
	Sealed   []byte       `cbor:"8,keyasint,omitempty"` // mailboxLabel
	Until    millis       `cbor:"9,keyasint,omitempty"`
	Awaiting bool         `cbor:"10,keyasint,omitempty"`
	Hidden   bool         `cbor:"15,keyasint,omitempty"` // only confidential messages made it (D28)

	EndsAt   millis `cbor:"40,keyasint,omitempty"` // an end that is planned (D7)
	Crossed  bool   `cbor:"41,keyasint,omitempty"` // the patient replied since
	Crossing []ID   `cbor:"42,keyasint,omitempty"` // his messages since, until they are marked
	Plan     []byte `cbor:"43,keyasint,omitempty"` // planLabel, sealed
}

// mailboxLabel names a professional mailbox: its address, and the name that mail gave it.
type mailboxLabel struct {
	Mailbox hexID  `cbor:"-"` // of the address; the first form of the record held it under 1
	Local   string `cbor:"2,keyasint"`
	Domain  string `cbor:"3,keyasint"`
	Name    string `cbor:"4,keyasint,omitempty"`
}

func (l mailboxLabel) address() Address { return Address{Local: l.Local, Domain: l.Domain} }

// threadRecord is one conversation; its field is its id.
type threadRecord struct {
	Voices      []voiceRecord `cbor:"1,keyasint,omitempty"`
	Ends        []endRecord   `cbor:"2,keyasint,omitempty"`
	LastAt      millis        `cbor:"3,keyasint"`
	LastPatient bool          `cbor:"4,keyasint,omitempty"`
	Count       int           `cbor:"5,keyasint"`           // messages so far; they are numbered from 1
	Attached    bool          `cbor:"6,keyasint,omitempty"` // some message has an attachment, one that the patient deleted included
	Heard       rules.Seq     `cbor:"7,keyasint,omitempty"` // last professional message, for the unread mark
	Sealed      []byte        `cbor:"8,keyasint"`           // threadLabel

	Deleted rules.Seq      `cbor:"12,keyasint,omitempty"` // the patient deleted what came up to here (R115)
	Cleared int            `cbor:"13,keyasint,omitempty"` // and these many messages
	Visit   *visitRecord   `cbor:"9,keyasint,omitempty"`
	Closing *closingRecord `cbor:"10,keyasint,omitempty"`
	Touched rules.Seq      `cbor:"11,keyasint,omitempty"`
	Due     []int          `cbor:"14,keyasint,omitempty"` // messages that ask for a read receipt and were not opened
	Hidden  bool           `cbor:"15,keyasint,omitempty"` // confidential: from everybody who acts for the patient (D28)

	LastAttached int `cbor:"20,keyasint,omitempty"` // number of the last message with an attachment; 0 while Attached: not noted then
}

// shown reports whether some of the conversation is there for the patient.
func (r threadRecord) shown() bool { return r.Count > r.Cleared }

// showsAttachment reports whether a message that is there for the patient has an attachment.
func (r threadRecord) showsAttachment() bool {
	return r.Attached && (r.LastAttached == 0 || r.LastAttached > r.Cleared)
}

type voiceRecord struct {
	Message int       `cbor:"1,keyasint"`
	Seq     rules.Seq `cbor:"2,keyasint"`
	From    hexID     `cbor:"3,keyasint"`
	ReplyTo []hexID   `cbor:"4,keyasint,omitempty"` // absent: From alone
	With    []hexID   `cbor:"5,keyasint,omitempty"`
	Fin     bool      `cbor:"6,keyasint,omitempty"`
}

type endRecord struct {
	By  hexID        `cbor:"1,keyasint"`
	Seq rules.Seq    `cbor:"2,keyasint"`
	At  millis       `cbor:"3,keyasint"`
	How rules.EndHow `cbor:"4,keyasint"`
	Of  rules.Seq    `cbor:"5,keyasint,omitempty"`
}

// threadLabel is what names or quotes in a conversation.
type threadLabel struct {
	Subject string         `cbor:"1,keyasint"` // of the first message, decoded, as it was sent
	People  []mailboxLabel `cbor:"2,keyasint"` // every mailbox that the conversation names
	Visit   *Visit         `cbor:"3,keyasint,omitempty"`
}

// messageRecord is one message; its field is its id.
type messageRecord struct {
	Seq         rules.Seq `cbor:"1,keyasint"`
	At          millis    `cbor:"2,keyasint"`
	From        hexID     `cbor:"3,keyasint,omitempty"` // absent: the patient
	To          []hexID   `cbor:"4,keyasint,omitempty"` // whom the patient's message goes to, or who was in copy
	Fin         bool      `cbor:"5,keyasint,omitempty"`
	Attachments int       `cbor:"6,keyasint,omitempty"`
	Bytes       int64     `cbor:"7,keyasint"`
	Body        ID        `cbor:"8,keyasint"`
	Sealed      []byte    `cbor:"9,keyasint"`            // messageLabel
	Answers     hexID     `cbor:"10,keyasint,omitempty"` // author of the message that the patient's message answers
	Listed      bool      `cbor:"15,keyasint,omitempty"` // the directory knew the author's mailbox (R119)
	Asked       bool      `cbor:"11,keyasint,omitempty"` // a read receipt was asked for, to somebody who may have one (R63)
	OpenedAt    millis    `cbor:"12,keyasint,omitempty"` // first display; noted only when asked for (D22)
	OpenedBy    ActorKind `cbor:"13,keyasint,omitempty"` // who opened it (R61)
	Repeat      []byte    `cbor:"23,keyasint,omitempty"` // mark of its repeats (repeatMark), which goes after it
	WrittenBy   ActorKind `cbor:"19,keyasint,omitempty"` // who wrote the patient's message, when not he himself (D28)
}

// messageLabel is what names or quotes in a message. The first form of it held the SHA-256 of the bytes under
// 3, which is in the journal alone now.
type messageLabel struct {
	MessageID string        `cbor:"1,keyasint,omitempty"`
	Subject   string        `cbor:"2,keyasint,omitempty"`  // when it does not end with the conversation's
	Prefix    string        `cbor:"11,keyasint,omitempty"` // what stands before the conversation's: "Re: "
	Receipt   *receiptLabel `cbor:"4,keyasint,omitempty"`
	Author    string        `cbor:"5,keyasint,omitempty"` // who acted, when it was not the mailbox's own mail
	ReadTo    []boxLabel    `cbor:"6,keyasint,omitempty"` // whom a read receipt goes to
	ORcpt     string        `cbor:"7,keyasint,omitempty"` // ORCPT, for that receipt

	Informed     *informedLabel `cbor:"9,keyasint,omitempty"`  // the patient was told of this channel (I141)
	Acknowledged string         `cbor:"10,keyasint,omitempty"` // why it was written in spite of a recorded refusal (D14 d)
	AuthorID     string         `cbor:"13,keyasint,omitempty"` // id of Author, so that he knows his own messages in a shared mailbox
	Signature    string         `cbor:"12,keyasint,omitempty"` // last line of a message that somebody wrote for the patient (R134)
}

// setSubject keeps the subject of a message of a conversation as what it has beside the conversation's: most
// answers repeat it.
func (l *messageLabel) setSubject(own, conversation string) {
	prefix, ends := strings.CutSuffix(own, conversation)
	if ends && conversation != "" {
		l.Prefix = prefix
	} else if own != conversation {
		l.Subject = own
	}
}

// informedLabel is the attestation that the patient was told that the exchange takes place here (I141).
type informedLabel struct {
	By  string `cbor:"1,keyasint"`
	At  millis `cbor:"2,keyasint"`
	How string `cbor:"3,keyasint"`
}

// boxLabel is an address.
type boxLabel struct {
	_      struct{} `cbor:",toarray"`
	Local  string
	Domain string
}

func (l boxLabel) address() Address { return Address{Local: l.Local, Domain: l.Domain} }

// receiptLabel is a delivery status notification asked for.
type receiptLabel struct {
	Local  string `cbor:"1,keyasint"`
	Domain string `cbor:"2,keyasint"`
	EnvID  string `cbor:"3,keyasint,omitempty"`
	ORcpt  string `cbor:"4,keyasint,omitempty"`
	Full   bool   `cbor:"5,keyasint,omitempty"`
	// Failure is the kind of the refusal that the notification tells; empty: the message arrived.
	Failure Kind `cbor:"6,keyasint,omitempty"`
	// About is the recipient of whom the notification tells, when it is not the record's patient.
	AboutLocal  string `cbor:"7,keyasint,omitempty"`
	AboutDomain string `cbor:"8,keyasint,omitempty"`
}

// outcomeRecord is what became of a message to one mailbox. Its text is one of a closed list.
type outcomeRecord struct {
	State   DeliveryState `cbor:"1,keyasint"`
	Detail  string        `cbor:"2,keyasint,omitempty"`
	At      millis        `cbor:"3,keyasint"`
	Crossed bool          `cbor:"4,keyasint,omitempty"`
	Code    string        `cbor:"5,keyasint,omitempty"` // SMTP reply code and enhanced code, for the trace
	// UntrustedSince is when the certificate of the mailbox's server was first found bad, without a good
	// one since (O85).
	UntrustedSince millis `cbor:"6,keyasint,omitempty"`
}
