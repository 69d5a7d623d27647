package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// load is what one repeat sends.
type load struct {
	address string
	tls     *tls.Config
	letters []*letter // one for each session
	perConn int
	warm    time.Duration
	window  time.Duration
	next    func(*letter) (accepted func()) // makes the next letter; the peer's 250 is told to accepted
	limit   int64                           // letters in all; 0: as many as the time allows
	begun   atomic.Int64                    // letters, when there is a limit
}

// result is what came of it.
type result struct {
	accepted int64           // answered 250, in the warm-up too
	replies  []time.Duration // of those answered after the warm-up: from the first octet of the content to the reply
	took     time.Duration   // from the end of the warm-up to the last answer
	opened   int             // connections
	resumed  int             // of these with a resumed TLS session
}

// errFailed is joined to what went wrong at a client: such a run counts for nothing.
var errFailed = errors.New("a client failed")

// run sends on all sessions until the window has passed, or the limit is reached. What is under way then
// is awaited, and counts as well as its time.
func (l *load) run(ctx context.Context) (result, error) {
	begin := time.Now().Add(l.warm)
	end := begin.Add(l.window)
	all := make([]result, len(l.letters))
	errs := make([]error, len(l.letters))
	var sessions sync.WaitGroup
	for i, one := range l.letters {
		sessions.Go(func() {
			s := session{load: l, letter: one, begin: begin, end: end}
			errs[i] = s.run(ctx)
			all[i] = s.result
		})
	}
	sessions.Wait()
	var sum result
	for _, r := range all {
		sum.accepted += r.accepted
		sum.took = max(sum.took, r.took)
		sum.replies = append(sum.replies, r.replies...)
		sum.opened += r.opened
		sum.resumed += r.resumed
	}
	if err := errors.Join(errs...); err != nil {
		return sum, fmt.Errorf("%w: %w", errFailed, err)
	}
	return sum, ctx.Err()
}

// more reports whether another letter is to be sent.
func (l *load) more(end time.Time) bool {
	if l.limit > 0 {
		return l.begun.Add(1) <= l.limit
	}
	return time.Now().Before(end)
}

// session is one client that sends one letter after the other.
type session struct {
	*load
	letter     *letter
	begin, end time.Time
	wire       *wire
	sent       int // on this connection
	result
}

func (s *session) run(ctx context.Context) error {
	for ctx.Err() == nil && s.more(s.end) {
		if err := s.one(); err != nil {
			return errors.Join(err, s.leave())
		}
	}
	return s.leave()
}

// one sends one letter, on a new connection when it is time for one.
func (s *session) one() error {
	if s.wire == nil {
		w, err := dial(s.address, s.tls)
		if err != nil {
			return err
		}
		s.wire, s.sent = w, 0
		s.opened++
		if w.resumed {
			s.resumed++
		}
	}
	accepted := s.next(s.letter)
	at, took, err := s.wire.send(s.letter)
	if err != nil {
		return err
	}
	accepted()
	s.accepted++
	if !at.Before(s.begin) {
		s.replies = append(s.replies, took)
		s.took = at.Sub(s.begin)
	}
	if s.sent++; s.sent == s.perConn {
		return s.leave()
	}
	return nil
}

// leave ends the connection, if there is one.
func (s *session) leave() error {
	if s.wire == nil {
		return nil
	}
	w := s.wire
	s.wire = nil
	return w.quit()
}
