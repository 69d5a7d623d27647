package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"mesbridge/conversations"
)

// kindStatus is docs/contract.md and I246, written again: every kind of the core with its HTTP status.
var kindStatus = map[conversations.Kind]int{
	conversations.KindThreadNotOpened:  403,
	conversations.KindThreadClosed:     403,
	conversations.KindReplyNotAllowed:  403,
	conversations.KindBlockedByPatient: 403,
	conversations.KindPatientOpposed:   403,
	conversations.KindUnreachable:      403,
	conversations.KindNotHabilitated:   403,

	conversations.KindNotGranted:        403,
	conversations.KindObjectionRecorded: 403,
	conversations.KindTermsNotAccepted:  403,

	conversations.KindMailboxUnknown:    404,
	conversations.KindNotFound:          404,
	conversations.KindStaleState:        409,
	conversations.KindAlreadyLinked:     409,
	conversations.KindTooLarge:          413,
	conversations.KindINSInvalid:        422,
	conversations.KindInvalidRequest:    422,
	conversations.KindWrongPatient:      422,
	conversations.KindInternal:          500,
	conversations.KindUnavailable:       503,
	conversations.KindEpisodeUnknown:    404,
	conversations.KindOtherEvent:        422,
	conversations.KindMinorConfidential: 422,
	conversations.KindRateLimited:       429,
}

// allCodes lists every code that this border can give.
func allCodes() []code {
	list := []code{
		codeUnauthenticated, codeMethodNotAllowed, codeUnsupportedMedia,
	}
	for k := range kindStatus {
		list = append(list, code(k))
	}
	slices.Sort(list)
	return list
}

// Each kind of the core as it is seen by HTTP, from a patient's call.
func TestKinds_seenAsHTTP(t *testing.T) {
	t.Parallel()
	for k, status := range kindStatus {
		w := newWorld(t)
		w.core.fail = fmt.Errorf("wrapped: %w", kind(k))
		token, path, body := patientToken, "/api/v1/inbox/a1open/opened", ""
		if k == conversations.KindRateLimited { // verdicts alone are counted
			token, path, body = proToken, "/api/v1/verdicts", `{"mailbox":"claire.martin@cabinet.mssante.fr","patient":{"ins":"`+ins+`"}}`
		}
		got := w.call(token, http.MethodPost, path, body).wants(status, string(k))
		if retry := got.header.Get("Retry-After"); (retry != "") != (status == 503 || status == 429) {
			t.Errorf("%s: Retry-After %q", k, retry)
		}
	}
}

func TestKinds_unknownErrorIsInternalAndSaysNothing(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("dial " + ins), &conversations.Error{Kind: "new-kind", Err: errors.New(ins)}} {
		w := newWorld(t)
		w.core.fail = err
		w.call(patientToken, http.MethodGet, "/api/v1/inbox", "").wants(http.StatusInternalServerError, "internal").lacks(ins, "new-kind", "dial")
	}
}

// D4, D36: a professional never learns that a patient blocked him or opposed.
func TestKinds_patientsWillIsOneCodeToProfessionals(t *testing.T) {
	t.Parallel()
	var bodies []string
	for _, k := range []conversations.Kind{conversations.KindBlockedByPatient, conversations.KindPatientOpposed, conversations.KindUnreachable} {
		w := newWorld(t)
		w.core.fail = kind(k)
		got := w.call(proToken, http.MethodPost, "/api/v1/conversations/a1open/messages", `{"text":"a"}`).wants(http.StatusForbidden, "patient-unreachable")
		m := got.json()
		delete(m, "instance")
		bodies = append(bodies, fmt.Sprint(m))
	}
	if len(slices.Compact(bodies)) != 1 {
		t.Errorf("answers differ: %v", bodies)
	}
}

// docs/contract.md: a POST against a frozen conversation is 403 with its code, also when the correspondent is
// gone.
func TestKinds_goneCorrespondentIsARightToThePatient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.core.failOn["Reply"] = kind(conversations.KindMailboxUnknown)
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/replies", `{"text":"a"}`, "Accept-Language", "fr").
		wants(http.StatusForbidden, "mailbox-unknown").has("Ce professionnel ne peut plus être joint").lacks("matricule")
}

// I244: a title in both languages for every code, and none that quotes another code's default.
func TestTitles_everyCodeInBothLanguages(t *testing.T) {
	t.Parallel()
	seen := map[string]code{}
	for _, c := range allCodes() {
		en, fr := titles(c)
		for _, s := range []string{en, fr} {
			if other, twice := seen[s]; s == "" || twice && c != other {
				t.Errorf("%s: title %q, as %s", c, s, other)
			}
			seen[s] = c
		}
		if strings.Contains(fr, "'") {
			t.Errorf("%s: %q has a straight apostrophe", c, fr)
		}
	}
}
