package conversations

import (
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
	Quota         int64  // octets of one mailbox; 0: no limit (D19, O167)
	PatientKey    []byte // key of the hashes that name patients, mailboxes and Message-IDs

	SoftOpposition bool // a recorded refusal is overcome by an acknowledgement (D14 d, I140)
	// HideConfidential takes a confidential message to a known minor and hides it from everybody who acts for him, instead of
	// refusing it (D28).
	HideConfidential bool
	EnrolmentFor     time.Duration // how long a code of an enrolment waits; 0: rules.EnrolmentLasts
	Officers         []Person      // who enrols patients face to face (D26)
	InvitationFor    time.Duration // how long an invitation to act for a patient waits; 0: rules.InvitationLasts
	Periods          rules.Periods // of the law (O113, O116); zero: its own
	TrashFor         time.Duration // what a patient deleted is erased after it; 0: 30 days (OP18)

	// FlagWrongPatient takes a message with a document of another patient, with a notice and a note in the
	// trace, instead of refusing it (D31).
	FlagWrongPatient bool

	// Windows are the reply windows of mailboxes, by canonical address (D8); none by default.
	Windows map[string]rules.Window
	// Copies sends a mailbox what is written for it at the desk or by the API (D30).
	Copies bool
	// TellWebhooks tells the receivers that are registered for a mailbox what happens there. It needs [Service.Run].
	TellWebhooks bool
	// Shared are the mailboxes whose users the responsible persons list (I119).
	Shared []SharedMailbox
	// VerdictsPerHour is how often one person may ask for a verdict in an hour (D29); 0: as often as he
	// likes.
	VerdictsPerHour int
	// ClosingNotice writes the message by which an announced end is told: from whom, the first refused
	// instant, zero for a patient who cannot reply already, and whom to contact next, which may be empty. Nil: no message is written, and the page
	// alone tells (D24).
	ClosingNotice func(from string, until time.Time, contact string) string
	// LastWords writes the message that goes with an end that nothing announced: the last message of the
	// episode and whom to contact next, each of which may be empty. Nil: the last message alone.
	LastWords func(text, contact string) string
}

// Ports are what the service stands on; all are required but the scanner and the sessions.
type Ports struct {
	Store     Store
	Keys      Keys
	Bodies    Bodies
	Journal   Journal
	Acts      Acts
	Directory Directory
	Mail      Mail
	Scanner   Scanner     // of attachments written here; nil: none looks
	Sessions  EndSessions // nil: nobody logs in here
	// Applications lists the mailboxes that a named application may act for; nil: none.
	Applications func(client string) []Address
	Log          *slog.Logger
	Now          func() time.Time
	Random       io.Reader
}

// Service carries out every command. It is safe for concurrent use, by many processes on one store.
type Service struct {
	Settings
	Ports

	trail    *trail
	queue    queue
	refusals refusals
	shared   sharedMailboxes
	hooked   hooked
}

// New returns a service.
func New(s Settings, p Ports) *Service {
	service := &Service{Settings: s, Ports: p, trail: newTrail(p.Journal, p.Store)}
	service.shared = service.newSharedMailboxes(s.Shared)
	return service
}
