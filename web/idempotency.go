package web

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"mesbridge/conversations"
)

// maxKey is the longest Idempotency-Key taken, in octets.
const maxKey = 255

// serveOnce serves a call with an idempotency key: the same request again gets the same answer for 24
// hours, another request under the key 422 (docs/contract.md, "HTTP").
//
// The key belongs to the caller and the route. What "the same" means covers path and query beside the
// body, so that a key used for two conversations is told and not answered with the wrong one. The claim
// comes before the work and the answer after it; two requests at once may both work, and then the
// operation id makes the core do it once. Answers that a later try could better are not kept, and one that
// quotes a patient goes with his key: when he was erased there is nothing there (O117).
func (a *App) serveOnce(c *fiber.Ctx, e *endpoint, r request, key string) error {
	if len(key) > maxKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return invalid("Idempotency-Key", "The key must be 1 to 255 visible ASCII characters.")
	}
	id := hex.EncodeToString(a.keyed("idempotency", string(r.who.Kind), r.who.ID, string(r.who.Patient), e.method, e.path, key))
	same := [32]byte(a.keyed("request", c.OriginalURL(), string(r.body)))
	r.ctx, r.opened = conversations.NoteOpened(r.ctx)
	kept, err := a.remember(r, id, same, nil)
	if err != nil {
		return err
	}
	if kept != nil {
		return kept.send(c)
	}
	r.operation = a.short("operation", id, string(same[:]))
	ans, err := a.serveAsSeen(c, e, r)
	if err != nil {
		p := asProblem(err)
		if !lasting(p.status) {
			return err
		}
		refused := a.refusal(c, p)
		kept, err = a.remember(r, id, same, &refused)
	} else {
		var given keptAnswer
		if given, err = ans.keep(); err != nil {
			return err
		}
		kept, err = a.remember(r, id, same, &given)
	}
	if err != nil {
		return err
	}
	return kept.send(c)
}

// lasting reports whether an answer stays the same when the request is repeated: not a failure of ours,
// not a lost race, not a state that the caller had not seen.
func lasting(status int) bool {
	return status < http.StatusInternalServerError && status != http.StatusConflict && status != http.StatusRequestTimeout &&
		status != http.StatusTooManyRequests && status != http.StatusPreconditionFailed
}

// refusal is a problem as it is sent and kept.
func (a *App) refusal(c *fiber.Ctx, p *problem) keptAnswer {
	french := wantsFrench(c.Get(fiber.HeaderAcceptLanguage))
	return keptAnswer{
		Status: p.status, Type: mimeProblem, Language: language(french), Body: p.encode(requestID(c), french),
	}
}

// remember claims a key, or keeps an answer under it, and returns the answer that holds; nil when there is
// none yet.
func (a *App) remember(r request, id string, same [32]byte, given *keptAnswer) (*keptAnswer, error) {
	var sealed []byte
	var err error
	if given != nil {
		if sealed, err = a.seal(id, *given); err != nil {
			return nil, err
		}
		sealed, err = a.deps.Conversations.SealFor(r.ctx, r.opened.Patients(), id, sealed)
		if conversations.KindOf(err) == conversations.KindNotFound { // this very call erased the patient: nothing is kept
			return given, nil
		}
		if err != nil {
			return nil, err
		}
	}
	kept, err := a.deps.Idempotency.Remember(r.ctx, id, same, sealed)
	switch {
	case errors.Is(err, ErrOtherBody):
		return nil, &problem{status: http.StatusUnprocessableEntity, code: codeOtherBody}
	case err != nil:
		return nil, unavailable(fmt.Errorf("remember an answer: %w", err))
	case kept == nil:
		return given, nil
	}
	if kept, err = a.deps.Conversations.OpenFor(r.ctx, id, kept); err != nil {
		return nil, err
	}
	return a.unseal(id, kept)
}

// sealer encrypts what is kept of answers: they quote people.
func (a *App) sealer() (cipher.AEAD, error) {
	block, err := aes.NewCipher(a.keyed("answers"))
	if err != nil {
		return nil, fmt.Errorf("make a cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts an answer for the id that it is kept under.
func (a *App) seal(id string, k keptAnswer) ([]byte, error) {
	plain, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("encode an answer: %w", err)
	}
	aead, err := a.sealer()
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, []byte(id)), nil //nolint:gosec // G407: this cipher draws its nonce itself
}

// unseal decrypts a kept answer. One that cannot be read is no reason to act again: the caller is asked
// to come back.
func (a *App) unseal(id string, sealed []byte) (*keptAnswer, error) {
	aead, err := a.sealer()
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed, []byte(id))
	if err != nil {
		return nil, unavailable(fmt.Errorf("open a kept answer: %w", err))
	}
	var k keptAnswer
	if err := json.Unmarshal(plain, &k); err != nil {
		return nil, unavailable(fmt.Errorf("read a kept answer: %w", err))
	}
	return &k, nil
}
