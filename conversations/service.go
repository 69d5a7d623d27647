package conversations

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"mesbridge/rules"
)

// Settings are the named decisions that the service obeys.
type Settings struct {
	CitizenDomain string // D2
	CheckINSKey   bool   // D20
	MaxReplyBytes int64  // whole message as it will leave (D19)
	PatientKey    []byte // key of the hashes that name patients, mailboxes and Message-IDs
}

// Ports are what the service stands on; all are required.
type Ports struct {
	Store     Store
	Keys      Keys
	Bodies    Bodies
	Journal   Journal
	Directory Directory
	Mail      Mail
	Log       *slog.Logger
	Now       func() time.Time
	Random    io.Reader
}

// Service carries out every command. It is safe for concurrent use, by many processes on one store.
type Service struct {
	Settings
	Ports
}

// New returns a service.
func New(s Settings, p Ports) *Service { return &Service{Settings: s, Ports: p} }

// --- patients -------------------------------------------------------------------------------------

// Enrol makes the mailbox of a patient exist in the given state, or moves it there (D16).
func (s *Service) Enrol(ctx context.Context, actor Actor, ins rules.INS, name string, to rules.AccountState) (Patient, error) {
	return Patient{}, errors.ErrUnsupported
}

// PatientByINS identifies a patient; KindMailboxUnknown when none was ever enrolled.
func (s *Service) PatientByINS(ctx context.Context, ins rules.INS) (Patient, error) {
	return Patient{}, errors.ErrUnsupported
}

// --- mail in, for package bridge --------------------------------------------------------------------

// Recipient decides at RCPT whether the citizen's mailbox takes mail from sender (rules.Reach); a zero
// sender asks for the account state alone (DSN and MDN).
func (s *Service) Recipient(ctx context.Context, ins rules.INS, sender Address) (PatientID, error) {
	return "", errors.ErrUnsupported
}

// NewBody starts storing a message for a patient and returns the id that Receive takes.
func (s *Service) NewBody(ctx context.Context, p PatientID) (ID, BodyWriter, error) {
	return "", nil, errors.ErrUnsupported
}

// Receive commits a message whose body is durable. Repeated tells an operator's retry: the body that
// was just written is to be aborted, and the answer is the one of the first time.
func (s *Service) Receive(ctx context.Context, in Incoming) (repeated bool, err error) {
	return false, errors.ErrUnsupported
}

// --- mail out, for package bridge -------------------------------------------------------------------

// Outgoing loads what a deliver effect sends. It fails with the kind of rules.Deliver's refusal when a
// rule stops it; the outcome is then recorded already and the effect is done.
func (s *Service) Outgoing(ctx context.Context, e Effect) (Outgoing, error) {
	return Outgoing{}, errors.ErrUnsupported
}

// Delivered records the outcome of an attempt, once for each attempt.
func (s *Service) Delivered(ctx context.Context, e Effect, o Outcome) error {
	return errors.ErrUnsupported
}

// Reportable loads what a report effect sends.
func (s *Service) Reportable(ctx context.Context, e Effect) (Report, error) {
	return Report{}, errors.ErrUnsupported
}

// --- the patient's side -----------------------------------------------------------------------------

// Inbox lists the patient's conversations, newest first.
func (s *Service) Inbox(ctx context.Context, p PatientID, cursor string, limit int) (ThreadPage, error) {
	return ThreadPage{}, errors.ErrUnsupported
}

// Thread shows one conversation to the patient.
func (s *Service) Thread(ctx context.Context, p PatientID, id ID) (Thread, error) {
	return Thread{}, errors.ErrUnsupported
}

// Opened notes that the patient opened the conversation.
func (s *Service) Opened(ctx context.Context, p PatientID, id ID) error { return errors.ErrUnsupported }

// Attachment opens one attachment of the patient's messages.
func (s *Service) Attachment(ctx context.Context, p PatientID, id ID) (Download, error) {
	return Download{}, errors.ErrUnsupported
}

// Reply sends the patient's reply, or fails with the code of Thread's Reply. A refused text is kept as
// the conversation's draft (D7).
func (s *Service) Reply(ctx context.Context, actor Actor, p PatientID, id ID, in ReplyInput) (Message, error) {
	return Message{}, errors.ErrUnsupported
}

// SaveDraft keeps the text of an unsent reply; an empty text deletes it (R111).
func (s *Service) SaveDraft(ctx context.Context, p PatientID, id ID, text string) error {
	return errors.ErrUnsupported
}

// Contacts lists the professionals of the patient, by name.
func (s *Service) Contacts(ctx context.Context, p PatientID) ([]Contact, error) {
	return nil, errors.ErrUnsupported
}

// Block blocks a professional until an instant, or until lifted when it is zero (D12).
func (s *Service) Block(ctx context.Context, actor Actor, p PatientID, contact ID, until time.Time) (Contact, error) {
	return Contact{}, errors.ErrUnsupported
}

// Unblock lifts the block.
func (s *Service) Unblock(ctx context.Context, actor Actor, p PatientID, contact ID) (Contact, error) {
	return Contact{}, errors.ErrUnsupported
}

// --- the professional's side ------------------------------------------------------------------------

// Exchanges lists the pairs of a mailbox.
func (s *Service) Exchanges(ctx context.Context, m Address, f Filter) (ExchangePage, error) {
	return ExchangePage{}, errors.ErrUnsupported
}

// Exchange returns one pair of one of the caller's mailboxes, KindNotFound otherwise.
func (s *Service) Exchange(ctx context.Context, mailboxes []Address, id ID) (ExchangeLine, error) {
	return ExchangeLine{}, errors.ErrUnsupported
}

// Threads lists the conversations of a mailbox.
func (s *Service) Threads(ctx context.Context, m Address, f Filter) (ThreadPage, error) {
	return ThreadPage{}, errors.ErrUnsupported
}

// ThreadFor shows a conversation to a professional acting for one of mailboxes: only the messages that
// those mailboxes sent or received (D34).
func (s *Service) ThreadFor(ctx context.Context, mailboxes []Address, id ID) (Thread, error) {
	return Thread{}, errors.ErrUnsupported
}

// OpenThread writes a first message from a mailbox to a patient.
func (s *Service) OpenThread(ctx context.Context, actor Actor, in ThreadInput) (Thread, error) {
	return Thread{}, errors.ErrUnsupported
}

// Write adds a message to a conversation of the mailbox.
func (s *Service) Write(ctx context.Context, actor Actor, id ID, in ThreadInput) (Message, error) {
	return Message{}, errors.ErrUnsupported
}

// EndExchange ends the exchange, as [FIN] does (D6). Idempotent.
func (s *Service) EndExchange(ctx context.Context, actor Actor, mailboxes []Address, id ID) (ExchangeLine, error) {
	return ExchangeLine{}, errors.ErrUnsupported
}

// EndThread ends one conversation for those of mailboxes that speak in it (D6). Idempotent.
func (s *Service) EndThread(ctx context.Context, actor Actor, mailboxes []Address, id ID) (Thread, error) {
	return Thread{}, errors.ErrUnsupported
}
