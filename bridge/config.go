package bridge

import (
	"context"
	"log/slog"
	"time"

	"mesbridge/bridge/mail"
	"mesbridge/bridge/scan"
	"mesbridge/bridge/trust"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// Config holds the settings of a server. Zero durations and counts stand for the defaults below.
type Config struct {
	Host            string // our name in greetings
	CitizenDomain   string // the one domain that is served (D2, O76)
	CheckINSKey     bool   // D20
	MaxMessageBytes int64  // octets, advertised as SIZE (D19, O78)

	// DocumentsForSeveral accepts a message with attachments for several patients (D21).
	DocumentsForSeveral bool

	MaxRecipients  int // of one message
	MaxConnections int // at once; one more is answered 421
	MaxPerOperator int // connections at once of one certificate holder
	MaxRefusals    int // refusals 5.7.1 in a row before the connection is ended (O71)

	ClearTimeout   time.Duration // from connection to the end of the TLS handshake
	IdleTimeout    time.Duration // between two octets of the peer
	MessageTimeout time.Duration // from MAIL to the end of the message
	// ConnectionTimeout bounds a connection; a transaction that is open then may end.
	ConnectionTimeout time.Duration
	CommitTimeout     time.Duration // for each question to the inbox

	// RefusalStep is the unit of the delay of refusals that must not be told apart (D36).
	RefusalStep time.Duration

	Bounces Bounces
	Rates   Rates // zero: no limits, as in the demonstration (D35)

	Limits mail.Limits // of what one message may cost to read; zero: mail.DefaultLimits
}

// Defaults of Config. The waiting times are those of RFC 5321 section 4.5.3.2.7, which also asks for
// 100 recipients (section 4.5.3.1.8).
const (
	DefaultMaxMessageBytes   = 26_214_400
	defaultMaxRecipients     = 100
	defaultMaxConnections    = 500
	defaultMaxPerOperator    = 100
	defaultRefusalStep       = 10 * time.Millisecond
	defaultMaxRefusals       = 10
	defaultClearTimeout      = 30 * time.Second
	defaultIdleTimeout       = 5 * time.Minute
	defaultMessageTimeout    = 30 * time.Minute
	defaultConnectionTimeout = 4 * time.Hour
	defaultCommitTimeout     = 30 * time.Second
)

// orDefaults fills the zero fields.
func (c Config) orDefaults() Config {
	orDefault(&c.MaxMessageBytes, DefaultMaxMessageBytes)
	orDefault(&c.MaxRecipients, defaultMaxRecipients)
	orDefault(&c.MaxConnections, defaultMaxConnections)
	orDefault(&c.MaxPerOperator, defaultMaxPerOperator)
	orDefault(&c.RefusalStep, defaultRefusalStep)
	orDefault(&c.Bounces, BouncesDialogue)
	orDefault(&c.MaxRefusals, defaultMaxRefusals)
	orDefault(&c.ClearTimeout, defaultClearTimeout)
	orDefault(&c.IdleTimeout, defaultIdleTimeout)
	orDefault(&c.MessageTimeout, defaultMessageTimeout)
	orDefault(&c.ConnectionTimeout, defaultConnectionTimeout)
	orDefault(&c.CommitTimeout, defaultCommitTimeout)
	orDefault(&c.Limits, mail.DefaultLimits())
	return c
}

func orDefault[T comparable](field *T, standard T) {
	var zero T
	if *field == zero {
		*field = standard
	}
}

// Bounces says how a sender learns that a recipient takes no mail (D18).
type Bounces string

// Ways to tell.
const (
	BouncesDialogue Bounces = "dialogue" // refused in the dialogue
	BouncesMES      Bounces = "mes"      // accepted, then a report, as Mon espace santé does (R44)
	// BouncesAfterData refuses who cannot reach the patient after DATA, not at RCPT: only there is the author of
	// the message known, so that a block of him and a closed mailbox look the same whatever the envelope says
	// (D36). Unknown mailboxes are refused at RCPT: no author is blocked by them.
	BouncesAfterData Bounces = "data"
)

// Inbox is where messages go. It is implemented by conversations.Service, whose errors it gives.
type Inbox interface {
	// Recipient decides whether the patient's mailbox takes mail from sender; a zero sender asks for
	// the account state alone.
	Recipient(ctx context.Context, ins rules.INS, sender conversations.Address) (conversations.PatientID, error)
	// NewBody starts storing a message for a patient.
	NewBody(ctx context.Context, p conversations.PatientID) (conversations.ID, conversations.BodyWriter, error)
	// Receive commits a message whose body is durable. repeated tells an operator's retry.
	Receive(ctx context.Context, in conversations.Incoming) (repeated bool, err error)
	// Feedback files what a report says with the message that it is about.
	Feedback(ctx context.Context, p conversations.PatientID, f conversations.Feedback) (conversations.FeedbackOutcome, error)
	// Bounce queues the report that a message, taken for others, does not reach this patient.
	Bounce(ctx context.Context, in conversations.Incoming, refusal error) error
}

// Deps are what a server stands on; all are required but the scanner.
type Deps struct {
	Inbox    Inbox
	Identity *trust.Identity
	// List gives the white list to decide by, or an error while there is none that is recent enough
	// (O16). It is trust.Store.Current.
	List func() (*trust.List, error)
	Log  *slog.Logger
	// Office takes the mail to postmaster and abuse (O97).
	Office *Maildir
	// Scanner looks into each message (O168); nil: none does.
	Scanner *scan.Scanner
	// Answer sends the answer of the mailbox for trying out, and returns at once (O118).
	Answer func(to conversations.Address, messageID, subject string)
	// Refused writes down in the journal that a connection, a sender, a recipient or a message was refused here,
	// before the inbox was asked (O155); nil: the log alone tells.
	Refused func(ctx context.Context, e conversations.Event)
	// Pause waits, or until ctx ends: [Pause].
	Pause func(ctx context.Context, d time.Duration)
	Now   func() time.Time // wall clock; deadlines of connections are set by it too
}

// Pause waits for d, or until ctx ends.
func Pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
