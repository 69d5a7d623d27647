package trust

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"mesbridge/bridge/trust/alarm"
)

// ErrNotListed means that a new certificate of ours is not in the white list yet: peers would refuse it.
var ErrNotListed = errors.New("the white list in service does not name the new certificate for our domain; it is used as soon as one does")

// Renewal replaces our certificate and key when their files have changed, and tells when they end (O53).
// What is connected stays connected. A pair that cannot be used never replaces one that can.
type Renewal struct {
	Identity *Identity
	Load     func() (tls.Certificate, error) // reads the files
	Listed   func(DN) bool                   // whether the list in service names a subject for our domain
	Alarms   *alarm.Board
	Log      *slog.Logger
}

// Check reads the files once and puts what they hold in service if it is new and good. The error says why
// new files are not used; they are tried again at the next call, so that a certificate may be installed
// before the white list names it.
func (r Renewal) Check() error {
	err := r.replace()
	if err != nil {
		r.Alarms.Raise(alarm.OwnReplacement, "", slog.LevelError, err.Error())
	} else {
		r.Alarms.Clear(alarm.OwnReplacement, "")
	}
	r.age()
	return err
}

func (r Renewal) replace() error {
	i := r.Identity
	loaded, err := r.Load()
	if err != nil {
		return fmt.Errorf("read our new certificate: %w", err)
	}
	next, err := newOwnPair(loaded)
	if err != nil {
		return err
	}
	old := i.own.Load()
	if next.Leaf.Equal(old.Leaf) {
		return nil
	}
	now := i.now()
	if _, err := i.anchors.verify(next.Leaf, now, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth); err != nil {
		return fmt.Errorf("judge our new certificate: %w", err)
	}
	if !r.Listed(next.dn) && now.Before(old.Leaf.NotAfter) {
		return ErrNotListed
	}
	i.own.Store(next)
	r.Log.Info("own certificate", "event", "certificate.change", "outcome", "success", "until", next.Leaf.NotAfter)
	return nil
}

// day is how the remaining life of a certificate is counted.
const day = 24 * time.Hour

// age raises the alarm of O53: 60, 30 and 7 days before the end.
func (r Renewal) age() {
	left := r.Identity.Certificate().NotAfter.Sub(r.Identity.now())
	for _, step := range []struct {
		within time.Duration
		level  slog.Level
		text   string
	}{
		{0, slog.LevelError, "our certificate has ended"},
		{7 * day, slog.LevelError, "our certificate ends within 7 days"},
		{30 * day, slog.LevelWarn, "our certificate ends within 30 days; renewal is possible while it is valid only"},
		{60 * day, slog.LevelWarn, "our certificate ends within 60 days"},
	} {
		if left <= step.within {
			r.Alarms.Raise(alarm.OwnExpiry, "", step.level, step.text)
			return
		}
	}
	r.Alarms.Clear(alarm.OwnExpiry, "")
}
