package app

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// EventRequest is a life event that the command line brings to the running bridge (D33). It travels sealed: it
// names a patient, and decides about him.
type EventRequest struct {
	At    time.Time       `json:"at"` // when it was written: an old one is refused
	Agent string          `json:"agent"`
	Event rules.LifeEvent `json:"event"`
	INS   string          `json:"ins"`
	New   string          `json:"new,omitempty"`
	Until time.Time       `json:"until,omitzero"`
	Seen  string          `json:"seen,omitempty"` // what the preview gave; empty: only look
}

// EventAnswer is what the event does, or did, or why not.
type EventAnswer struct {
	Preview conversations.LifePreview `json:"preview"`
	Done    bool                      `json:"done"`
	Code    string                    `json:"code,omitempty"`
	Rule    string                    `json:"rule,omitempty"`
	Reason  string                    `json:"reason,omitempty"`
}

const (
	eventLimit = 4096            // bytes of a request or an answer
	eventAge   = 2 * time.Minute // how old a request may be
	eventPath  = "/patient/event"
)

// Ends of a sealed message: what one end wrote does not open as the other's.
var (
	eventAsked    = []byte("asked")
	eventAnswered = []byte("answered")
)

// eventSeal seals requests and answers with a key that only the settings' readers have.
func eventSeal(c config.Config) (cipher.AEAD, error) {
	secret, err := c.Keys.PatientHash.ReadKey()
	if err != nil {
		return nil, fmt.Errorf("read the patient hash key: %w", err)
	}
	key, err := derive(secret, "patient events")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// AskEvent sends an event to the operations listener of a running bridge and returns its answer.
func AskEvent(ctx context.Context, c config.Config, url string, r EventRequest) (answer EventAnswer, err error) {
	seal, err := eventSeal(c)
	if err != nil {
		return answer, err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return answer, err
	}
	body := bytes.NewReader(seal.Seal(nil, nil, text, eventAsked)) //nolint:gosec // this mode makes its own random nonce and takes none
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+eventPath, body)
	if err != nil {
		return answer, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("it answers %s", response.Status)
	}
	sealed, err := io.ReadAll(io.LimitReader(response.Body, eventLimit))
	if err != nil {
		return answer, err
	}
	if text, err = seal.Open(nil, nil, sealed, eventAnswered); err != nil {
		return answer, errors.New("its answer was not sealed with these settings' key")
	}
	return answer, json.Unmarshal(text, &answer)
}

// eventNow answers an event. Who does not hold the key learns nothing, not even whether the request was whole.
func (a *App) eventNow(w http.ResponseWriter, r *http.Request) {
	seal, err := eventSeal(a.Config)
	if err != nil {
		a.Log.ErrorContext(r.Context(), "patient event not read", "error", err)
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	sealed, err := io.ReadAll(http.MaxBytesReader(w, r.Body, eventLimit))
	var asked EventRequest
	var text []byte
	if err == nil {
		text, err = seal.Open(nil, nil, sealed, eventAsked)
	}
	if err == nil {
		err = json.Unmarshal(text, &asked)
	}
	if age := time.Since(asked.At); err != nil || age > eventAge || age < -eventAge {
		http.Error(w, "not a request of these settings", http.StatusForbidden)
		return
	}
	if text, err = json.Marshal(a.answerEvent(r.Context(), asked)); err != nil {
		http.Error(w, "not now", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(seal.Seal(nil, nil, text, eventAnswered)) //nolint:gosec // as above; a caller who left needs nothing
}

// answerEvent looks, or acts, and tells. The error of the core holds no name and no number.
func (a *App) answerEvent(ctx context.Context, asked EventRequest) (answer EventAnswer) {
	in, err := asked.input(a.Config.INSKeyCheck)
	switch {
	case err != nil:
	case asked.Seen == "":
		answer.Preview, err = a.Conversations.PreviewEvent(ctx, in)
	default:
		agent := conversations.Actor{Kind: conversations.ActorAgent, ID: asked.Agent, Name: asked.Agent}
		answer.Preview, err = a.Conversations.ApplyEvent(ctx, agent, in, asked.Seen)
		answer.Done = err == nil
	}
	if err != nil {
		answer.Code, answer.Reason = string(conversations.KindOf(err)), err.Error()
		var e *conversations.Error
		if errors.As(err, &e) {
			answer.Rule = e.Rule
		}
	}
	return answer
}

// input reads the matricules.
func (r EventRequest) input(checkKey bool) (in conversations.LifeInput, err error) {
	in = conversations.LifeInput{Event: r.Event, Until: r.Until}
	if in.INS, err = rules.ParseINS(r.INS, checkKey); err != nil {
		return in, &conversations.Error{Kind: conversations.KindINSInvalid, Rule: "R13", Err: err}
	}
	if r.New == "" {
		return in, nil
	}
	if in.New, err = rules.ParseINS(r.New, checkKey); err != nil {
		return in, &conversations.Error{Kind: conversations.KindINSInvalid, Rule: "R13", Err: err}
	}
	return in, nil
}
