package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// LocalNoReply is the local part of the address that copies come from; it takes reports alone (D30).
const LocalNoReply = "ne-pas-repondre"

// Copies is where copies wait. It is implemented by conversations.Service.
type Copies interface {
	// Copy loads what a copy effect sends. A permanent kind of error means that there is nothing to send
	// any more.
	Copy(ctx context.Context, e conversations.Effect) (conversations.Copy, error)
	// CopyFailed traces that a copy will never arrive.
	CopyFailed(ctx context.Context, e conversations.Effect, code string)
}

// Copier sends what was written at the desk or by the API to the mailbox that it was written for, so that its own
// software has it too (D30), and to the professionals in copy (R79). It is safe for concurrent use.
type Copier struct {
	client *Client
	copies Copies
	from   rules.Address
}

// NewCopier returns a copier that sends from the citizen domain.
func NewCopier(c *Client, copies Copies, citizenDomain string) *Copier {
	return &Copier{client: c, copies: copies, from: rules.Address{Local: LocalNoReply, Domain: citizenDomain}}
}

// Copy makes one attempt at a copy effect, and returns when to try again, or zero when it was taken or is
// given up. A copy whose answer was lost is sent again, byte for byte.
func (c *Copier) Copy(ctx context.Context, e conversations.Effect) (time.Time, error) {
	m, err := c.copies.Copy(ctx, e)
	switch {
	case err != nil && conversations.KindOf(err).Temporary():
		return time.Time{}, err
	case err != nil:
		return time.Time{}, nil
	}
	head, err := c.header(e, m)
	if err != nil {
		c.drop(ctx, e, m.To.Domain, codeOurs) // the same facts would give the same error
		return time.Time{}, nil
	}
	err = c.client.send(ctx, envelope{
		from: c.from, to: m.To, turn: turn(e), bytes: int64(len(head)) + m.Bytes, open: func() (io.ReadCloser, error) { return following(head, m.Open) },
	})
	var f *fault
	switch {
	case err == nil:
		return time.Time{}, nil
	case !errors.As(err, &f):
		return time.Time{}, fmt.Errorf("send copy: %w", err) // we are stopping
	}
	again, ok := f.retryAt(e.Attempts+1, patience{m.QueuedAt, time.Time{}, c.client.GiveUp}, c.client.Now())
	if !ok {
		c.drop(ctx, e, m.To.Domain, f.code)
		return time.Time{}, nil
	}
	return again, nil
}

// header is everything before the message itself, which is the one part (RFC 2046 section 5.2.1).
func (c *Copier) header(e conversations.Effect, m conversations.Copy) ([]byte, error) {
	var h mail.Header
	h.SetContentType("message/rfc822", nil)
	h.Set("MIME-Version", "1.0")
	h.Set("Auto-Submitted", "auto-generated") // RFC 3834
	h.SetMessageID(opaque(e.ID) + "@" + c.from.Domain)
	h.SetSubject("Copie : " + visible(m.Subject))
	h.SetDate(m.QueuedAt.UTC())
	h.SetAddressList("To", []*mail.Address{{Address: m.To.Wire()}})
	h.SetAddressList("From", []*mail.Address{{Name: "Messagerie de santé", Address: c.from.Wire()}})
	if !m.ReplyTo.IsZero() { // who is in copy answers the author, not us (R79)
		h.SetAddressList("Reply-To", []*mail.Address{{Address: m.ReplyTo.Wire()}})
	}
	var out bytes.Buffer
	w, err := message.CreateWriter(&out, h.Header)
	if err != nil {
		return nil, fmt.Errorf("compose copy: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compose copy: %w", err)
	}
	return out.Bytes(), nil
}

// following reads a header and then the message that follows it.
func following(head []byte, open func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	body, err := open()
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), body), body}, nil
}

// drop notes that a copy will never arrive.
func (c *Copier) drop(ctx context.Context, e conversations.Effect, domain, code string) {
	c.client.Log.LogAttrs(ctx, slog.LevelError, "copy given up", slog.String("event", "alarm"), slog.String("rule", "D30"),
		slog.String("effect", e.ID), slog.String("domain", domain), slog.String("code", code))
	c.copies.CopyFailed(ctx, e, code)
}
