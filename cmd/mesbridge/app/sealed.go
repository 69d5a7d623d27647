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
)

// What the command line asks of a running bridge about patients travels sealed over the operations listener: it names
// people, and decides about them. Who may not read the settings' keys can neither ask nor understand.

// Refused says why an act was refused; empty when it was not. The error of the core holds no name and no number.
type Refused struct {
	Code   string `json:"code,omitempty"`
	Rule   string `json:"rule,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// refusedAs tells an error.
func refusedAs(err error) (r Refused) {
	if err == nil {
		return r
	}
	r.Code, r.Reason = string(conversations.KindOf(err)), err.Error()
	var e *conversations.Error
	if errors.As(err, &e) {
		r.Rule = e.Rule
	}
	return r
}

const (
	sealedLimit = 64 << 10        // bytes of a request or an answer
	sealedAge   = 2 * time.Minute // how old a request may be
)

// Ends of a sealed message: what one end wrote does not open as the other's, and what was written for one path does not
// open at another.
func sealedPlace(path, end string) []byte { return []byte(path + "\x00" + end) }

const (
	endAsked    = "asked"
	endAnswered = "answered"
)

// asked is what a request has to tell by itself.
type asked interface{ written() time.Time }

// sealFor seals requests and answers with a key that only the settings' readers have.
func sealFor(c config.Config) (cipher.AEAD, error) {
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

// askSealed sends a request to the operations listener of a running bridge, and reads its answer.
func askSealed(ctx context.Context, c config.Config, url string, r asked, answer any) error {
	seal, err := sealFor(c)
	if err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return err
	}
	body := seal.Seal(nil, nil, text, sealedPlace(request.URL.Path, endAsked)) //nolint:gosec // this mode makes its own random nonce and takes none
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", response.Status)
	}
	sealed, err := io.ReadAll(io.LimitReader(response.Body, sealedLimit))
	if err != nil {
		return err
	}
	if text, err = seal.Open(nil, nil, sealed, sealedPlace(request.URL.Path, endAnswered)); err != nil {
		return errors.New("its answer was not sealed with these settings' key")
	}
	return json.Unmarshal(text, answer)
}

// sealedCall answers sealed requests. Who does not hold the key learns nothing, not even whether the request was whole.
func sealedCall[Q asked, A any](a *App, answer func(context.Context, Q) A) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		seal, err := sealFor(a.Config)
		if err != nil {
			a.Log.ErrorContext(r.Context(), "sealed request not read", "error", err)
			http.Error(w, "not now", http.StatusServiceUnavailable)
			return
		}
		sealed, err := io.ReadAll(http.MaxBytesReader(w, r.Body, sealedLimit))
		var q Q
		var text []byte
		if err == nil {
			text, err = seal.Open(nil, nil, sealed, sealedPlace(r.URL.Path, endAsked))
		}
		if err == nil {
			err = json.Unmarshal(text, &q)
		}
		if age := time.Since(q.written()); err != nil || age > sealedAge || age < -sealedAge {
			http.Error(w, "not a request of these settings", http.StatusForbidden)
			return
		}
		if text, err = json.Marshal(answer(r.Context(), q)); err != nil {
			http.Error(w, "not now", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(seal.Seal(nil, nil, text, sealedPlace(r.URL.Path, endAnswered))) //nolint:gosec // as above; a caller who left needs nothing
	}
}
