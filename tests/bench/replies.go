package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// courier submits letters at one peer, and knows where they arrive.
type courier struct {
	peer    *peer
	arrived *arrivals
	open    func(session, of int) submitter
}

// submitter is one session that hands in letters. Submit returns when the peer has taken one over.
type submitter interface {
	submit(ctx context.Context, number uint64) error
	close() error
}

// way is how letters are submitted.
type way struct {
	row      string
	sessions int
	patient  bool // the next letter is begun when the last one has arrived, not when it was taken
}

// Rows of the table of replies: one letter at a time tells how long one takes, many sessions that do not
// wait how many get through.
const (
	rowOneByOne  = "one at a time"
	rowAllAtOnce = "as fast as 10 sessions are answered"
)

// deliverReplies measures how fast replies reach the operator, and Postfix's relaying beside it.
func (l *lab) deliverReplies(ctx context.Context, r *report) error {
	ours, err := l.ownCourier(ctx)
	if err != nil {
		return err
	}
	couriers := []courier{ours}
	for _, p := range l.peers {
		if p.name == namePostfix || p.name == namePolicy {
			c, err := l.postfixCourier(p)
			if err != nil {
				return err
			}
			couriers = append(couriers, c)
		}
	}
	for _, w := range []way{{rowOneByOne, 1, true}, {rowAllAtOnce, 10, false}} {
		for range l.repeats {
			for _, c := range couriers {
				if err := l.deliverOnce(ctx, c, w, r.replies.at(w.row, c.peer.name)); err != nil {
					return fmt.Errorf("%s: %s: %w", w.row, c.peer.name, err)
				}
			}
		}
		l.note("%s: %s", w.row, r.replies.summary(w.row, l.peers))
	}
	var errs []error
	for _, c := range couriers {
		errs = append(errs, c.arrived.close())
	}
	return errors.Join(errs...)
}

// deliverOnce submits for the length of a window and waits until all has arrived.
func (l *lab) deliverOnce(ctx context.Context, c courier, w way, f *figures) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var all []submitter
	for i := range w.sessions {
		all = append(all, c.open(i, w.sessions))
	}
	if _, _, err := l.round(ctx, c.arrived, all, w, l.warm); err != nil {
		return err
	}
	begun := time.Now()
	took, last, err := l.round(ctx, c.arrived, all, w, l.window)
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := s.close(); err != nil {
			return err
		}
	}
	f.rate = append(f.rate, float64(len(took))/last.Sub(begun).Seconds())
	f.p50 = append(f.p50, milliseconds(quantile(took, .5)))
	f.p99 = append(f.p99, milliseconds(quantile(took, .99)))
	return c.peer.settled(ctx, l.settle)
}

// trip is one letter on its way.
type trip struct {
	begun   time.Time
	arrival <-chan time.Time
}

// round has each session hand in one letter after the other for a while, and waits for all of them. It
// returns how long each took, and when the last arrived.
func (l *lab) round(ctx context.Context, a *arrivals, sessions []submitter, w way, window time.Duration) (took []time.Duration, last time.Time, err error) {
	end := time.Now().Add(window)
	trips := make([][]trip, len(sessions))
	errs := make([]error, len(sessions))
	var running sync.WaitGroup
	for i, s := range sessions {
		running.Go(func() {
			for errs[i] == nil && time.Now().Before(end) {
				n := l.bridge.number.Add(1)
				t := trip{time.Now(), a.expect(n)}
				errs[i] = s.submit(ctx, n)
				if w.patient && errs[i] == nil {
					var at time.Time
					at, errs[i] = a.await(ctx, t.arrival)
					took, last = append(took, at.Sub(t.begun)), at // one session alone
					continue
				}
				trips[i] = append(trips[i], t)
			}
		})
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, last, fmt.Errorf("%w: %w", errFailed, err)
	}
	for _, session := range trips {
		for _, t := range session {
			at, err := a.await(ctx, t.arrival)
			if err != nil {
				return nil, last, err
			}
			took = append(took, at.Sub(t.begun))
			if at.After(last) {
				last = at
			}
		}
	}
	return took, last, nil
}
