package bridge

import (
	"errors"
	"io"

	"github.com/emersion/go-smtp"

	"mesbridge/bridge/mail"
	"mesbridge/bridge/trust"
	"mesbridge/conversations"
)

// reason is why the server refuses something, where no other package has a word for it. The text
// stands in traces.
type reason string

// Error makes a reason an error; it is never sent.
func (r reason) Error() string { return string(r) }

// Reasons of this package.
const (
	reasonListUnavailable  reason = "white-list-unavailable"
	reasonPeerUnlisted     reason = "peer-unlisted"
	reasonSenderUnlisted   reason = "sender-unlisted"
	reasonSenderNotAllowed reason = "sender-not-allowed"
	reasonSenderCitizen    reason = "sender-citizen"
	reasonSenderSyntax     reason = "sender-syntax"
	reasonUTF8             reason = "utf8-not-announced"
	reasonSequence         reason = "bad-sequence"
	reasonTooLarge         reason = "too-large"
	reasonRelay            reason = "relay-denied"
	reasonRecipientSyntax  reason = "recipient-syntax"
	reasonNoReply          reason = "no-reply-mailbox"
	reasonSenderRate       reason = "rate-limit-sender"
	reasonOperatorRate     reason = "rate-limit-operator"
	reasonEnumeration      reason = "recipient-enumeration"
	reasonInfected         reason = "infected"
	reasonScannerDown      reason = "scanner-down"
	reasonCopyFailed       reason = "copy-not-delivered"
	reasonManyRecipients   reason = "too-many-recipients"
	reasonManyRefusals     reason = "too-many-refusals"
	reasonLeaving          reason = "shutting-down"
	reasonCut              reason = "connection-lost"
	reasonAuthorNotAllowed reason = "author-not-allowed"
	reasonSeveralPatients  reason = "several-patients"
	reasonReportNotHandled reason = "report-not-handled"
	reasonInternal         reason = "internal"
	reasonBareLineEnd      reason = "bare-line-end"
	reasonHiddenDot        reason = "hidden-dot"
	reasonLineTooLong      reason = "line-too-long"
	reasonIdle             reason = "idle"
	reasonManyConnections  reason = "too-many-connections"
	reasonHandshake        reason = "tls-handshake"
	reasonInjection        reason = "commands-behind-starttls"
	reasonGone             reason = "peer-gone"
	reasonManyFaults       reason = "too-many-errors"
	reasonUnframed         reason = "cannot-be-framed"
)

// Sentences of wording.md and decisions.md as they stand on the wire, ASCII (D18).
const (
	sentenceUnreachable = "Message non distribue : la messagerie de ce patient ne peut pas recevoir votre message. Prevenez le patient par un autre moyen."
	sentenceUnknown     = "Patient non trouve : aucune messagerie Mon espace sante n'est ouverte pour ce matricule INS. Verifiez l'identite ; sinon, remettez le document par un autre moyen."
	sentenceInvalid     = "Adresse invalide : le matricule INS doit compter 15 caracteres, cle comprise."
	sentenceSeveral     = "Un message avec document ne concerne qu'un seul patient : envoyez un message par patient."
	sentenceWrong       = "Le document joint concerne un autre patient que le destinataire."
	sentenceLater       = "Temporary failure, try again later"
)

// answer is a reply with what the trace says of it.
type answer struct {
	reply  *smtp.SMTPError
	reason string
	rule   string
}

func answerOf(code int, class, subject, detail int, text, why, rule string) answer {
	return answer{&smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: text}, why, rule}
}

// translate is the only place that makes replies of errors. What it does not know is a temporary
// failure of ours without a word on its cause (D17). The reply is always a bare *smtp.SMTPError:
// go-smtp sends the text of any other error to the peer.
func translate(err error) answer {
	var (
		why    reason
		peer   *trust.PeerError
		kind   *conversations.Error
		wire   *smtp.SMTPError
		broken = []error{mail.ErrHeaderTooLarge, mail.ErrTooManyParts, mail.ErrTooDeep}
	)
	switch {
	case errors.As(err, &why):
		return why.answer()
	case errors.As(err, &peer):
		return faultAnswer(peer.Fault)
	case errors.As(err, &kind):
		return kindAnswer(kind)
	case errors.Is(err, mail.ErrBareLineEnd):
		return reasonBareLineEnd.answer()
	case errors.Is(err, mail.ErrNoFrom), errors.Is(err, mail.ErrManyFrom), errors.Is(err, mail.ErrSender):
		return answerOf(550, 5, 7, 1, "From and Sender must each hold exactly one address", "author-unreadable", "O69")
	case errors.Is(err, smtp.ErrDataReset), errors.Is(err, io.ErrUnexpectedEOF):
		return reasonCut.answer()
	case errors.As(err, &wire) && wire.Code == smtp.ErrDataTooLarge.Code:
		return reasonTooLarge.answer()
	}
	for _, b := range broken {
		if errors.Is(err, b) {
			return answerOf(554, 5, 6, 0, "Message header or structure exceeds what is accepted", "structure", "RFC5321")
		}
	}
	return reasonInternal.answer()
}

// answer gives the reply for a reason: table 15.1 of operator.md.
func (r reason) answer() answer {
	why := string(r)
	switch r {
	case reasonListUnavailable:
		return answerOf(451, 4, 3, 0, sentenceLater, why, "O16")
	case reasonPeerUnlisted:
		return answerOf(550, 5, 7, 1, "Client certificate not in the white list", why, "O72")
	case reasonSenderUnlisted:
		return answerOf(550, 5, 7, 1, "Sender domain not in the white list", why, "O66")
	case reasonSenderNotAllowed:
		return answerOf(550, 5, 7, 1, "Sender domain not served by this client certificate", why, "O67")
	case reasonSenderCitizen:
		return answerOf(550, 5, 7, 1, "Patients cannot write to patients", why, "O6")
	case reasonSenderSyntax:
		return answerOf(553, 5, 1, 7, "Sender address not valid", why, "O99")
	case reasonUTF8:
		return answerOf(553, 5, 6, 7, "SMTPUTF8 not announced", why, "RFC6531")
	case reasonSequence:
		return answerOf(503, 5, 5, 1, "Bad sequence of commands", why, "RFC5321")
	case reasonTooLarge:
		return answerOf(552, 5, 3, 4, "Message too large", why, "O78")
	case reasonRelay:
		return answerOf(550, 5, 7, 1, "Relay denied", why, "O76")
	case reasonRecipientSyntax:
		return answerOf(553, 5, 1, 3, sentenceInvalid, why, "R13")
	case reasonNoReply:
		return answerOf(550, 5, 7, 1, "This mailbox takes delivery reports only", why, "D30")
	case reasonSenderRate, reasonOperatorRate:
		return answerOf(451, 4, 7, 1, "Too many messages, try again later", why, "D35")
	case reasonEnumeration:
		return answerOf(451, 4, 7, 1, "Too many recipients that cannot be reached, try again later", why, "D18")
	case reasonInfected:
		return answerOf(550, 5, 7, 1, "Message refused: the content scan found a virus", why, "O168")
	case reasonScannerDown:
		return answerOf(451, 4, 3, 0, sentenceLater, why, "D35")
	case reasonManyRecipients:
		return answerOf(452, 4, 5, 3, "Too many recipients", why, "RFC5321")
	case reasonManyRefusals:
		return answerOf(421, 4, 7, 0, "Too many refused senders, closing connection", why, "O71")
	case reasonLeaving:
		return answerOf(421, 4, 3, 2, "Shutting down, try again later", why, "RFC5321")
	case reasonManyConnections:
		return answerOf(421, 4, 3, 2, "Too many connections, try again later", why, "RFC5321")
	case reasonCut:
		return answerOf(451, 4, 4, 2, "Connection lost", why, "O80")
	case reasonIdle:
		return answerOf(421, 4, 4, 2, "Timeout, closing connection", why, "RFC5321")
	case reasonAuthorNotAllowed:
		return answerOf(550, 5, 7, 1, "From or Sender not served by this client certificate", why, "O69")
	case reasonSeveralPatients:
		return answerOf(554, 5, 6, 0, sentenceSeveral, why, "D21")
	case reasonReportNotHandled:
		return answerOf(451, 4, 3, 0, sentenceLater, why, "OP7")
	case reasonHiddenDot:
		return answerOf(550, 5, 6, 0, "A line of the message is a dot behind NUL", why, "RFC5321")
	case reasonBareLineEnd:
		return answerOf(550, 5, 6, 0, "Bare CR or LF in message", why, "RFC5321")
	case reasonLineTooLong:
		return answerOf(550, 5, 6, 0, "Line too long in message", why, "RFC5321")
	case reasonInternal, reasonHandshake, reasonInjection, reasonGone, reasonCopyFailed, reasonManyFaults, reasonUnframed:
	}
	return answerOf(451, 4, 3, 0, sentenceLater, string(reasonInternal), "D17")
}

// Rules that tell apart what has one kind: the one temporary state of an account, and a full mailbox.
const (
	ruleSuspended = "O116"
	ruleQuota     = "O167"
)

// kindAnswer gives the reply for an error of conversations. The members of each class of D36 have one
// kind, so that they cannot be told apart here.
func kindAnswer(err *conversations.Error) answer {
	why := string(err.Kind)
	switch err.Kind {
	case conversations.KindUnreachable:
		return answerOf(550, 5, 2, 1, sentenceUnreachable, why, err.Rule)
	case conversations.KindMailboxUnknown:
		return answerOf(550, 5, 1, 1, sentenceUnknown, why, err.Rule)
	case conversations.KindINSInvalid:
		return answerOf(553, 5, 1, 3, sentenceInvalid, why, err.Rule)
	case conversations.KindTooLarge:
		if err.Rule == ruleQuota {
			return answerOf(552, 5, 2, 2, "Mailbox full", why, err.Rule)
		}
		return answerOf(552, 5, 3, 4, "Message too large", why, err.Rule)
	case conversations.KindWrongPatient:
		return answerOf(554, 5, 6, 0, sentenceWrong, why, err.Rule)
	case conversations.KindUnavailable:
		switch err.Rule {
		case ruleSuspended:
			return answerOf(450, 4, 2, 1, "Mailbox temporarily unavailable", why, err.Rule)
		case ruleQuota:
			return answerOf(452, 4, 2, 2, "Mailbox full, try again later", why, err.Rule)
		}
	case conversations.KindStaleState, conversations.KindInternal:
	case conversations.KindThreadNotOpened, conversations.KindThreadClosed, conversations.KindReplyNotAllowed,
		conversations.KindBlockedByPatient, conversations.KindPatientOpposed, conversations.KindInvalidRequest,
		conversations.KindNotFound, conversations.KindNotHabilitated, conversations.KindEpisodeUnknown,
		conversations.KindOtherEvent, conversations.KindRateLimited, conversations.KindObjectionRecorded,
		conversations.KindMinorConfidential, conversations.KindNotGranted,
		conversations.KindTermsNotAccepted, conversations.KindAlreadyLinked:
		// Words for a patient or a caller of the API: from the inbox they are a fault of ours, and a
		// peer must not read them.
	}
	return answerOf(451, 4, 3, 0, sentenceLater, why, err.Rule)
}

// faultAnswer gives the reply for a certificate that does not count.
func faultAnswer(f trust.Fault) answer {
	text := "Client certificate not accepted"
	switch f {
	case trust.FaultRevocationUnknown:
		return answerOf(454, 4, 7, 0, "Revocation of the client certificate cannot be checked, try again later", string(f), "O52")
	case trust.FaultAbsent:
		text = "Client certificate required"
	case trust.FaultUntrusted:
		text = "Client certificate not issued by an authority of the trust space"
	case trust.FaultExpired:
		text = "Client certificate expired or not yet valid"
	case trust.FaultRevoked:
		text = "Client certificate revoked"
	case trust.FaultWeak:
		text = "Client certificate too weak"
	case trust.FaultUsage, trust.FaultSubject:
	}
	return answerOf(530, 5, 7, 0, text, string(f), "O62")
}
