package mail

import "errors"

// Limits bound what one message may cost. The zero value allows nothing; start from [DefaultLimits].
type Limits struct {
	MaxParts       int   // parts of a message, multiparts included
	MaxDepth       int   // multiparts inside one another
	MaxHeaderBytes int   // octets of one header block, of the message or of a part
	MaxTextBytes   int64 // encoded octets of plain text that are shown, and as many of HTML
}

// DefaultLimits are far above what clinical software sends: a header of more than some 30 kB, or more
// than some tens of parts, has not been seen in real mail.
func DefaultLimits() Limits {
	return Limits{MaxParts: 1000, MaxDepth: 50, MaxHeaderBytes: 256 << 10, MaxTextBytes: 1 << 20}
}

// Errors of [Intake]. All are permanent: the same bytes give the same error. Their texts hold nothing
// of the message.
var (
	// ErrBareLineEnd means a CR without LF or an LF without CR. Servers differ on whether such bytes
	// end a line, which lets a second message be smuggled inside the first (RFC 5321 section 2.3.8).
	ErrBareLineEnd = errors.New("bare CR or LF in message")
	// ErrHeaderTooLarge means that a header block exceeds MaxHeaderBytes.
	ErrHeaderTooLarge = errors.New("message header too large")
	// ErrTooManyParts means that the message has more than MaxParts parts.
	ErrTooManyParts = errors.New("too many message parts")
	// ErrTooDeep means that multiparts are nested deeper than MaxDepth.
	ErrTooDeep = errors.New("message parts nested too deep")
	// ErrNoFrom means that no From field holds an address that can be read (O69).
	ErrNoFrom = errors.New("no readable author in message header")
	// ErrManyFrom means several From fields, or one with several addresses (O69).
	ErrManyFrom = errors.New("several authors in message header")
	// ErrSender means that a Sender field is there but does not hold exactly one address (O69).
	ErrSender = errors.New("no single readable sender in message header")
)

// ErrNoPart means that a message has no attachment at the index asked for.
var ErrNoPart = errors.New("no such attachment")

// ErrDraft means that a draft cannot be composed: an address or Message-ID that is not one.
var ErrDraft = errors.New("draft cannot be composed")
