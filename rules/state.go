package rules

import (
	"slices"
	"time"
)

// Seq orders what happened to one patient: the patient's version at which a message, an end or a
// block was committed. The first change has Seq 1; 0 means never.
type Seq uint64

// Identifiers are opaque here: keyed hashes or random ids made outside, never an address or an INS.
type (
	// MailboxID names a professional mailbox.
	MailboxID string
	// PersonID names the natural person who holds a personal mailbox.
	PersonID string
	// StructureID names a health structure (FINESS, SIRET or national structure id).
	StructureID string
	// ConversationID names a conversation (fil) of one patient.
	ConversationID string
	// MessageKey names one stored message of one patient.
	MessageKey string
)

// MailboxKind is the type of a professional mailbox (TRE_R257, O102).
type MailboxKind string

// Mailbox kinds, by their official codes. The empty kind means that no table knows the mailbox.
const (
	Personal       MailboxKind = "PER"
	Organisational MailboxKind = "ORG"
	Application    MailboxKind = "APP"
	Practice       MailboxKind = "CAB"
)

// Correspondent is what the local tables know of a professional mailbox at the time of a decision.
// All but Mailbox may be empty: a mailbox on the red list is legitimately unknown (O75).
type Correspondent struct {
	Mailbox    MailboxID
	Kind       MailboxKind
	Person     PersonID    // holder of a personal mailbox; the key of a block (D12)
	Structure  StructureID // for refusals by structure (D14 b)
	Profession string      // code of the profession, for refusals by profession (D14 b)
	Gone       bool        // its domain left the white list (O45)
}

// AccountState is where a citizen's mailbox stands in its life (D16, table 8.2 of operator.md).
type AccountState string

// Account states in life order; the texts are stored and never reworded.
const (
	Absent          AccountState = "absent"           // no mailbox was ever opened; receives nothing
	Opposed         AccountState = "opposed"          // the person objected; to a sender the same as absent
	NotActivated    AccountState = "not-activated"    // opened by law without a login; receives (R31)
	Active          AccountState = "active"           // receives, reads and replies
	MessagingClosed AccountState = "messaging-closed" // reads what is there; neither receives nor replies
	Suspended       AccountState = "suspended"        // by authority; nothing, temporarily (O116)
	Closed          AccountState = "closed"           // archived ten years, reversible (O113, O115)
	Purged          AccountState = "purged"           // erased; only a tombstone remains (O117)
)

// AccountStates lists every state in life order.
func AccountStates() []AccountState {
	return []AccountState{Absent, Opposed, NotActivated, Active, MessagingClosed, Suspended, Closed, Purged}
}

// PersonBlock is one patient's block of one professional (D12). It matches by mailbox or by person;
// both are tried at each decision, so that a later directory import widens it.
type PersonBlock struct {
	Mailbox MailboxID
	Person  PersonID  // empty for ORG, APP and CAB mailboxes, and while nobody knows the holder
	At      time.Time // when the patient asked
	Until   time.Time // first instant at which it no longer holds; zero: until lifted
}

// RefusalScope says whom a patient's refusal of messages binds (D14 b).
type RefusalScope string

// Scopes of a refusal of messages.
const (
	Everyone        RefusalScope = "everyone"
	WholeStructure  RefusalScope = "structure"
	WholeProfession RefusalScope = "profession"
)

// ObjectionID names one refusal or objection of a patient, by his own choice.
type ObjectionID string

// MessagesRefusal is a block with a wider key (D14 b): Value is a structure or a profession code, and
// empty for Everyone. An unknown sender is not matched (D12).
type MessagesRefusal struct {
	ID    ObjectionID
	Scope RefusalScope
	Value string
	At    time.Time
}

// ExchangeObjection is the patient's objection to exchange about him between professionals (D14 c). It has
// the shape of a refusal of messages and stops none.
type ExchangeObjection MessagesRefusal

// RecordedOpposition is a refusal that the professional's side recorded on the patient's word (D14 d,
// R144, R145). It concerns the mailbox that recorded it and those of its structure (I138).
type RecordedOpposition struct {
	Mailbox         MailboxID
	Structure       StructureID
	ToPatient       bool // to messages to the patient (R144)
	ToProfessionals bool // to messages about him to other professionals (R145)
	At              time.Time
}

// Terms is the acceptance of one version of the terms of use (D32).
type Terms struct {
	Version string
	Hash    string // SHA-256 of the text, hexadecimal
	At      time.Time
}

// Patient is what rules know of one patient.
type Patient struct {
	Account     AccountState
	Since       time.Time    // when the account came to that state; zero: not known
	Before      AccountState // what a suspension interrupted (O116)
	Blocks      []PersonBlock
	Refusals    []MessagesRefusal
	Objections  []ExchangeObjection
	Oppositions []RecordedOpposition
	Terms       Terms
	Deaths      []VisitID // who told of the patient's death: visits, and DeathTold; see [Patient.Died]
	MinorUntil  time.Time // first instant of majority of a known minor (D28); zero: not known to be one
	Delegations []Delegation
	Enrolments  []Enrolment // codes handed over, the newest last (D26)
	Subject     SubjectID   // the login that leads to the account; empty: none was bound
	BoundAt     time.Time
	Guarded     Guardianship
	Storage     Storage
}

// DeathTold stands in [Patient.Deaths] for a death that was told as an event of life (D33), not with a visit.
const DeathTold VisitID = ""

// Died reports whether the patient is dead, as far as anybody told and did not take back: conversations freeze
// (D24, D33).
func (p Patient) Died() bool { return len(p.Deaths) > 0 }

// dies notes who told of the death.
func (p *Patient) dies(by VisitID) {
	if !slices.Contains(p.Deaths, by) {
		p.Deaths = append(slices.Clone(p.Deaths), by)
	}
}

// revives takes back what one visit told. Another that told the same stands.
func (p *Patient) revives(by VisitID) {
	p.Deaths = slices.DeleteFunc(slices.Clone(p.Deaths), func(v VisitID) bool { return v == by })
}

// EndHow says how an exchange or a conversation was ended; the texts are those of the API.
type EndHow string

// Ways to end.
const (
	BySubject EndHow = "subject" // a message whose subject is [FIN] (R80)
	ByAPI     EndHow = "api"
	ByEpisode EndHow = "episode" // the care episode was closed (D24)
	ByWindow  EndHow = "window"  // the reply window ran out (D8)
)

// Exchange (échange) is the ledger of one pair: a professional mailbox and this patient.
type Exchange struct {
	Mailbox  MailboxID
	Since    time.Time // first message of the pair
	LastAt   time.Time // last message of the pair, either way
	Written  Seq       // last message without FIN that the mailbox sent
	Granted  Seq       // last message without FIN whose reply mailbox it is (R75)
	Horizon  Seq       // its last [FIN]-type end; what it wrote or answers for before is silent (D6)
	EndedAt  time.Time
	EndedHow EndHow
	Until    time.Time // first refused instant of the reply window (D8); zero: no window
	Awaiting bool      // the last message is the patient's: réponse attendue (D8)
	Plan     Plan      // an end that is to come (D7)
}

// Ended reports whether the mailbox ended the exchange and wrote nothing that re-opens it since
// (R90; a header FIN re-opens nothing, R92).
func (e Exchange) Ended() bool { return e.Horizon > 0 && e.Horizon > max(e.Written, e.Granted) }

// Contactable reports whether the mailbox's messages let the patient open a new conversation with it
// (R70, R72). [CanContact] also asks the patient's side. A window that ran out is written down with the
// message that came after it, whose Seq is then its Horizon.
func (e Exchange) Contactable() bool { return e.Granted > 0 && e.Granted >= e.Horizon }

// Voice is the newest professional message of one author and reply mailbox in a conversation; when it
// carries FIN, the newest one without is kept beside it. Older messages of the same voice decide
// nothing: an end that silences the newest silences them too.
type Voice struct {
	Message MessageKey
	Seq     Seq
	From    MailboxID
	ReplyTo []MailboxID // stored reply mailboxes (R75, OP8); From itself when none was usable
	With    []MailboxID // other professionals in To and Cc, each once, for REPLY_TO_ALL (R79)
	Fin     bool        // header X-MSS-MES: FIN (R81)
}

// End is an end of one conversation only: API conversations/{id}/end and episodes (D6, D24).
type End struct {
	By  MailboxID
	Seq Seq
	At  time.Time
	How EndHow
	Of  Seq // the closing of an episode that announced it; 0: another end
}

// Conversation (fil) is what rules know of one thread.
type Conversation struct {
	ID          ConversationID
	Voices      []Voice // in order of Seq
	Ends        []End   // in order of Seq, the last one of each mailbox and kind
	LastAt      time.Time
	LastPatient bool        // the last message is the patient's (D8, D24)
	Touched     Seq         // the last message or end that somebody made in it, closings of episodes aside
	Visit       VisitID     // visit that it is about; empty: none
	Boxes       []MailboxID // mailboxes of the visit's structure that it names (D34)
	Closing     Closing
	Deleted     Seq // the patient deleted what came up to here; 0: nothing (R115)
}

// Exchanges holds the exchanges loaded for a decision; a missing pair is the zero Exchange.
type Exchanges map[MailboxID]Exchange

// Correspondents holds what the tables know of the mailboxes loaded for a decision.
type Correspondents map[MailboxID]Correspondent

// Of returns what is known of a mailbox, which may be no more than its id.
func (c Correspondents) Of(id MailboxID) Correspondent {
	k := c[id]
	k.Mailbox = id
	return k
}

// State is the part of a patient's state loaded for one decision. Apply changes it in place.
type State struct {
	Patient       Patient
	Exchanges     Exchanges
	Conversations map[ConversationID]Conversation
}
