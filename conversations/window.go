package conversations

import (
	"context"
	"time"

	"mesbridge/rules"
)

// windowsOf returns the reply windows of the author of a message and of the mailboxes that an answer to it
// would go to (D8).
func (s *Service) windowsOf(in Incoming) map[rules.MailboxID]rules.Window {
	if len(s.Windows) == 0 {
		return nil
	}
	windows := map[rules.MailboxID]rules.Window{}
	for _, a := range append([]Address{in.From.Address}, in.ReplyTo...) {
		if w, ok := s.Windows[a.Canonical()]; ok {
			windows[s.MailboxID(a)] = w
		}
	}
	return windows
}

// later returns an instant that is still to come, the zero time otherwise.
func later(at, now time.Time) time.Time {
	if at.After(now) {
		return at
	}
	return time.Time{}
}

// expireWindow ends an exchange whose reply window ran out (D8). An instant that moved is waited for; an
// exchange that waits for an answer gets a new effect with it.
func (s *Service) expireWindow(ctx context.Context, e Effect) (again time.Time, err error) {
	_, _, err = s.run(ctx, e.Patient, "", FactsQuery{Exchanges: []rules.MailboxID{e.Mailbox}}, func(l *loaded) (*decision, error) {
		again = later(l.exchange[e.Mailbox].Until.time(), s.Now())
		return l.carryOut(e.Mailbox)
	})
	if err != nil && !KindOf(err).Temporary() { // the patient is gone
		return time.Time{}, nil
	}
	return again, err
}
