package rules

import "time"

// Code is a frozen reason code of the outside contract (I246, docs/contract.md).
type Code string

// Codes that rules give. The remaining codes of the contract belong to the borders.
const (
	ThreadNotOpened    Code = "thread-not-opened"       // no professional wrote first (D3)
	ThreadClosed       Code = "thread-closed"           // the professional ended the exchange (R89)
	ReplyNotAllowed    Code = "reply-not-allowed"       // the message carries FIN (R81)
	BlockedByPatient   Code = "blocked-by-patient"      // told to the patient only (I246)
	PatientOpposed     Code = "patient-opposed"         // own account or refusal; told to the patient only
	PatientUnreachable Code = "patient-unreachable"     // D36, class unreachable
	MailboxUnknown     Code = "mailbox-unknown"         // D36, class unknown; or a correspondent that is gone
	TemporarilyAway    Code = "temporarily-unavailable" // suspended account, missing facts (D17)
	INSInvalid         Code = "ins-invalid"             // not a matricule INS (R13, R20)
	TooLarge           Code = "too-large"               // D19
	EmptyMessage       Code = "invalid-request"         // a reply without content (R112)
	WrongPatient       Code = "wrong-patient"           // a document is another patient's (D31)
	NotFound           Code = "not-found"               // nothing of that name is the caller's
	MinorConfidential  Code = "minor-confidential"      // a known minor: nobody said that it is not confidential (D28)
	NotHabilitated     Code = "mailbox-not-habilitated" // the person or application may not act for the mailbox (I120)
	ObjectionRecorded  Code = "objection-recorded"      // the professional's side recorded a refusal (D14 d)
	NotGranted         Code = "insufficient-scope"      // who acts for a patient may not do that (R133)
	AlreadyLinked      Code = "already-linked"          // a login is bound to that account, or the login to another (D26)
)

// Refusal says why a command is refused. The zero Refusal means that it is allowed.
type Refusal struct {
	Code Code
	Rule string // id of the rule that decided, for the trace
}

// Refused reports whether the command is refused.
func (r Refusal) Refused() bool { return r.Code != "" }

// Effects is the set of what must follow a change, committed with it and done at least once.
type Effects uint16

// Effects, each idempotent.
const (
	Notify      Effects = 1 << iota // a neutral e-mail to the patient's private address (R122, R123)
	Project                         // index the conversation on the side of Change's mailboxes
	Dispatch                        // send Change.Message by mail to each mailbox of Change.To (O88)
	Report                          // a DSN was asked for success (R54)
	Retire                          // look at the account again at Verdict.Due (O113, O116)
	Expunge                         // erase at Verdict.Due what the patient deleted (OP18)
	Shred                           // destroy the patient's key and all that it sealed (D16)
	Acknowledge                     // a read receipt to each mailbox that asked for one (R57)
	ComeOfAge                       // the majority is due at Verdict.Due (R131)
	EndSessions                     // whoever is logged in as the patient is so no more (R148)
)

// Has reports whether e contains all of o.
func (e Effects) Has(o Effects) bool { return e&o == o }

// Notes is the set of remarks that the trace keeps beside the outcome.
type Notes uint16

// Notes for the trace (I188, O155).
const (
	NearMiss        Notes = 1 << iota // a subject or header that resembles a FIN marker (D5)
	Reactivated                       // an ended exchange is open again (R90)
	Started                           // a new conversation
	Repeated                          // an operator's retry of a message that is already there
	Crossed                           // sent before an end that was committed meanwhile (D7)
	Ending                            // a [FIN] message (R80)
	Unmatched                         // a scope could not be compared with a sender whom no table knows (D12)
	Acknowledged                      // written although a refusal is recorded, with a reason (D14 d)
	ReplyToIgnored                    // a reply mailbox outside the trust space (D9)
	Foreign                           // a document of another patient, taken all the same (D31, setting flag)
	Outdated                          // an event of an episode that is older than the last one (I230)
	Withheld                          // a last message that the patient's mailbox does not take any more (D15)
	ReceiptWithheld                   // a read receipt is asked for to somebody who gets none (R63, OP5)
)

// Has reports whether n contains all of o.
func (n Notes) Has(o Notes) bool { return n&o == o }

// ChangeKind names what a change does; the texts are stored in the journal.
type ChangeKind string

// Kinds of change.
const (
	MessageReceived   ChangeKind = "message.in"
	MessageRefused    ChangeKind = "message.refused" // after its acceptance for others; only a report tells (R48)
	ReplySent         ChangeKind = "message.out"
	ExchangeEnded     ChangeKind = "exchange.end"
	ConversationEnded ChangeKind = "thread.close"
	BlockSet          ChangeKind = "patient.block"
	BlockLifted       ChangeKind = "patient.unblock"
	AccountChanged    ChangeKind = "mailbox.state"

	AccountErased       ChangeKind = "erase" // the data key goes; only the tombstone stays (D16, O117)
	ObjectionSet        ChangeKind = "opposition.set"
	ObjectionLifted     ChangeKind = "opposition.lift"
	OppositionRecorded  ChangeKind = "opposition.record" // by the professional's side (D14 d)
	ConversationDeleted ChangeKind = "thread.delete"
	ConversationPurged  ChangeKind = "thread.purge" // of what the patient deleted (OP18)
	DocumentSaved       ChangeKind = "document.save"
	DocumentDeleted     ChangeKind = "document.delete"
	TermsAccepted       ChangeKind = "terms.accept"
	MinorityNoted       ChangeKind = "patient.minority" // until when the patient is a minor (D28)
	VisitOpened         ChangeKind = "episode.open"     // or its discharge cancelled
	VisitClosed         ChangeKind = "episode.close"
	ClosingAnnounced    ChangeKind = "thread.closing" // the patient was told when an episode ends the conversation
	VerdictAsked        ChangeKind = "verdict"        // nothing changes but the trace (D29)
	LifeNoted           ChangeKind = "patient.event"  // a life event; Change.Event says which (D33)
	MatriculeJoined     ChangeKind = "patient.alias"  // a matricule leads to another mailbox of the same person (OP17)

	DelegateInvited  ChangeKind = "delegate.invite"
	DelegateAccepted ChangeKind = "delegate.accept"
	DelegateRefused  ChangeKind = "delegate.refuse"
	DelegateDeclared ChangeKind = "delegate.declare" // a legal representation (D28)
	DelegateEnded    ChangeKind = "delegate.end"
	DelegateRestored ChangeKind = "delegate.restore" // an end by mistake was taken back
	ProfileNoted     ChangeKind = "profile.note"     // in a person's own record: for whom he may act

	EnrolmentMade    ChangeKind = "enrolment.code"    // a code was handed over (D26)
	EnrolmentEnded   ChangeKind = "enrolment.revoke"  // and taken back
	EnrolmentRefused ChangeKind = "enrolment.refused" // somebody else than the person tried it
	SubjectBound     ChangeKind = "login.bind"        // a login leads to the account from now on
	SubjectUnbound   ChangeKind = "login.unbind"
	SubjectNoted     ChangeKind = "login.note" // in the login's own record: which account it leads to

	DeliverySettled    ChangeKind = "message.delivery" // an attempt to deliver a message of ours to one mailbox, and what became of it (R155, O155)
	ReportReceived     ChangeKind = "report.in"        // a report that is believed about the patient's message (OP7)
	ConversationOpened ChangeKind = "message.opened"   // first display (R155)
	ReceiptSent        ChangeKind = "receipt.out"      // a read receipt is about to leave, once (R60)

	EndPlanned ChangeKind = "exchange.plan" // the exchange ends at Until, unless somebody takes it back (D7)
	EndKept    ChangeKind = "exchange.keep" // a planned end was taken back
)

// Change is one change of a patient's state. Only the fields of its kind are set. Slices are shared
// with the facts and must not be modified.
type Change struct {
	Kind         ChangeKind
	Seq          Seq
	At           time.Time
	Conversation ConversationID
	Message      MessageKey
	Mailbox      MailboxID   // whose command it is, or whom a block concerns
	ReplyTo      []MailboxID // MessageReceived
	With         []MailboxID // MessageReceived
	To           []MailboxID // ReplySent: recipients, first those of REPLY
	Fin          bool        // MessageReceived with header FIN
	Ends         bool        // MessageReceived with subject [FIN]: also an end of the exchange
	Shown        bool        // a [FIN] message that is shown in a conversation
	Aside        bool        // MessageReceived: a report in a conversation that is there; it gives and takes no right (OP7)
	How          EndHow
	Block        PersonBlock
	Account      AccountState
	Until        time.Time // MinorityNoted, LifeNoted of a guardianship, EndPlanned
	Event        LifeEvent // LifeNoted, MatriculeJoined
	Delegation   Delegation
	Enrolment    Enrolment // EnrolmentMade, EnrolmentEnded, EnrolmentRefused, SubjectBound by a code
	Subject      SubjectID // SubjectBound, SubjectUnbound
	Bytes        int64     // octets that the mailbox holds more by it, or less (O167)
	Objection    Objection
	Opposition   RecordedOpposition
	Terms        Terms
	Windows      map[MailboxID]Window // MessageReceived: windows of those of Mailbox and ReplyTo that have one
	Auto         bool                 // MessageReceived: written by a program, which answers nobody (OP7)
	Visit        VisitID              // MessageReceived in a conversation of a visit; events of episodes
	Boxes        []MailboxID          // MessageReceived: mailboxes of the visit's structure that it names
	Episode      *EpisodeChange       // events of episodes
}

// Verdict is the answer to a command: a refusal, or one change and its effects.
type Verdict struct {
	Refusal Refusal
	Change  Change
	Effects Effects
	Due     time.Time // when Retire, Expunge or ComeOfAge is to happen
	Notes   Notes
}

// refuse is the verdict of a refused command.
func refuse(c Code, rule string) Verdict { return Verdict{Refusal: Refusal{Code: c, Rule: rule}} }
