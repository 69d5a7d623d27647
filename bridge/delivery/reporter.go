package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// Reports is where receipts wait. It is implemented by conversations.Service.
type Reports interface {
	// Reportable loads what a report effect sends. A permanent kind of error means that nothing is to
	// be sent any more.
	Reportable(ctx context.Context, e conversations.Effect) (conversations.Report, error)
	// ReadReceipt loads what a receipt effect sends, in the same way.
	ReadReceipt(ctx context.Context, e conversations.Effect) (conversations.ReadReceipt, error)
	// BeginReceipt claims the one transmission of a read receipt; false: another attempt has it.
	BeginReceipt(ctx context.Context, e conversations.Effect, r conversations.ReadReceipt) (bool, error)
	// Delivered records the outcome of an attempt at a report.
	Delivered(ctx context.Context, e conversations.Effect, o conversations.Outcome) error
	// ReceiptOutcome records the outcome of an attempt at a read receipt.
	ReceiptOutcome(ctx context.Context, e conversations.Effect, o conversations.Outcome) error
}

// Reporter sends delivery status notifications (R54, O174) and read receipts (R57) to professionals, on
// the same way and with the same certificates as any message (O175). It is safe for concurrent use.
type Reporter struct {
	client  *Client
	reports Reports
	zone    *time.Location
}

// NewReporter returns a reporter. zone is that of the times in the text: Europe/Paris.
func NewReporter(c *Client, r Reports, zone *time.Location) *Reporter {
	return &Reporter{client: c, reports: r, zone: zone}
}

// Report makes one attempt at a report effect. A notice that cannot be delivered is dropped and never
// answered by another one (RFC 5321 section 6.1).
func (r *Reporter) Report(ctx context.Context, e conversations.Effect) (time.Time, error) {
	report, err := r.reports.Reportable(ctx, e)
	switch {
	case err != nil && conversations.KindOf(err).Temporary():
		return time.Time{}, err
	case err != nil, report.To.IsZero(): // R47: a null reverse-path is never answered
		return time.Time{}, nil
	}
	n := Notice{Key: e.ID, Date: e.CreatedAt, MTA: r.client.Name, Zone: r.zone, Report: report}
	text, err := inMemory(n.Compose)
	if err != nil {
		r.drop(ctx, e, report.To, codeOurs) // the same facts would give the same error
		return time.Time{}, nil
	}
	err = r.client.send(ctx, text.to(report.To, turn(e)))
	return r.conclude(ctx, e, report.To, report.UntrustedSince, err, r.reports.Delivered)
}

// Acknowledge makes one attempt at a receipt effect: a read receipt, which is transmitted at most once
// (R60). When nobody knows whether the server took it, it is taken for sent.
func (r *Reporter) Acknowledge(ctx context.Context, e conversations.Effect) (time.Time, error) {
	receipt, err := r.reports.ReadReceipt(ctx, e)
	switch {
	case err != nil && conversations.KindOf(err).Temporary():
		return time.Time{}, err
	case err != nil:
		return time.Time{}, nil
	}
	d := Disposition{Date: e.CreatedAt, MTA: r.client.Name, Zone: r.zone, Receipt: receipt}
	text, err := inMemory(d.Compose)
	if err != nil {
		r.drop(ctx, e, receipt.Next, codeOurs)
		return time.Time{}, nil
	}
	begun := false
	m := text.to(receipt.Next, turn(e))
	m.begin = func() error {
		mine, err := r.reports.BeginReceipt(ctx, e, receipt)
		if err == nil && !mine {
			return errElsewhere
		}
		begun = err == nil
		return err // when the answer was lost, the receipt may be: it is never repeated
	}
	err = r.client.send(ctx, m)
	if errors.Is(err, errElsewhere) {
		return time.Time{}, nil
	}
	if begun && unanswered(err) {
		err = nil
	}
	return r.conclude(ctx, e, receipt.Next, receipt.UntrustedSince, err, r.reports.ReceiptOutcome)
}

// unanswered reports whether an attempt ended without a word of the server on the message.
func unanswered(err error) bool {
	return err != nil && replyOf(err) == nil
}

// conclude records how an attempt ended, and says when it is made again.
func (r *Reporter) conclude(ctx context.Context, e conversations.Effect, to rules.Address, untrusted time.Time, sending error,
	record func(context.Context, conversations.Effect, conversations.Outcome) error,
) (time.Time, error) {
	var f *fault
	o := conversations.Outcome{State: conversations.DeliverySent, Code: codeSent, Certificate: conversations.CertificateGood}
	var again time.Time
	switch {
	case sending == nil:
	case !errors.As(sending, &f):
		return time.Time{}, fmt.Errorf("send notice: %w", sending) // we are stopping
	default:
		o, again = outcome(f, e.Attempts+1, patience{e.CreatedAt, untrusted, r.client.GiveUp}, r.client.Now())
		o.Detail = "" // nobody reads it
		if again.IsZero() {
			r.drop(ctx, e, to, o.Code)
		}
	}
	if err := record(context.WithoutCancel(ctx), e, o); err != nil && conversations.KindOf(err).Temporary() {
		return time.Time{}, err
	}
	return again, nil
}

// drop notes that a notice will never arrive.
func (r *Reporter) drop(ctx context.Context, e conversations.Effect, to rules.Address, code string) {
	r.client.Log.LogAttrs(ctx, slog.LevelWarn, "notice given up", slog.String("effect", e.ID),
		slog.String("kind", string(e.Kind)), slog.String("domain", to.Domain), slog.String("code", code))
}

// text is a composed message.
type text []byte

// inMemory composes a message.
func inMemory(compose func(io.Writer) error) (text, error) {
	var out bytes.Buffer
	err := compose(&out)
	return out.Bytes(), err
}

// to addresses it, from the null reverse-path.
func (t text) to(a rules.Address, turn string) envelope {
	return envelope{to: a, turn: turn, bytes: int64(len(t)), open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(t)), nil
	}}
}
