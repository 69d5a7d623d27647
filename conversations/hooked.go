package conversations

import (
	"context"
	"encoding/hex"
	"sync"
	"time"

	"mesbridge/rules"
)

// hooked remembers which mailboxes have receivers, so that a commit for one without costs nothing. It is a copy of an
// index in the store that [Service.Run] takes again and again. A copy that is too old to be believed counts as one
// that names every mailbox: an effect too many finds no receiver, an effect too few would lose an event.
type hooked struct {
	mu       sync.Mutex
	accounts map[PatientID]bool
	at       time.Time // when the copy was begun
}

// Times of the copy. A receiver is told what happens from settles after its registration on, whichever process
// commits it.
const (
	hookedEvery = time.Second
	hookedOld   = 10 * time.Second
)

// WebhookDelay is how long after its registration a receiver is told everything by all processes.
const WebhookDelay = hookedOld

// hookedID names the index of the mailboxes that have receivers.
func (s *Service) hookedID() rules.MailboxID {
	return rules.MailboxID(hex.EncodeToString(s.name("webhooks", "all")[:16]))
}

// listens reports whether a mailbox may have receivers.
func (s *Service) listens(m rules.MailboxID) bool {
	if !s.TellWebhooks {
		return false
	}
	now := s.Now()
	s.hooked.mu.Lock()
	defer s.hooked.mu.Unlock()
	if now.Sub(s.hooked.at) >= hookedOld {
		return true
	}
	return len(s.hooked.accounts) > 0 && s.hooked.accounts[s.hooksID(m)]
}

// heard notes a mailbox that has a receiver from now on.
func (s *Service) heard(m rules.MailboxID) {
	s.hooked.mu.Lock()
	defer s.hooked.mu.Unlock()
	if s.hooked.accounts == nil {
		s.hooked.accounts = map[PatientID]bool{}
	}
	s.hooked.accounts[s.hooksID(m)] = true
}

// copyHooked takes the copy again when it is older than [hookedEvery]. What heard noted meanwhile stays: a mailbox
// never leaves the index.
func (s *Service) copyHooked(ctx context.Context) {
	now := s.Now()
	s.hooked.mu.Lock()
	due := s.TellWebhooks && now.Sub(s.hooked.at) >= hookedEvery
	s.hooked.mu.Unlock()
	if !due {
		return
	}
	found, err := s.listHooked(ctx)
	if err != nil {
		s.Log.WarnContext(ctx, "mailboxes with webhooks not listed; each is taken for one until they are", "error", err)
		return
	}
	s.hooked.mu.Lock()
	defer s.hooked.mu.Unlock()
	for p := range s.hooked.accounts {
		found[p] = true
	}
	s.hooked.accounts, s.hooked.at = found, now
}

// listHooked reads the whole index.
func (s *Service) listHooked(ctx context.Context) (map[PatientID]bool, error) {
	found := map[PatientID]bool{}
	for from := (LedgerEntry{}); ; {
		entries, err := s.Store.Ledger(ctx, s.hookedID(), LedgerQuery{Pairs: true, After: from, Limit: MaxPage})
		if err != nil {
			return nil, unavailable("list the mailboxes with webhooks", err)
		}
		for _, e := range entries {
			found[e.Patient], from = true, e
		}
		if len(entries) < MaxPage {
			return found, nil
		}
	}
}
