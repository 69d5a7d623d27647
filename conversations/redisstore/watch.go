package redisstore

import (
	"context"
	"strings"
	"sync"
	"time"

	"mesbridge/conversations"
)

// changesPace is how often a process tells the others whose records it wrote. People wait no longer for it than that,
// and the busiest process publishes no more often.
const changesPace = 250 * time.Millisecond

// maxChanged is how many patients wait to be told of. More are dropped: a list is read again at the next chance.
const maxChanged = 4096

// watchers are the watches of this process, and the patients of whom the others are to hear. The zero value is ready.
type watchers struct {
	mu      sync.Mutex
	of      map[conversations.PatientID]map[chan struct{}]struct{}
	changed map[conversations.PatientID]struct{}
}

// Watch watches the records of a patient: at once those that this process writes, and while Run runs those of the others.
func (s *Store) Watch(p conversations.PatientID) conversations.Watching {
	w, c := &s.watchers, make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of == nil {
		w.of = map[conversations.PatientID]map[chan struct{}]struct{}{}
	}
	if w.of[p] == nil {
		w.of[p] = map[chan struct{}]struct{}{}
	}
	w.of[p][c] = struct{}{}
	return conversations.Watching{Changes: c, Stop: func() { w.stop(p, c) }}
}

func (w *watchers) stop(p conversations.PatientID, c chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.of[p], c)
	if len(w.of[p]) == 0 {
		delete(w.of, p)
	}
}

// wake tells the watches of a patient, and notes that the other processes are to hear when tell is set.
func (w *watchers) wake(p conversations.PatientID, tell bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.of[p] {
		select {
		case c <- struct{}{}:
		default: // it has not read the last one yet
		}
	}
	if !tell || len(w.changed) >= maxChanged {
		return
	}
	if w.changed == nil {
		w.changed = map[conversations.PatientID]struct{}{}
	}
	w.changed[p] = struct{}{}
}

// take returns the patients of whom nobody was told yet.
func (w *watchers) take() map[conversations.PatientID]struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.changed
	w.changed = nil
	return taken
}

// tellChanged publishes the patients whose records this process wrote: "<origin> <patient> <patient>…".
func (s *Store) tellChanged(ctx context.Context) {
	changed := s.watchers.take()
	if len(changed) == 0 {
		return
	}
	var text strings.Builder
	text.WriteString(s.origin)
	for p := range changed {
		text.WriteString(" " + string(p))
	}
	if err := s.client.Publish(ctx, changesChannel, text.String()).Err(); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "changes not announced, lists shown by other processes are read again later", "error", err)
	}
}

// hearChanged wakes the watches of the patients whom another process named.
func (s *Store) hearChanged(text string) {
	origin, patients, _ := strings.Cut(text, " ")
	if origin == s.origin {
		return
	}
	for p := range strings.FieldsSeq(patients) {
		s.watchers.wake(conversations.PatientID(p), false)
	}
}
