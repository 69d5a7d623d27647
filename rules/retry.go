package rules

import "time"

// Times of the outbound queue (O87).
const (
	GiveUpAfter = 48 * time.Hour
	WarnAfter   = 4 * time.Hour
)

// NextAttempt returns when a delivery that failed for the n-th time (from 1) is tried again, and
// false when it is to be given up: 5, 15, 30, 60 minutes, then hourly until 48 hours (O87).
func NextAttempt(n int, queued, now time.Time) (time.Time, bool) {
	waits := [...]time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
	wait := waits[min(max(n, 1), len(waits))-1]
	next := now.Add(wait)
	return next, next.Before(queued.Add(GiveUpAfter))
}
