package conversations

import (
	"context"
	"errors"
	"time"

	"mesbridge/rules"
)

// Store errors. Any other error of a [Store] means that it did not answer or answered nonsense: the
// write may or may not have been made, and the caller repeats it with the same operation id.
var (
	// ErrConflict means that the patient no longer stands at the version read: load and decide again.
	ErrConflict = errors.New("conflict")
	// ErrNotFound means that no patient holds that outside id.
	ErrNotFound = errors.New("not found")
	// ErrBehind means that the store gave out fewer journal sequences than are durable outside it: it
	// was restored from an old copy, or started empty. Nothing it says can be trusted (D17).
	ErrBehind = errors.New("redis is behind the journal, an old or empty copy; stop the bridge and run mesbridge rebuild")
)

// Table names one of a patient's tables. Records are packed by this package and opaque to the store;
// keys are opaque ids. The text is part of the Redis key.
type Table string

// Tables of a patient.
const (
	TableExchanges Table = "exch" // MailboxID -> exchange record
	// TableConversations: conversation ID -> record; "<id>:read", "<id>:draft" beside it, unversioned;
	// "visit:<VisitID>" -> episode record; "care:<MailboxID>" and "<id>:notes:<MailboxID>" -> what the users of
	// a mailbox know (teamwork).
	TableConversations Table = "conv"
	TableMessages      Table = "msgs" // message ID -> record; "<id>:out:<MailboxID>" its outcome, unversioned
	TableRefs          Table = "refs" // hashed Message-ID -> "<conversation>/<message>"; "=" + digest -> message of a repeat
)

// Record is one value to write; a nil Value deletes. With IfAbsent, a value that is there stays.
type Record struct {
	Table    Table
	Field    string
	Value    []byte
	IfAbsent bool
}

// FactsQuery names what one decision needs beside the patient's own record.
type FactsQuery struct {
	Operation     string            // operation id to look for; empty: none
	Exchanges     []rules.MailboxID // exchange records to read
	Refs          []string          // fields of TableRefs, nearest first; Thread is what the first hit holds
	Repeat        string            // field of TableRefs that marks a repeat
	Conversations []ID              // conversation records to read
	Messages      []ID              // message records to read
	Episodes      []rules.VisitID   // episode records to read
	AllExchanges  bool              // read every exchange of the patient
}

// Facts is what [Store.Facts] read, all at Version. Missing records are absent from the maps.
type Facts struct {
	Version       rules.Seq // 0: the patient was never written
	Head          uint64    // last journal sequence of the patient's shard
	Patient       []byte    // patient record
	Answer        []byte    // answer kept for Operation, nil when it was not done
	Done          bool      // Operation was done already
	Exchanges     map[rules.MailboxID][]byte
	Thread        []byte        // value of the first hit among Refs
	ThreadRecord  []byte        // conversation record that Thread leads to
	Repeat        []byte        // value of the repeat mark
	Conversations map[ID][]byte // with the fields beside each: read under "<id>:read", draft under "<id>:draft"
	Messages      map[ID][]byte
	Episodes      map[rules.VisitID][]byte
}

// Effect is one thing that must happen after a commit, at least once. It carries ids, never text.
type Effect struct {
	ID        string // "<shard><random>", unique
	Kind      EffectKind
	Patient   PatientID
	Message   ID
	Thread    ID
	Mailbox   rules.MailboxID // whom it concerns; of EffectVisit the visit, and of notify, profile, resign and login a person, who are named alike
	At        time.Time       // first instant at which it may run
	Attempts  int             // how often it was claimed before
	CreatedAt time.Time
}

// EffectKind names what an effect does; the text is stored.
type EffectKind string

// Kinds of effect.
const (
	EffectDeliver EffectKind = "deliver" // send Message to Mailbox
	EffectNotify  EffectKind = "notify"  // neutral e-mail to the patient, or to the person who acts for him that Mailbox names
	EffectReport  EffectKind = "report"  // DSN for Message
	EffectReceipt EffectKind = "receipt" // read receipt (MDN) for Message to Mailbox
	EffectCopy    EffectKind = "copy"    // send Mailbox a copy of Message, which was written here, for it (D30) or to it as well (R79)
	EffectProject EffectKind = "project" // index Thread under Mailbox
	EffectListing EffectKind = "listing" // index the list of a shared mailbox under the person that Mailbox names
	EffectStand   EffectKind = "stand"   // note where the exchange, and Thread if any, stand in the lists of Mailbox; without Mailbox all exchanges
	EffectRetire  EffectKind = "retire"  // what the law does with the account when a period has passed (O113, O116)
	EffectExpunge EffectKind = "expunge" // erase what the patient deleted, up to Message (OP18)
	EffectForget  EffectKind = "forget"  // drop the marks of repeats of what was erased, up to Message
	EffectShred   EffectKind = "shred"   // destroy the data key of an erased patient, and his bodies (D16)
	EffectClose   EffectKind = "close"   // announce, and at its instant make, the end of Thread by a closed episode
	EffectWindow  EffectKind = "window"  // end the exchange with Mailbox when its reply window ran out
	EffectEnd     EffectKind = "end"     // end the exchange with Mailbox at the instant that was planned (D7)
	EffectVisit   EffectKind = "visit"   // index a visit under its facility
	EffectProfile EffectKind = "profile" // note with the person that Mailbox names whether he acts for the patient
	EffectResign  EffectKind = "resign"  // end what the patient, erased, may do for the patient that Mailbox names

	EffectJoin     EffectKind = "join"     // tell the mailbox that a matricule leads to of it (OP17)
	EffectLogin    EffectKind = "login"    // note in the record of the login that Mailbox names whether it leads to the patient
	EffectMajority EffectKind = "majority" // the patient comes of age (R131)
	EffectSessions EffectKind = "sessions" // end whoever is logged in as the patient (R148)

	EffectWebhook      EffectKind = "webhook"       // tell the event Message of Mailbox to the receiver Thread
	EffectForgetEvents EffectKind = "events.forget" // let go of events that were kept long enough
)

// Commit is one change of a patient, made whole or not at all.
type Commit struct {
	Version   rules.Seq // version that the decision was made at
	Operation string    // operation id; kept with Answer among the patient's last 32
	Answer    []byte
	Patient   []byte           // new patient record; nil when it does not change
	Records   []Record         // records to write
	Inbox     map[ID]time.Time // conversations and their new place in the inbox
	Gone      []ID             // conversations that leave the inbox
	IDs       []ID             // new outside ids of this patient
	Effects   []Effect
	Erase     bool // drop first every table of the patient, and his inbox
	// Entry is the journal entry, framed and sealed by this package. It also names the call: the very
	// same entry again is the same call repeated, as a client does after a lost connection.
	Entry []byte
	Now   time.Time
	Mark  uint64 // high-water mark of the shard's journal; a store behind it fails with ErrBehind
}

// Note is the journal entry of a write without a version. The zero Note leaves no trace.
type Note struct {
	Entry []byte
	Now   time.Time
	Mark  uint64 // as of Commit
}

// Committed is what a commit gave.
type Committed struct {
	Version  rules.Seq
	Sequence uint64 // of the journal entry in the patient's shard, from 1
	Answer   []byte
	Repeated bool // the operation had been done before; nothing was written, Answer is the first one
}

// Claim is an effect leased to this process until Lease ends. Number must be given back to finish it.
type Claim struct {
	Effect Effect
	Number int64
}

// InboxEntry is one line of the inbox order.
type InboxEntry struct {
	ID ID
	At time.Time
}

// JournalEntry is one entry as the store keeps it until it is archived.
type JournalEntry struct {
	Shard    string
	Sequence uint64
	At       time.Time
	Entry    []byte
}

// LedgerQuery asks for entries of a mailbox: conversations, or exchanges when Pairs is set; newest first, or oldest
// first. Entries of one instant stand in one order, and in its reverse.
type LedgerQuery struct {
	Pairs  bool
	List   rules.Lists // one list; 0: all entries
	Oldest bool
	After  LedgerEntry // the last entry of the page before; zero: from the beginning
	Limit  int         // at most so many
}

// LedgerEntry points from a mailbox to a conversation, or to an exchange when Thread is empty.
type LedgerEntry struct {
	Patient PatientID
	Thread  ID
	At      time.Time
}

// Standing says in which lists of a mailbox an exchange stands, and one of its conversations.
type Standing struct {
	Patient     PatientID
	Version     rules.Seq   // of the patient, when it was found
	PairLists   rules.Lists // without rules.Inherited, which the store adds from the conversations; 0: it is there no more
	Thread      ID          // empty: the exchange alone
	ThreadLists rules.Lists
	PairAt      time.Time // new place of the exchange in the order; zero: it stays, and without one gets none
	ThreadAt    time.Time // new place of the conversation, in the same way
}

// FacilityID names a structure by a keyed hash of its FINESS, 32 lower-case hexadecimal digits. Its first
// two are the facility's shard.
type FacilityID string

// VisitEntry points from a facility to the patient of a visit. What it tells of the visit is projected,
// but for a visit of a patient whom nobody enrolled.
type VisitEntry struct {
	Visit   rules.VisitID
	Patient PatientID
	Version rules.Seq          // of the patient, when it was projected; 0: the patient's shard does not know the visit
	State   rules.EpisodeState // empty: a command that claimed the visit for this patient is under way, or was cut
	At      time.Time
	Sealed  []byte // opaque
}

// Store holds the state of all patients. Implementations are safe for concurrent use, never keep a
// slice that they were given, and cut times to the millisecond.
type Store interface {
	// Facts reads in one round trip, at one version, what a decision needs.
	Facts(ctx context.Context, p PatientID, q FactsQuery) (Facts, error)
	// Commit writes c whole if the patient still stands at c.Version, and fails with ErrConflict
	// otherwise. An operation that was done before is not done again: Repeated is set, and Sequence
	// is 0. When it fails in another way, repeat it with the same Operation.
	Commit(ctx context.Context, p PatientID, c Commit) (Committed, error)
	// Touch writes records that no rule reads (read marks, drafts, outcomes), without a version, and
	// their trace in the same step. It returns the sequence of the entry, 0 when there is none, and
	// fails with ErrBehind like Commit. Without records it only notes.
	Touch(ctx context.Context, p PatientID, records []Record, n Note) (sequence uint64, err error)
	// Inbox lists at most limit conversations that changed before (at, id), newest first. The zero
	// entry starts at the newest.
	Inbox(ctx context.Context, p PatientID, before InboxEntry, limit int) ([]InboxEntry, error)
	// Owner returns the patient that an outside id belongs to, or ErrNotFound.
	Owner(ctx context.Context, id ID) (PatientID, error)

	// Claim leases at most limit effects that are due at now, until now + lease.
	Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Claim, error)
	// Finish removes a claimed effect, or puts it back for again when that is not zero. It does
	// nothing when the claim was lost to another process meanwhile. It writes the trace of a removal,
	// and returns its sequence, as Touch does.
	Finish(ctx context.Context, c Claim, again time.Time, n Note) (sequence uint64, err error)
	// Extend lets a claim that is still held last until an instant, for work that takes longer than its
	// lease. It does nothing when the claim was lost.
	Extend(ctx context.Context, c Claim, until time.Time) error
	// Wake receives a value soon after effects were committed by any process. It may miss some.
	Wake() <-chan struct{}

	// Watch watches the records of a patient: Changes receives a value after a commit, or a touch that wrote
	// records, by any process. It may miss some, and one value may stand for several.
	Watch(p PatientID) Watching

	// Index notes conversations and exchanges under a mailbox; doing it again changes nothing.
	Index(ctx context.Context, m rules.MailboxID, entries []LedgerEntry) error
	// Stand notes where an exchange and one of its conversations stand in the lists of a mailbox, unless
	// what is noted of them is of a newer version of the patient. It makes the entries that are not there.
	Stand(ctx context.Context, m rules.MailboxID, s Standing) error
	// Ledger lists entries of a mailbox in the order that the query asks for.
	Ledger(ctx context.Context, m rules.MailboxID, q LedgerQuery) ([]LedgerEntry, error)
	// Standings returns the lists of entries, in their order; 0 where nothing is noted. Of the entries,
	// only patient and conversation count.
	Standings(ctx context.Context, m rules.MailboxID, entries []LedgerEntry) ([]rules.Lists, error)
	// Tally counts the conversations, or exchanges, of each list, in the order of rules.AllLists, and all.
	Tally(ctx context.Context, m rules.MailboxID, pairs bool) (counts []int, all int, err error)

	// Visit returns what the index of a facility holds of a visit, or ErrNotFound.
	Visit(ctx context.Context, f FacilityID, v rules.VisitID) (VisitEntry, error)
	// IndexVisit writes an entry unless a newer one of the same patient, or a written one of another
	// patient, is there, and returns what the index then holds. An entry of Version 0 is not known to the
	// patient's shard; it gives way to any other.
	IndexVisit(ctx context.Context, f FacilityID, e VisitEntry) (VisitEntry, error)
	// Visits lists at most limit visits of a facility before the given one, newest first: all declared
	// ones, or those of one state.
	Visits(ctx context.Context, f FacilityID, state rules.EpisodeState, before VisitEntry, limit int) ([]VisitEntry, error)

	// Count counts one call of a caller and returns how many there were in the period that the first of
	// them began, and how long that still lasts.
	Count(ctx context.Context, caller string, period time.Duration) (calls int, left time.Duration, err error)

	// Remember keeps answer under key for ttl unless the key is taken; it returns what the key holds.
	Remember(ctx context.Context, m rules.MailboxID, key string, answer []byte, ttl time.Duration) ([]byte, error)

	// Attend notes that a person is at a place of a mailbox at now, and returns who was there within lasting before
	// it, the latest first: an instant that is lasting ago counts no more. An empty person is not noted. What was
	// noted is forgotten by itself.
	Attend(ctx context.Context, m rules.MailboxID, place string, who rules.PersonID, now time.Time, lasting time.Duration) ([]Attendance, error)

	// Journal lists entries of a shard after the given sequence, in order, until they are trimmed.
	Journal(ctx context.Context, shard string, after uint64, limit int) ([]JournalEntry, error)
	// Trim forgets entries of a shard up to a sequence that is durable elsewhere.
	Trim(ctx context.Context, shard string, upTo uint64) error
	// Head returns the last sequence that a shard gave out, 0 when none.
	Head(ctx context.Context, shard string) (uint64, error)
	// Heads returns the last sequence of every shard, by its number.
	Heads(ctx context.Context) ([256]uint64, error)
	// Ping reports whether the store can be read and written.
	Ping(ctx context.Context) error
}
