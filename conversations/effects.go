package conversations

import (
	"context"
	"fmt"
	"sync"
	"time"

	"mesbridge/rules"
)

// EffectHandler does one effect. It may be asked again for the same one, and must then do no harm. It
// returns when to try again, the zero time when the effect is done; an error means that it could not
// tell, and the effect comes back when its lease ends.
type EffectHandler func(ctx context.Context, e Effect) (again time.Time, err error)

// Times of the worker.
const (
	effectLease = 30 * time.Second // what a dead process held comes back so late, to any other; a running handler extends it
	effectRenew = effectLease / 3  // two extensions may fail before the lease is lost
	effectSweep = time.Second      // finds what a lost wake-up missed
	effectBatch = 64               // claims taken at once, at most
)

// Run does effects until ctx ends, workers of them at a time, and then waits for those that it began.
// Handlers of what stays inside the store are the service's own; the caller gives the others. An effect without a
// handler stays where it is.
func (s *Service) Run(ctx context.Context, workers int, handlers map[EffectKind]EffectHandler) {
	all := map[EffectKind]EffectHandler{
		EffectProject: s.project, EffectStand: s.stand, EffectListing: s.list, EffectRetire: s.retire, EffectExpunge: s.expunge, EffectShred: s.shred,
		EffectClose: s.closeDue, EffectWindow: s.expireWindow, EffectEnd: s.endPlanned, EffectVisit: s.projectVisit, EffectForget: s.forget,
		EffectProfile: s.profileChanged, EffectResign: s.resign, EffectLogin: s.loginChanged,
		EffectJoin: s.finishJoin, EffectMajority: s.comeOfAge, EffectSessions: s.endSessions, EffectForgetEvents: s.forgetEvents,
	}
	for _, k := range rules.EventKinds() {
		all[tellKind(k)] = s.tell(k)
	}
	for k, h := range handlers {
		if k == EffectNotify {
			h = s.onlyNotifiable(h)
		}
		all[k] = h
	}
	slots := make(chan struct{}, workers)
	var running sync.WaitGroup
	defer running.Wait()
	sweep := time.NewTicker(effectSweep)
	defer sweep.Stop()
	for {
		s.copyHooked(ctx)
		for s.claimed(ctx, all, slots, &running) {
		}
		select {
		case <-ctx.Done():
			return
		case <-s.Store.Wake():
		case <-sweep.C:
		}
	}
}

// claimed starts what is due now, and reports whether there may be more. It claims no more than can
// begin at once: a claim that waited for a slow peer would lose its lease before it began.
func (s *Service) claimed(ctx context.Context, handlers map[EffectKind]EffectHandler, slots chan struct{}, running *sync.WaitGroup) bool {
	select {
	case <-ctx.Done():
		return false
	case slots <- struct{}{}: // nobody else takes slots, so that those free now stay free
		<-slots
	}
	if ctx.Err() != nil {
		return false
	}
	limit := min(effectBatch, cap(slots)-len(slots))
	claims, err := s.Store.Claim(ctx, s.Now(), effectLease, limit)
	if err != nil {
		s.Log.WarnContext(ctx, "effects not claimed", "error", err)
		return false
	}
	for _, c := range claims {
		h, ok := handlers[c.Effect.Kind]
		if !ok {
			s.Log.ErrorContext(ctx, "effect without a handler", "kind", c.Effect.Kind, "effect", c.Effect.ID)
			continue
		}
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			s.do(context.WithoutCancel(ctx), c, h)
		})
	}
	return len(claims) == limit
}

// do runs one effect and finishes its claim. A panic of a handler is an error of that effect alone.
func (s *Service) do(ctx context.Context, c Claim, h EffectHandler) {
	held, release := context.WithCancel(ctx)
	var renewing sync.WaitGroup
	renewing.Go(func() { s.hold(held, c) })
	again, err := guarded(ctx, c.Effect, h)
	release()
	renewing.Wait()
	if err != nil {
		s.Log.WarnContext(ctx, "effect not done, comes back after its lease", "effect", c.Effect.ID, "kind", c.Effect.Kind, "error", err)
		return
	}
	if err := s.finish(ctx, c, again); err != nil {
		s.Log.WarnContext(ctx, "effect not finished, comes back after its lease", "effect", c.Effect.ID, "error", err)
	}
}

// hold extends a claim until ctx ends, so that no other process begins what a slow peer holds up here.
func (s *Service) hold(ctx context.Context, c Claim) {
	tick := time.NewTicker(effectRenew)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.Store.Extend(ctx, c, s.Now().Add(effectLease)); err != nil {
				s.Log.WarnContext(ctx, "claim not extended", "effect", c.Effect.ID, "error", err)
			}
		}
	}
}

func guarded(ctx context.Context, e Effect, h EffectHandler) (again time.Time, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("handler panicked: %T", r) // the value may quote content
		}
	}()
	return h(ctx, e)
}
