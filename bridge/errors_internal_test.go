package bridge

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"mesbridge/bridge/mail"
	"mesbridge/bridge/trust"
	"mesbridge/conversations"
)

// TestTranslate holds what every reply must be, whatever the error: the two codes agree, the text is
// one line of ASCII (D18), and nothing of an unknown error is in it (finding 5).
func TestTranslate(t *testing.T) {
	t.Parallel()
	const secret = "279035121518989 at 10.0.0.1"
	known := []error{
		reasonListUnavailable, reasonPeerUnlisted, reasonSenderUnlisted, reasonSenderNotAllowed, reasonSenderCitizen,
		reasonSenderSyntax, reasonUTF8, reasonSequence, reasonTooLarge, reasonRelay, reasonRecipientSyntax,
		reasonNoReply, reasonSenderRate, reasonOperatorRate, reasonEnumeration, reasonInfected, reasonScannerDown, reasonManyRecipients, reasonManyRefusals, reasonLeaving, reasonCut, reasonAuthorNotAllowed,
		reasonSeveralPatients, reasonReportNotHandled, reasonInternal, reasonBareLineEnd, reasonHiddenDot, reasonLineTooLong, reasonIdle,
		reasonManyConnections, reason("never heard of"),
		mail.ErrBareLineEnd, mail.ErrHeaderTooLarge, mail.ErrTooManyParts, mail.ErrTooDeep, mail.ErrNoFrom, mail.ErrManyFrom,
		mail.ErrSender, smtp.ErrDataTooLarge, smtp.ErrDataReset, smtp.ErrTooLongLine, io.ErrUnexpectedEOF,
		errors.New(secret), fmt.Errorf("%s: %w", secret, io.EOF), &smtp.SMTPError{Code: 599, Message: secret},
	}
	for _, k := range []conversations.Kind{
		conversations.KindThreadNotOpened, conversations.KindThreadClosed, conversations.KindReplyNotAllowed,
		conversations.KindBlockedByPatient, conversations.KindPatientOpposed, conversations.KindUnreachable,
		conversations.KindMailboxUnknown, conversations.KindINSInvalid, conversations.KindTooLarge,
		conversations.KindInvalidRequest, conversations.KindNotFound, conversations.KindUnavailable,
		conversations.KindStaleState, conversations.KindNotHabilitated, conversations.KindInternal, conversations.KindWrongPatient, "never heard of",
	} {
		known = append(known, fmt.Errorf("act: %w", &conversations.Error{Kind: k, Err: errors.New(secret)}))
	}
	for _, f := range []trust.Fault{
		trust.FaultAbsent, trust.FaultUntrusted, trust.FaultExpired, trust.FaultRevoked, trust.FaultRevocationUnknown,
		trust.FaultWeak, trust.FaultUsage, trust.FaultSubject, "never heard of",
	} {
		known = append(known, &trust.PeerError{Fault: f, Err: errors.New(secret)})
	}
	for _, err := range known {
		a := translate(err)
		r := a.reply
		if r.Code < 400 || r.Code > 599 || r.EnhancedCode[0] != r.Code/100 {
			t.Errorf("%v: %d %v", err, r.Code, r.EnhancedCode)
		}
		if r.Message == "" || len(r.Message) > 400 || strings.ContainsFunc(r.Message, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("%v: text %q", err, r.Message)
		}
		if strings.Contains(r.Message+a.reason+a.rule, secret) {
			t.Errorf("%T: the cause is told", err)
		}
	}
	for _, err := range []error{errors.New(secret), io.EOF, &smtp.SMTPError{Code: 599, Message: secret}} {
		if a := translate(err); codes(a.reply) != "451 4.3.0" {
			t.Errorf("%T: %s", err, codes(a.reply))
		}
	}
}

// FuzzReversePath holds the law that an address is taken only in a form that can be written in mail
// again: one line, brackets and spaces only inside quotes.
func FuzzReversePath(f *testing.F) {
	for _, s := range []string{"", "a@b.fr", "a b@c.fr", `a"b\@c.fr`, "é@é.fr", "@", "a@", "a@b@c", "a@[127.0.0.1]", "a\x00@b.fr", "a\r\n@b.fr"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, announced bool) {
		a, err := reversePath(s, announced)
		if err != nil {
			if r := translate(err).reply; r.Code != 553 {
				t.Errorf("refused with %d", r.Code)
			}
			return
		}
		if s == "" {
			return
		}
		wire := a.Wire()
		if strings.ContainsFunc(wire, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(a.Local) > 64 || a.Domain == "" {
			t.Errorf("%q was taken as %q", s, wire)
		}
		if !strings.HasPrefix(a.Local, `"`) && strings.ContainsAny(wire, `<> "\,;:`) {
			t.Errorf("%q was taken as %q", s, wire)
		}
	})
}
