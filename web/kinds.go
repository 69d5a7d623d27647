package web

import (
	"errors"
	"net/http"

	"mesbridge/conversations"
)

// statusOf maps every kind of conversations to its HTTP status (I246): 403 for rights, 404 for what the
// caller may not know, 409 for a lost race, 413 for size, 422 for validation, 503 for later. The code of
// the problem is the kind itself, which is a frozen code.
func statusOf(k conversations.Kind) int {
	switch k {
	case conversations.KindThreadNotOpened, conversations.KindThreadClosed, conversations.KindReplyNotAllowed,
		conversations.KindBlockedByPatient, conversations.KindPatientOpposed, conversations.KindUnreachable,
		conversations.KindNotHabilitated, conversations.KindNotGranted, conversations.KindObjectionRecorded, conversations.KindTermsNotAccepted:
		return http.StatusForbidden
	case conversations.KindMailboxUnknown, conversations.KindNotFound, conversations.KindEpisodeUnknown:
		return http.StatusNotFound
	case conversations.KindStaleState, conversations.KindAlreadyLinked:
		return http.StatusConflict
	case conversations.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case conversations.KindINSInvalid, conversations.KindInvalidRequest, conversations.KindWrongPatient, conversations.KindOtherEvent,
		conversations.KindMinorConfidential:
		return http.StatusUnprocessableEntity
	case conversations.KindRateLimited:
		return http.StatusTooManyRequests
	case conversations.KindUnavailable:
		return http.StatusServiceUnavailable
	case conversations.KindInternal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// problemOf tells an error of the core. An unknown kind tells nothing but that we failed.
func problemOf(err error) *problem {
	k := conversations.KindOf(err)
	status := statusOf(k)
	if status == http.StatusInternalServerError {
		k = conversations.KindInternal
	}
	p := &problem{status: status, code: code(k), cause: err}
	if k == conversations.KindNotGranted {
		p.english, p.french = notGrantedEnglish, notGrantedFrench
	}
	var core *conversations.Error
	if errors.As(err, &core) {
		p.wait = core.RetryAfter
	}
	return p
}

// ruleSoft is the rule of a recorded refusal that an acknowledgement overcomes (D14 d).
const ruleSoft = "I140"

// ruleCopies is the rule of a message whose copies cannot go to whom they are for.
const ruleCopies = "R79"

// toProfessional hides the patient's side of a refusal: block, opposition and closed account are one
// code to a professional (D4, D36).
func toProfessional(err error) error {
	var core *conversations.Error
	if errors.As(err, &core) && core.Kind == conversations.KindInvalidRequest && core.Rule == ruleCopies {
		return invalid("copyTo", "One of the mailboxes is not of the trust space.")
	}
	if errors.As(err, &core) && core.Kind == conversations.KindObjectionRecorded && core.Rule == ruleSoft {
		return &problem{
			status: http.StatusConflict, code: codeObjectionRecorded, cause: err, field: "oppositionAcknowledged",
			detail: "Give a reason to write in spite of it.",
		}
	}
	switch conversations.KindOf(err) { //nolint:exhaustive // the rest says nothing of the patient's will
	case conversations.KindBlockedByPatient, conversations.KindPatientOpposed:
		return &problem{status: http.StatusForbidden, code: code(conversations.KindUnreachable)}
	}
	return err
}
