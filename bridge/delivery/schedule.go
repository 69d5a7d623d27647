package delivery

import (
	"time"

	"mesbridge/conversations"
	"mesbridge/rules"
)

// patience is how long an attempt may be repeated.
type patience struct {
	queued         time.Time // when the message was put in the queue
	untrustedSince time.Time // when the server's certificate was first found bad, without a good one since; zero: it was not
	giveUp         time.Duration
}

// retryAt says when an attempt that failed for the n-th time (from 1) is repeated, and zero and false when
// f is final. The patience with a certificate counts from its first fault (O85), which is kept with the
// message, so that a restart forgets nothing.
func (f *fault) retryAt(n int, p patience, now time.Time) (time.Time, bool) {
	if f.permanent() || f.kind == faultCertificate && rules.TrustsNoMore(p.untrustedSince, now) {
		return time.Time{}, false
	}
	if next, ok := rules.NextAttempt(n, p.queued, now, p.giveUp); ok {
		return next, true
	}
	return time.Time{}, false
}

// certificate is what the attempt saw of the server's certificate: none that answered a command of a
// transaction was a bad one.
func (f *fault) certificate() conversations.Certificate {
	switch f.kind {
	case faultCertificate:
		return conversations.CertificateBad
	case faultDeferred, faultRefused:
		return conversations.CertificateGood
	case faultLink, faultTLS, faultOurs, faultNoMail, faultUnlisted:
	}
	return conversations.CertificateUnseen
}
