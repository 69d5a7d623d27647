package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"mesbridge/conversations"
)

// errUnsubscribed means that the subscription ended by itself: the client was closed.
var errUnsubscribed = errors.New("subscription to announcements ended")

// Wake receives a value after effects that are due were committed here or, while Run runs, by another
// process. There is one channel for all callers, and one value wakes one of them.
func (s *Store) Wake() <-chan struct{} { return s.wake }

// signal wakes one worker; a worker that was woken already sees this work too.
func (s *Store) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run announces this process's due effects to the others and hears theirs, until ctx ends (nil) or
// the client is closed (an error). Without it, others wait for their sweep. Commits that come during
// one announcement share the next, so that they cost less the more there are.
func (s *Store) Run(ctx context.Context) error {
	subscription := s.client.Subscribe(ctx, effectsChannel, keysChannel, changesChannel)
	defer func() { _ = subscription.Close() }()
	messages := subscription.Channel()
	changes := time.NewTicker(changesPace)
	defer changes.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, ok := <-messages:
			if !ok {
				return fmt.Errorf("run store: %w", errUnsubscribed)
			}
			switch m.Channel {
			case keysChannel:
				s.hearErased(m.Payload)
			case changesChannel:
				s.hearChanged(m.Payload)
			default:
				s.hear(m.Payload)
			}
		case shard := <-s.announce:
			s.tell(ctx, shard)
		case <-changes.C:
			s.tellChanged(ctx)
		}
	}
}

// tell publishes a shard, with all others that wait: "<origin> <shard><shard>…".
func (s *Store) tell(ctx context.Context, shard int) {
	var named [shardCount]bool
	text := s.origin + " "
	for waiting := true; waiting; {
		if !named[shard] {
			named[shard] = true
			text += shardName(shard)
		}
		select {
		case shard = <-s.announce:
		default:
			waiting = false
		}
	}
	if err := s.client.Publish(ctx, effectsChannel, text).Err(); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "due effects not announced, other processes find them at their sweep", "error", err)
	}
}

// hear notes the shards that another process announced.
func (s *Store) hear(text string) {
	origin, shards, _ := strings.Cut(text, " ")
	if origin == s.origin {
		return
	}
	for ; len(shards) >= 2; shards = shards[2:] {
		s.agenda.expect(shardNumber(shards[:2]), 0)
	}
	s.signal()
}

// Forget asks the other processes to forget the data key of a patient: "<origin> <patient>". It tells those
// that listen now, and fails when the server does not answer.
func (s *Store) Forget(ctx context.Context, p conversations.PatientID) error {
	if err := s.client.Publish(ctx, keysChannel, s.origin+" "+string(p)).Err(); err != nil {
		return fmt.Errorf("announce erased key: %w", err)
	}
	return nil
}

// Forgotten gives the patients whose data key another process erased while Run runs. It may miss some.
func (s *Store) Forgotten() <-chan conversations.PatientID { return s.forgotten }

// hearErased passes on the patient that another process named. When nobody takes them, it is dropped.
func (s *Store) hearErased(text string) {
	origin, patient, _ := strings.Cut(text, " ")
	if origin == s.origin {
		return
	}
	select {
	case s.forgotten <- conversations.PatientID(patient):
	default:
		s.log.Warn("too many erased keys at once, some are forgotten by their age")
	}
}
