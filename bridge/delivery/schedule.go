package delivery

import (
	"time"

	"mesbridge/rules"
)

// CertificatePatience is how long after queueing a server's bad certificate is taken for a renewal
// under way (O85).
const CertificatePatience = 24 * time.Hour

// retryAt says when an attempt that failed for the n-th time (from 1) is repeated, and zero and
// false when f is final. The patience is counted from the queueing of the message, by which a restart forgets
// nothing; after hours of another fault a bad certificate can therefore be final at its first sight.
func (f *fault) retryAt(n int, queued, now time.Time) (time.Time, bool) {
	if f.permanent() {
		return time.Time{}, false
	}
	if f.kind == faultCertificate && !now.Before(queued.Add(CertificatePatience)) {
		return time.Time{}, false
	}
	if next, ok := rules.NextAttempt(n, queued, now); ok {
		return next, true
	}
	return time.Time{}, false
}
