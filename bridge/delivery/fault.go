package delivery

import (
	"errors"
	"fmt"
	"net/textproto"

	"github.com/emersion/go-smtp"
)

// faultKind says what to do about an attempt that did not end in a 250.
type faultKind int

// Kinds of fault.
const (
	faultLink        faultKind = iota // no server could be reached or the connection broke: O87
	faultTLS                          // the server does not encrypt: O82
	faultCertificate                  // the server is not who the white list names: O85
	faultDeferred                     // the server said 4xx
	faultOurs                         // our own copy, or our white list, cannot be used now
	faultRefused                      // the server said 5xx
	faultNoMail                       // the domain takes no mail: null MX, or it does not exist
	faultUnlisted                     // the domain is not in the white list: O43, O45
)

// fault is why an attempt failed. Code is safe to log: digits of the server, or a code of RFC 3463
// that we chose. Err may quote the server or an address, and is for errors.Is only.
type fault struct {
	kind faultKind
	code string
	err  error
}

// Error tells the code alone.
func (f *fault) Error() string { return "delivery fault " + f.code }

// Unwrap gives the cause.
func (f *fault) Unwrap() error { return f.err }

// permanent reports whether trying again cannot help.
func (f *fault) permanent() bool {
	return f.kind == faultRefused || f.kind == faultNoMail || f.kind == faultUnlisted
}

// linkFault is a fault before any transaction. Whatever the server answers there speaks of the server
// and not of the message, so that even 5xx is tried again (RFC 5321 section 3.1: 554 is a server
// without service; another server of the domain may serve).
func linkFault(code string, err error) *fault {
	if reply := replyOf(err); reply != nil {
		code = codeOf(reply)
	}
	return &fault{kind: faultLink, code: code, err: err}
}

// transactionFault judges an error of MAIL, RCPT or DATA. 421 announces the end of the connection,
// whatever it answers (RFC 5321 section 3.8).
func transactionFault(err error) *fault {
	reply := replyOf(err)
	switch {
	case reply == nil:
		return &fault{kind: faultLink, code: codeLost, err: err}
	case reply.Code == 421:
		return &fault{kind: faultLink, code: codeOf(reply), err: err}
	case reply.Code >= 500 && reply.Code <= 599:
		return &fault{kind: faultRefused, code: codeOf(reply), err: err}
	}
	return &fault{kind: faultDeferred, code: codeOf(reply), err: err}
}

// Codes of RFC 3463 and RFC 5248 for faults that no server told us. Those that are tried again have
// class 4 first, and the code of [givenUp] at the end.
const (
	codeNoAnswer    = "4.4.1"  // no answer from host
	codeLost        = "4.4.2"  // bad connection
	codeRouting     = "4.4.3"  // the name could not be resolved now
	codeBusy        = "4.4.5"  // all our connections to the domain are busy
	codeEncryption  = "4.7.10" // encryption needed
	codeCertificate = "4.7.5"  // cryptographic failure
	codeOurs        = "4.3.0"  // our own system
	codeStale       = "4.7.0"  // nothing recent enough tells whom to trust (O16, O52)
	codeNoMail      = "5.1.10" // RFC 7505
	codeUnlisted    = "5.7.1"  // O45
	codeNoUTF8      = "5.6.7"  // RFC 6531
	codeBadAddress  = "5.1.3"  // bad destination mailbox address syntax
)

// givenUp is the code of a fault that outlasted its patience: 4.x.y becomes 5.x.y.
func (f *fault) givenUp() string {
	if len(f.code) > 1 && f.code[1] == '.' {
		return "5" + f.code[1:]
	}
	return f.code + " 5.4.7" // a server's 4xx stands, with "delivery time expired"
}

func replyOf(err error) *smtp.SMTPError {
	if reply := new(smtp.SMTPError); errors.As(err, &reply) {
		return reply
	}
	if reply := new(textproto.Error); errors.As(err, &reply) {
		return &smtp.SMTPError{Code: reply.Code}
	}
	return nil
}

// codeOf writes the digits of a reply: "550 5.1.1", or "550" when the server gave no enhanced code.
func codeOf(r *smtp.SMTPError) string {
	e := r.EnhancedCode
	if e[0] <= 0 {
		return fmt.Sprintf("%03d", r.Code)
	}
	return fmt.Sprintf("%03d %d.%d.%d", r.Code, e[0], e[1], e[2])
}
