package conversations

import (
	"context"
	"io"
	"time"

	"mesbridge/rules"
)

// Keys gives the data key of each patient (32 bytes, AES-256) and keeps the INS sealed beside it.
// A key is durable before Create returns it, and never leaves the process but wrapped.
type Keys interface {
	// Create returns the key of a patient, making it and keeping ins with it when there is none.
	Create(ctx context.Context, p PatientID, ins rules.INS) (DataKey, error)
	// Key returns the key and the INS, or ErrNotFound: never created, or erased.
	Key(ctx context.Context, p PatientID) (DataKey, rules.INS, error)
	// Erase destroys the key and the INS: when it returns, nobody can read them again. Erasing what is
	// not there is no error. When it fails, it has to be repeated.
	Erase(ctx context.Context, p PatientID) error
}

// EndSessions ends every session and token of whoever is logged in as a patient. It may be repeated.
type EndSessions func(ctx context.Context, p PatientID) error

// DataKey is the key that seals whatever names or quotes one patient. It prints as nothing.
type DataKey [32]byte

// String hides the key.
func (DataKey) String() string { return "[data key]" }

// GoString hides the key.
func (DataKey) GoString() string { return "[data key]" }

// Bodies keeps the raw bytes of messages, sealed with the patient's key.
type Bodies interface {
	// Create starts a body. Nothing is readable before Commit.
	Create(ctx context.Context, p PatientID, id ID, key DataKey) (BodyWriter, error)
	// Open reads a body from the start, or fails with ErrNotFound. Altered bytes give an error
	// before, or instead of, the end of file.
	Open(ctx context.Context, p PatientID, id ID, key DataKey) (io.ReadCloser, error)
	// Remove deletes bodies; those that are not there are no error.
	Remove(ctx context.Context, p PatientID, ids ...ID) error
	// RemoveAll deletes every body of a patient.
	RemoveAll(ctx context.Context, p PatientID) error
}

// BodyWriter takes the bytes of one message.
type BodyWriter interface {
	io.Writer
	// Commit makes the body durable. A failed sync is fatal to the store (docs/design.md).
	Commit() error
	// Abort drops the body; after Commit it does nothing.
	Abort() error
}

// Journal is the durable trail outside Redis.
type Journal interface {
	// Append returns when the entry is on disk.
	Append(ctx context.Context, e JournalEntry) error
	// Note keeps an entry without waiting for the disk; the next Append makes it durable.
	Note(ctx context.Context, e JournalEntry) error
	// Local keeps an entry in the chain that is this process's own, like Note.
	Local(ctx context.Context, at time.Time, entry []byte) error
	// Head returns the last sequence kept for a shard: its high-water mark.
	Head(ctx context.Context, shard string) (uint64, error)
	// Fill takes over what the store has of a shard and the journal lacks.
	Fill(ctx context.Context, s Store, shard string) error
}

// Acts reads the journal for those whom it is about.
type Acts interface {
	// About lists at most limit entries on one patient before a sequence, newest first; 0 begins with the
	// newest. EntryPatient tells whom an entry is about.
	About(ctx context.Context, p PatientID, before uint64, limit int) ([]JournalEntry, error)
}

// Mailbox is what the tables know of one professional mailbox.
type Mailbox struct {
	Address    Address
	Kind       rules.MailboxKind
	Name       string // name to show (I113); empty when no table knows it
	Person     string // national identifier of the holder of a personal mailbox
	Structure  string // national identifier of the structure
	Profession string // profession code
	Category   string // of the holder's exercise: C civil, M military, E student (I42)
	Function   string // of the holder, code of TRE_R21, such as FON-48; empty when the table does not tell (I117)
	Speciality string // label to show with the name

	ProfessionName string // label of the profession
	StructureName  string
	Place          string // postal code and town of the structure
	ZeroPaper      bool   // the holder wants no paper any more (O122)
}

// Directory is the local table of professional mailboxes: no call leaves the process (O139).
type Directory interface {
	// Mailbox returns what is known of an address, with Address always set.
	Mailbox(a Address) Mailbox
	// Held lists the mailboxes whose holder is a person, by his national identifier.
	Held(person string) []Mailbox
	// Trusted reports whether the white list in service holds the domain (O24, O45).
	Trusted(domain string) bool
}

// Mail parses and composes RFC 5322 messages. It is implemented by package bridge.
type Mail interface {
	// View reads a message for display. It never fails on content: what could not be read is told
	// in Notices.
	View(raw io.Reader) (View, error)
	// Part writes the decoded content of the attachment at index to w.
	Part(raw io.Reader, index int, w io.Writer) error
	// Matricules returns whose the health documents in the attachments are: for each place that names a
	// patient, the matricules INS that it gives, as they are written, at least one (D31). What cannot be read
	// is left out. It fails only when raw cannot be read to its end.
	Matricules(raw io.Reader) ([][]string, error)
	// Original writes a copy of a message for the patient: every octet as it is, but for the header
	// fields that may hold addresses, which are replaced by the names given, or left out (D11).
	Original(raw io.Reader, people People, w io.Writer) error
	// References returns the Message-IDs that an answer to the message must refer to, oldest first:
	// its References, then its own Message-ID (RFC 5322 section 3.6.4).
	References(raw io.Reader) ([]string, error)
	// Compose writes a message; the same draft gives the same bytes.
	Compose(d Draft, w io.Writer) error
}

// View is one message as it is shown.
type View struct {
	Text        string // plain text, always set when the message has any
	HTML        string // sanitised HTML, empty when the message has none
	Attachments []Part
	Notices     []string // plain French sentences on what could not be read (D11)
}

// People names the author and the recipients of a message as the patient sees them, without addresses.
type People struct {
	Author string
	To, Cc []string
}

// Part describes one attachment.
type Part struct {
	Index  int    // position among the attachments of the message
	Name   string // decoded, without path, control or bidi characters
	Type   string // media type, lower case, without parameters
	Bytes  int64  // decoded size
	SHA256 [32]byte

	Documents  []HealthDocument // health documents that it is or holds, in order
	Matricules [][]string       // whose they are, as Mail.Matricules has it
}

// Integrity tells whether a document's bytes are those that its sender announces in METADATA.XML.
type Integrity string

// Integrities.
const (
	IntegrityUnverified Integrity = "unverified" // nothing is announced
	IntegrityVerified   Integrity = "verified"   // size and hash agree
	IntegrityAltered    Integrity = "altered"    // they do not
	IntegrityMissing    Integrity = "missing"    // there is no such file, or it cannot be read
)

// HealthDocument is a health document: a CDA by itself, or one of an IHE XDM archive. Its texts are one line each,
// without control characters; any may be empty.
type HealthDocument struct {
	Title           string
	Kind            string // in words
	Code            string // of the kind: LOINC or a code of the ANS (R38)
	At              time.Time
	Author          string
	Organisation    string
	Confidentiality string // code of HL7: N, R or V
	Bytes           int64
	Integrity       Integrity
	Sections        []string // titles of the sections of a structured document
	Embedded        []Part   // files that it holds and a patient can open (OP14); never with documents of their own
}

// Draft is what Compose turns into a message (R156-R158).
type Draft struct {
	MessageID   string // without angle brackets
	Date        time.Time
	From        NamedAddress
	To          []NamedAddress
	Cc          []NamedAddress // professionals beside the patient (R79)
	Subject     string
	ReplyTo     []NamedAddress // where answers go, when not to From (R75)
	InReplyTo   string         // without angle brackets
	References  []string       // oldest first, without angle brackets
	Text        string
	Attachments []Attachment
	End         bool // X-MSS-MES: FIN; only on a professional's message (R94)
	ReadReceipt bool // Disposition-Notification-To the author; only on a professional's message (R57)
}

// Attachment is one document to attach.
type Attachment struct {
	Name    string
	Type    string
	Content []byte
}
