package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// part is something that was started and has to be stopped.
type part struct {
	name  string
	limit time.Duration
	stop  func(context.Context) error
}

// parts are stopped in the reverse order of their start.
type parts struct {
	running []part

	background sync.WaitGroup
	failed     chan error
}

func newParts() *parts { return &parts{failed: make(chan error, 1)} }

// onStop notes how to stop what was just started, and how long that may take.
func (p *parts) onStop(name string, limit time.Duration, stop func(context.Context) error) {
	p.running = append(p.running, part{name, limit, stop})
}

// onDrain is onStop for a part that others keep busy. What they did not end within the limit is cut, which
// is no failure: nothing of it was acknowledged, and they come again.
func (a *App) onDrain(name string, limit time.Duration, stop func(context.Context) error) {
	a.onStop(name, limit, func(ctx context.Context) error {
		err := stop(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			a.Log.WarnContext(ctx, "cut what did not end in time", "part", name, "limit", limit)
			return nil
		}
		return err
	})
}

// stop stops everything that was started, each part within its limit, and returns what went wrong. A
// part that fails does not keep the others from being stopped.
func (p *parts) stop() error {
	var errs []error
	for len(p.running) > 0 {
		last := p.running[len(p.running)-1]
		p.running = p.running[:len(p.running)-1]
		ctx, cancel := context.WithTimeout(context.Background(), last.limit)
		if err := last.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", last.name, err))
		}
		cancel()
	}
	return errors.Join(errs...)
}

// leaveAfter is how long what runs in the background is waited for once every part was stopped within its limit, or cut.
const leaveAfter = time.Second

// leave waits for what runs in the background, but not for ever: one handler that hangs must not keep the program.
func (p *parts) leave() {
	ended := make(chan struct{})
	go func() {
		p.background.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(leaveAfter):
	}
}

// serve runs a part of its own in the background until it is stopped. One that ends with an error, or
// panics, is a failure of the whole.
func (p *parts) serve(name string, run func() error) {
	p.background.Go(func() {
		if err := guarded(run); err != nil {
			p.fail(fmt.Errorf("%s: %w", name, err))
		}
	})
}

// guarded runs a function and turns a panic into an error. The value is not told, for it may quote
// content.
func guarded(run func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic of type %T", r)
		}
	}()
	return run()
}

// fail tells the first failure; later ones follow from it.
func (p *parts) fail(err error) {
	select {
	case p.failed <- err:
	default:
	}
}

// loop runs a background task until it is stopped, and waits for it then.
func (p *parts) loop(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	p.serve(name, func() error {
		defer close(done)
		err := run(ctx)
		if ctx.Err() != nil {
			return nil // it was told to end
		}
		return err
	})
	p.onStop(name, loopLimit, func(stopping context.Context) error {
		cancel()
		select {
		case <-done:
			return nil
		case <-stopping.Done():
			return stopping.Err()
		}
	})
}

// loopLimit is how long a background task may take to end.
const loopLimit = 10 * time.Second
