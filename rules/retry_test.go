package rules_test

import (
	"testing"
	"time"

	"mesbridge/rules"
)

// TestNextAttempt: O87, 5, 15, 30, 60 minutes, then hourly, until 48 hours.
func TestNextAttempt(t *testing.T) {
	t.Parallel()
	queued := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	for n, want := range map[int]time.Duration{
		0: 5 * time.Minute, 1: 5 * time.Minute, 2: 15 * time.Minute, 3: 30 * time.Minute, 4: time.Hour, 5: time.Hour, 40: time.Hour,
	} {
		if next, again := rules.NextAttempt(n, queued, queued, rules.GiveUpAfter); !again || next.Sub(queued) != want {
			t.Errorf("attempt %d: %v, %v, want %v", n, next.Sub(queued), again, want)
		}
	}
}

// TestNextAttempt_atGiveUp_isTooLate: the end of the 48 hours is the first instant without an attempt.
func TestNextAttempt_atGiveUp_isTooLate(t *testing.T) {
	t.Parallel()
	queued := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	last := queued.Add(rules.GiveUpAfter - time.Hour)
	if _, again := rules.NextAttempt(9, queued, last, rules.GiveUpAfter); again {
		t.Error("an attempt at the very end of the 48 hours")
	}
	if _, again := rules.NextAttempt(9, queued, last.Add(-1), rules.GiveUpAfter); !again {
		t.Error("no attempt just before the end of the 48 hours")
	}
}

// TestNextAttempt_wholeLife: how often one delivery is tried, and that it ends.
func TestNextAttempt_wholeLife(t *testing.T) {
	t.Parallel()
	queued := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	now, tries := queued, 1
	for {
		next, again := rules.NextAttempt(tries, queued, now, rules.GiveUpAfter)
		if !again {
			break
		}
		if !next.After(now) || tries > 100 {
			t.Fatalf("attempt %d at %v", tries+1, next)
		}
		now, tries = next, tries+1
	}
	// 0, 5, 20, 50 min, 1 h 50, then hourly while before 48 h: 2 h 50 … 47 h 50.
	if want := 4 + 47; tries != want || now != queued.Add(47*time.Hour+50*time.Minute) {
		t.Errorf("%d attempts, the last after %v", tries, now.Sub(queued))
	}
}

// TestNextAttempt_givesUpWhenTold: O87, the end can be set from one day to five.
func TestNextAttempt_givesUpWhenTold(t *testing.T) {
	t.Parallel()
	queued := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	for _, giveUp := range []time.Duration{rules.LeastGiveUpAfter, rules.MostGiveUpAfter} {
		if _, again := rules.NextAttempt(9, queued, queued.Add(giveUp-time.Hour-1), giveUp); !again {
			t.Errorf("%v: given up before", giveUp)
		}
		if _, again := rules.NextAttempt(9, queued, queued.Add(giveUp-time.Hour), giveUp); again {
			t.Errorf("%v: an attempt at the very end", giveUp)
		}
	}
}

// TestLate: O87, the sender is told from four hours on, that instant included.
func TestLate(t *testing.T) {
	t.Parallel()
	queued := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	if rules.Late(queued, queued.Add(4*time.Hour-1)) || !rules.Late(queued, queued.Add(4*time.Hour)) {
		t.Error("not at four hours")
	}
}

// TestTrustsNoMore: O85, the 24 hours of a certificate's renewal count from its first fault, not from the
// queueing of the message.
func TestTrustsNoMore(t *testing.T) {
	t.Parallel()
	seen := time.Date(2026, 5, 12, 9, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]bool{0: false, 24*time.Hour - 1: false, 24 * time.Hour: true} {
		if got := rules.TrustsNoMore(seen, seen.Add(after)); got != want {
			t.Errorf("after %v: %v", after, got)
		}
	}
	if rules.TrustsNoMore(time.Time{}, seen) {
		t.Error("a fault that is seen for the first time is final")
	}
}
