package web

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"mesbridge/conversations"
)

const repliesPath = "/api/v1/inbox/a1open/replies"

// docs/contract.md: same body, same answer; other body, 422.
func TestIdempotency_sameBodySameAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`, "Idempotency-Key", "k1").wants(http.StatusCreated, "")
	two := w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`, "Idempotency-Key", "k1").wants(http.StatusCreated, "")
	if !bytes.Equal(one.body, two.body) || one.header.Get("Content-Type") != two.header.Get("Content-Type") || len(w.core.replies) != 1 {
		t.Errorf("%s, then %s, sent %d", one.body, two.body, len(w.core.replies))
	}
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"b"}`, "Idempotency-Key", "k1").wants(http.StatusUnprocessableEntity, "idempotency-mismatch")
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`, "Idempotency-Key", "k2").wants(http.StatusCreated, "")
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`).wants(http.StatusCreated, "")
	if len(w.core.replies) != 3 || w.core.replies[0].Operation == w.core.replies[1].Operation || w.core.replies[2].Operation != "" {
		t.Errorf("replies %d", len(w.core.replies))
	}
}

// The key belongs to caller and route; the same key for another conversation is told, not answered with
// the wrong one.
func TestIdempotency_belongsToCallerAndRoute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`, "Idempotency-Key", "k").wants(http.StatusCreated, "")
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1ended/replies", `{"text":"a"}`, "Idempotency-Key", "k").
		wants(http.StatusUnprocessableEntity, "idempotency-mismatch")
	w.call(proToken, http.MethodPost, "/api/v1/conversations/a1open/messages", `{"text":"a"}`, "Idempotency-Key", "k").wants(http.StatusCreated, "")
	w.call(twoBoxes, http.MethodPost, "/api/v1/conversations/a1open/messages", `{"text":"a"}`, "Idempotency-Key", "k").wants(http.StatusCreated, "")
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/opened", "", "Idempotency-Key", "k").wants(http.StatusNoContent, "")
	w.call(patientToken, http.MethodPost, "/api/v1/inbox/a1open/opened", "", "Idempotency-Key", "k").wants(http.StatusNoContent, "")
	if len(w.core.replies) != 1 || len(w.core.written) != 1 || w.core.asked("Opened") != 1 {
		t.Errorf("replies %d, written %d", len(w.core.replies), len(w.core.written))
	}
}

// O117: an answer goes with the patient whom it quotes; a call that erases him is answered, and nothing is kept of it.
func TestIdempotency_erasedPatient_leavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`, "Idempotency-Key", "k").wants(http.StatusCreated, "")
	w.core.erased = true
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`, "Idempotency-Key", "k").wants(http.StatusNotFound, "not-found")
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"b"}`, "Idempotency-Key", "l").wants(http.StatusCreated, "")
	w.core.erased = false
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"b"}`, "Idempotency-Key", "l").wants(http.StatusCreated, "")
	if len(w.core.replies) != 3 {
		t.Errorf("%d replies: what was kept for l was kept unsealed", len(w.core.replies))
	}
}

// A definite refusal is the answer of the key; a temporary one is not, so that a retry can succeed.
func TestIdempotency_keepsWhatLasts(t *testing.T) {
	t.Parallel()
	for k, kept := range map[conversations.Kind]bool{
		conversations.KindThreadClosed: true, conversations.KindTooLarge: true, conversations.KindUnavailable: false,
		conversations.KindStaleState: false, conversations.KindInternal: false,
	} {
		w := newWorld(t)
		w.core.failOn["Reply"] = kind(k)
		one := w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`, "Idempotency-Key", "k").wants(statusOf(k), string(k))
		delete(w.core.failOn, "Reply")
		two := w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`, "Idempotency-Key", "k")
		if kept != bytes.Equal(one.body, two.body) || !kept && two.status != http.StatusCreated {
			t.Errorf("%s: %s, then %d %s", k, one.body, two.status, two.body)
		}
	}
}

func TestIdempotency_refusesOddKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, key := range []string{"a b", strings.Repeat("k", 256), "é"} {
		w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`, "Idempotency-Key", key).
			wants(http.StatusUnprocessableEntity, "invalid-request").has(`"field":"Idempotency-Key"`)
	}
}

// When the store of answers is away, nothing is done twice: nothing is done.
func TestIdempotency_storeAwayIsLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.answers.fail = errors.New("away")
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"a"}`, "Idempotency-Key", "k").wants(http.StatusServiceUnavailable, "temporarily-unavailable")
	if len(w.core.replies) > 0 {
		t.Error("a reply was sent")
	}
}

// What reaches the store of answers is neither readable nor guessable, and cannot be swapped.
func TestIdempotency_storeSeesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call(proToken, http.MethodPost, "/api/v1/conversations", first(""), "Idempotency-Key", "order-"+ins).wants(http.StatusCreated, "")
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"secret"}`, "Idempotency-Key", "k").wants(http.StatusCreated, "")
	if len(w.answers.answers) != 2 {
		t.Fatalf("%d answers kept", len(w.answers.answers))
	}
	var ids []string
	for id, answer := range w.answers.answers {
		for _, secret := range []string{ins, "secret", "Bilan", "Dupont", "899700218896", string(patientPID), "order"} {
			if strings.Contains(id, secret) || bytes.Contains(answer, []byte(secret)) {
				t.Errorf("the store sees %q", secret)
			}
		}
		if len(id) != 64 {
			t.Errorf("id of %d characters", len(id))
		}
		ids = append(ids, id)
	}
	w.answers.answers[ids[0]], w.answers.answers[ids[1]] = w.answers.answers[ids[1]], w.answers.answers[ids[0]]
	w.call(patientToken, http.MethodPost, repliesPath, `{"text":"secret"}`, "Idempotency-Key", "k").wants(http.StatusServiceUnavailable, "temporarily-unavailable")
	if len(w.core.replies) != 1 {
		t.Errorf("sent %d times", len(w.core.replies))
	}
}
