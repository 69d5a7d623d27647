package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mesbridge/conversations"
)

// Header fields of a call (Standard Webhooks 1.0, "Webhook headers").
const (
	headerID        = "Webhook-Id"
	headerTimestamp = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"
)

// secretPrefix begins a secret as it is told (Standard Webhooks 1.0, "Signature scheme").
const secretPrefix = "whsec_"

// ShownSecret writes a secret as its receiver is told it.
func ShownSecret(secret []byte) string {
	return secretPrefix + base64.StdEncoding.EncodeToString(secret)
}

// body is what a call carries.
type body struct {
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Data      data   `json:"data"`
}

type data struct {
	Webhook      conversations.ID `json:"webhook"`
	Exchange     conversations.ID `json:"exchange,omitempty"`
	Conversation conversations.ID `json:"conversation,omitempty"`
	Message      conversations.ID `json:"message,omitempty"`
	State        string           `json:"state,omitempty"`
}

// encode writes the body of a call, the same bytes each time.
func encode(c conversations.Calling) ([]byte, error) {
	e := c.Event
	b, err := json.Marshal(body{
		Type: string(e.Kind), Timestamp: e.At.UTC().Format("2006-01-02T15:04:05.000Z"),
		Data: data{Webhook: c.Webhook, Exchange: e.Exchange, Conversation: e.Conversation, Message: e.Message, State: e.State},
	})
	if err != nil {
		return nil, fmt.Errorf("encode an event: %w", err)
	}
	return b, nil
}

// sign adds the fields of the signature to a call. Each secret signs, so that a receiver may know either while it is
// being changed.
func sign(h http.Header, id string, at time.Time, content []byte, secrets [][]byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		_, _ = mac.Write([]byte(id + "." + stamp + "."))
		_, _ = mac.Write(content)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	h.Set(headerID, id)
	h.Set(headerTimestamp, stamp)
	h.Set(headerSignature, strings.Join(signatures, " "))
}
