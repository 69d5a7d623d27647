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
)

// Reports is where receipts wait. It is implemented by conversations.Service.
type Reports interface {
	// Reportable loads what a report effect sends. A permanent kind of error means that nothing is to
	// be sent any more.
	Reportable(ctx context.Context, e conversations.Effect) (conversations.Report, error)
}

// Reporter sends delivery status notifications to professionals (R54, O174), on the same way and with
// the same certificates as any message (O175). It is safe for concurrent use.
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
	if err != nil {
		if conversations.KindOf(err).Temporary() {
			return time.Time{}, err
		}
		return time.Time{}, nil
	}
	if report.To.IsZero() {
		return time.Time{}, nil // R47: a null reverse-path is never answered
	}
	var notice bytes.Buffer
	n := Notice{Key: e.ID, Date: e.CreatedAt, MTA: r.client.Name, Zone: r.zone, Report: report}
	if err := n.Compose(&notice); err != nil {
		r.drop(ctx, e, report, codeOurs) // the same facts would give the same error
		return time.Time{}, nil
	}
	err = r.client.send(ctx, envelope{to: report.To, bytes: int64(notice.Len()), open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(notice.Bytes())), nil
	}})
	var f *fault
	switch {
	case err == nil:
		return time.Time{}, nil
	case !errors.As(err, &f):
		return time.Time{}, fmt.Errorf("send notice: %w", err) // we are stopping
	}
	again, ok := f.retryAt(e.Attempts+1, e.CreatedAt, r.client.Now())
	if !ok {
		r.drop(ctx, e, report, f.code)
	}
	return again, nil
}

// drop notes that a notice will never arrive.
func (r *Reporter) drop(ctx context.Context, e conversations.Effect, report conversations.Report, code string) {
	r.client.Log.LogAttrs(ctx, slog.LevelWarn, "delivery notice given up",
		slog.String("effect", e.ID), slog.String("domain", report.To.Domain), slog.String("code", code))
}
