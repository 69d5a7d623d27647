package delivery

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/emersion/go-message/mail"

	"mesbridge/rules"
)

// answerText is what the mailbox for trying out answers (O118).
const answerText = "Ceci est une réponse automatique : votre message est bien arrivé jusqu’à la messagerie citoyenne, et cette réponse est " +
	"revenue jusqu’à vous. Votre message n’est ni conservé ni lu. Ne répondez pas à cet e-mail.\r\n"

// maxAnswering is how many answers may be on their way at once; more are dropped.
const maxAnswering = 4

// Responder answers for the mailbox by which operators try out the way there and back (O27, O118). An
// answer is tried once and remembered nowhere. It is safe for concurrent use.
type Responder struct {
	client  *Client
	from    rules.Address
	ctx     context.Context
	answers chan struct{}
}

// NewResponder returns a responder that writes from an address. The end of ctx stops what is under way.
func NewResponder(ctx context.Context, c *Client, from rules.Address) *Responder {
	return &Responder{client: c, from: from, ctx: ctx, answers: make(chan struct{}, maxAnswering)}
}

// Answer sends an answer to a message and returns at once. It comes from the null reverse-path, so that
// nothing answers it (RFC 3834 section 3.3). messageID may be empty.
func (r *Responder) Answer(to rules.Address, messageID, subject string) {
	select {
	case r.answers <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-r.answers }()
		content, err := inMemory(func(w io.Writer) error { return r.compose(w, to, messageID, subject, r.client.Now()) })
		if err == nil {
			err = r.client.send(r.ctx, content.to(to, rand.Text()))
		}
		if err != nil {
			r.client.Log.LogAttrs(r.ctx, slog.LevelWarn, "automatic answer not sent", slog.String("rule", "O118"), slog.String("domain", to.Domain))
		}
	}()
}

// compose writes the answer (RFC 3834 section 3.1).
func (r *Responder) compose(out io.Writer, to rules.Address, messageID, subject string, at time.Time) error {
	var h mail.Header
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("MIME-Version", "1.0")
	h.Set("Auto-Submitted", "auto-replied")
	if messageID != "" {
		h.SetMsgIDList("References", []string{messageID})
		h.SetMsgIDList("In-Reply-To", []string{messageID})
	}
	h.SetMessageID(rand.Text() + "@" + r.from.Domain)
	h.SetSubject(rules.ReplySubject(subject))
	h.SetDate(at.UTC())
	h.SetAddressList("To", []*mail.Address{{Address: to.Wire()}})
	h.SetAddressList("From", []*mail.Address{{Address: r.from.Wire()}})
	w, err := mail.CreateSingleInlineWriter(out, h)
	if err != nil {
		return fmt.Errorf("compose an answer: %w", err)
	}
	if _, err := io.Copy(w, bytes.NewBufferString(answerText)); err != nil {
		return fmt.Errorf("compose an answer: %w", err)
	}
	return w.Close()
}
