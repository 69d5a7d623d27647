package bridge

import (
	"hash/maphash"
	"maps"
	"sync"
	"time"

	"mesbridge/rules"
)

// Bounds of D18: a sender who passes both within an hour tries addresses out.
const (
	maxMissed        = 50 // recipients that are unknown or unreachable
	maxMissedPercent = 30 // of his recipients
	missedWindow     = time.Hour
	missedSlots      = 12 // in which the hour slides
	// maxRemembered is how many missed recipients of one sender are told apart; beyond, each try counts.
	maxRemembered = 200
)

// watch notices senders who try out which patients have a mailbox (D18). A recipient who is missed again
// and again counts once: an operator's retries try nothing out. It is safe for concurrent use.
type watch struct {
	seed maphash.Seed

	mu      sync.Mutex
	senders keyed[*attempts]
}

func newWatch() *watch { return &watch{seed: maphash.MakeSeed()} }

// attempts are what a sender asked for in the last hour, by slots of five minutes.
type attempts struct {
	slot          int64 // the newest
	asked, missed [missedSlots]int
	known         map[uint64]int64 // slot of each missed recipient, by his hash
	told          bool             // the alarm was given
}

// slotOf numbers the slots of time.
func slotOf(now time.Time) int64 { return now.UnixNano() / int64(missedWindow/missedSlots) }

// slide forgets what is older than the hour.
func (a *attempts) slide(now time.Time) {
	slot := slotOf(now)
	for n := max(a.slot+1, slot-missedSlots+1); n <= slot; n++ {
		a.asked[n%missedSlots], a.missed[n%missedSlots] = 0, 0
	}
	if slot > a.slot {
		a.slot = slot
		maps.DeleteFunc(a.known, func(_ uint64, at int64) bool { return at <= slot-missedSlots })
	}
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

// again reports whether a recipient was missed within the hour already, and remembers him.
func (a *attempts) again(recipient uint64) bool {
	if _, known := a.known[recipient]; known {
		return true
	}
	if len(a.known) < maxRemembered {
		a.known[recipient] = a.slot
	}
	return false
}

// of returns the attempts of a sender, nil when too many senders are watched.
func (w *watch) of(sender string, now time.Time) *attempts {
	a, ok := w.senders.of(sender, now, func() *attempts {
		return &attempts{slot: slotOf(now), known: map[uint64]int64{}}
	})
	if !ok {
		return nil
	}
	a.slide(now)
	return a
}

// stopped reports whether a sender is to be told nothing more for the time being, and whether that is new.
func (w *watch) stopped(sender string, now time.Time) (stopped, alarm bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.of(sender, now)
	if a == nil {
		return false, false
	}
	stopped = a.over()
	alarm = stopped && !a.told
	a.told = stopped
	return stopped, alarm
}

// asked counts a recipient that a sender asked for, and whether nobody can be reached there.
func (w *watch) asked(sender string, recipient rules.INS, missed bool, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.of(sender, now)
	if a == nil || missed && a.again(maphash.String(w.seed, string(recipient))) {
		return
	}
	a.asked[a.slot%missedSlots]++
	if missed {
		a.missed[a.slot%missedSlots]++
	}
}
