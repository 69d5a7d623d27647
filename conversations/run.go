package conversations

import (
	"context"
	"errors"
	"hash/fnv"
	"sync"

	"mesbridge/rules"
)

// maxConflicts is how often a command is decided again before its caller is told to come back: more
// means a patient on whom many processes work at once.
const maxConflicts = 5

// queue lets one process work on one command of a patient at a time, so that conflicts come only from
// other processes. 1 024 stripes make a chance meeting of two patients rare.
type queue [1024]sync.Mutex

func (q *queue) of(p PatientID) *sync.Mutex {
	h := fnv.New32a()
	_, _ = h.Write([]byte(p))
	return &q[h.Sum32()%uint32(len(q))]
}

// run loads, lets decide decide, and commits; it decides again when another process came first. It
// returns the answer of the first time when the operation was done already. A decision without a
// change is not committed.
func (s *Service) run(ctx context.Context, p PatientID, op string, q FactsQuery,
	decide func(*loaded) (*decision, error),
) (answer []byte, repeated bool, err error) {
	return s.runOn(ctx, p, op, q, s.load, decide)
}

// runOn is run with another way of loading.
func (s *Service) runOn(ctx context.Context, p PatientID, op string, q FactsQuery,
	load func(context.Context, PatientID, FactsQuery) (*loaded, error), decide func(*loaded) (*decision, error),
) (answer []byte, repeated bool, err error) {
	mu := s.queue.of(p)
	mu.Lock()
	defer mu.Unlock()
	q.Operation = op
	for range maxConflicts {
		l, err := load(ctx, p, q)
		if err != nil {
			return nil, false, err
		}
		if l.facts.Done {
			return s.again(ctx, p, l.facts.Answer)
		}
		d, err := decide(l)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if l.by.any() {
			if d.verdict.Refusal == (rules.Refusal{}) && d.verdict.Change.Kind != "" {
				d.verdict.Refusal = l.permits(d.verdict.Change.Kind)
			}
			if d.actor, err = l.actor(); err != nil {
				return nil, false, err
			}
		}
		if d.verdict.Refusal.Refused() {
			s.refusal(ctx, Event{
				Kind: TraceRefused, Code: string(d.verdict.Refusal.Code), Rule: d.verdict.Refusal.Rule, Actor: d.actor.Kind,
				Patient: p, Mailbox: d.mailbox,
			})
			return nil, false, refused(d.verdict.Refusal)
		}
		switch {
		case d.verdict.Notes.Has(rules.Repeated):
			return s.again(ctx, p, d.answer)
		case d.verdict.Change.Kind == "":
			return d.answer, false, nil
		}
		answer, repeated, err := s.commit(ctx, l, op, d)
		if !errors.Is(err, ErrConflict) {
			return answer, repeated, err
		}
	}
	return nil, false, &Error{Kind: KindStaleState, Rule: "D17"}
}

// again answers a command that was carried out before. Its commit may have been made a moment ago, by a
// script that was given up: the trace has to be durable before this answer too.
func (s *Service) again(ctx context.Context, p PatientID, answer []byte) ([]byte, bool, error) {
	s.trail.doubt(p.Shard())
	if _, err := s.trail.mark(ctx, p.Shard()); err != nil {
		return nil, false, unavailable("fill the journal", err)
	}
	return answer, true, nil
}
