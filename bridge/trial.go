package bridge

import (
	"sync"
	"time"

	"mesbridge/bridge/mail"
	"mesbridge/conversations"
)

// LocalTrial is the local part of the mailbox that answers whatever comes, by which operators try out the
// way there and back (O27, R11, O118).
const LocalTrial = "reponse.automatique-test"

// trialPause is how often one sender is answered (O118).
const trialPause = time.Hour

// trials remembers whom the mailbox answered. It is safe for concurrent use.
type trials struct {
	mu   sync.Mutex
	last keyed[*answered]
}

// answered is when a sender was answered last; after the pause it is as good as never.
type answered struct{ at time.Time }

func (a *answered) idle(now time.Time) bool { return !now.Before(a.at.Add(trialPause)) }

// due reports whether a sender is to be answered now, and remembers it.
func (t *trials) due(sender conversations.Address, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, ok := t.last.of(sender.Canonical(), now, func() *answered { return &answered{} })
	if !ok || !a.idle(now) {
		return false
	}
	a.at = now
	return true
}

// tryOut answers a message to the trial mailbox, of which nothing is kept: not the null sender, not a
// program (RFC 3834 section 2), and each sender at most once in an hour.
func (s *session) tryOut(tx *transaction, facts mail.Facts) {
	if !tx.trial || tx.sender.IsZero() || facts.AutoSubmitted || facts.IsReport {
		return
	}
	if s.server.trials.due(tx.sender, s.server.Now()) {
		s.server.Answer(tx.sender, facts.MessageID, facts.Subject)
	}
}
