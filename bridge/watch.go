package bridge

import (
	"sync"
	"time"
)

// Bounds of D18: a sender who passes both within an hour tries addresses out.
const (
	maxMissed        = 50 // recipients that are unknown or unreachable
	maxMissedPercent = 30 // of his recipients
	missedWindow     = time.Hour
	missedSlots      = 12 // in which the hour slides
)

// watch notices senders who try out which patients have a mailbox (D18). It is safe for concurrent use.
type watch struct {
	mu      sync.Mutex
	senders keyed[*attempts]
}

// attempts are what a sender asked for in the last hour, by slots of five minutes.
type attempts struct {
	slot          int64 // the newest
	asked, missed [missedSlots]int
	told          bool // the alarm was given
}

// slotOf numbers the slots of time.
func slotOf(now time.Time) int64 { return now.UnixNano() / int64(missedWindow/missedSlots) }

// slide forgets what is older than the hour.
func (a *attempts) slide(now time.Time) {
	slot := slotOf(now)
	for n := max(a.slot+1, slot-missedSlots+1); n <= slot; n++ {
		a.asked[n%missedSlots], a.missed[n%missedSlots] = 0, 0
	}
	a.slot = max(a.slot, slot)
}

func (a *attempts) idle(now time.Time) bool { return slotOf(now) >= a.slot+missedSlots }

// over reports whether both bounds are passed.
func (a *attempts) over() bool {
	asked, missed := 0, 0
	for i := range missedSlots {
		asked, missed = asked+a.asked[i], missed+a.missed[i]
	}
	return missed > maxMissed && missed*100 > maxMissedPercent*asked
}

// stopped reports whether a sender is to be told nothing more for the time being, and whether that is new.
func (w *watch) stopped(sender string, now time.Time) (stopped, alarm bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.senders.of(sender, now, func() *attempts { return &attempts{slot: slotOf(now)} })
	if !ok {
		return false, false
	}
	a.slide(now)
	stopped = a.over()
	alarm = stopped && !a.told
	a.told = stopped
	return stopped, alarm
}

// note counts a recipient that a sender asked for, and whether nobody can be reached there.
func (w *watch) note(sender string, asked, missed int, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.senders.of(sender, now, func() *attempts { return &attempts{slot: slotOf(now)} })
	if !ok {
		return
	}
	a.slide(now)
	i := a.slot % missedSlots
	a.asked[i] += asked
	a.missed[i] += missed
}
