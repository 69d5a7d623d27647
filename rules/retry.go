package rules

import "time"

// Times of the outbound queue (O87, O85).
const (
	GiveUpAfter      = 48 * time.Hour // when nothing else is set
	LeastGiveUpAfter = 24 * time.Hour
	MostGiveUpAfter  = 5 * 24 * time.Hour
	WarnAfter        = 4 * time.Hour

	// CertificatePatience is how long a server's bad certificate is taken for a renewal under way.
	CertificatePatience = 24 * time.Hour
)

// NextAttempt returns when a delivery that failed for the n-th time (from 1) is tried again, and
// false when it is to be given up: 5, 15, 30, 60 minutes, then hourly until giveUp after queueing (O87).
func NextAttempt(n int, queued, now time.Time, giveUp time.Duration) (time.Time, bool) {
	waits := [...]time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
	wait := waits[min(max(n, 1), len(waits))-1]
	next := now.Add(wait)
	return next, next.Before(queued.Add(giveUp))
}

// Late reports whether the sender of a message that still waits is to be told so (O87): from the instant on
// that is WarnAfter after queueing.
func Late(queued, now time.Time) bool { return !now.Before(queued.Add(WarnAfter)) }

// TrustsNoMore reports whether a bad certificate is final that was first seen at since, without a good
// one in between (O85). A zero since is now.
func TrustsNoMore(since, now time.Time) bool {
	return !since.IsZero() && !now.Before(since.Add(CertificatePatience))
}
