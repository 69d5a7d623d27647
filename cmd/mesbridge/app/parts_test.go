package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

var errBroken = errors.New("broken")

func TestParts_stop_isInReverseOrder(t *testing.T) {
	t.Parallel()
	p := newParts()
	var order []string
	for _, name := range []string{"first", "second", "third"} {
		p.onStop(name, time.Second, func(context.Context) error {
			order = append(order, name)
			if name == "second" {
				return errBroken
			}
			return nil
		})
	}
	err := p.stop()
	if want := []string{"third", "second", "first"}; !slices.Equal(order, want) {
		t.Errorf("stopped %q, want %q: a failure must not keep the others running", order, want)
	}
	if !errors.Is(err, errBroken) || !strings.Contains(err.Error(), "stop second") {
		t.Errorf("error %v", err)
	}
	if err = p.stop(); err != nil || len(order) != 3 {
		t.Errorf("stopping again: %v, %q", err, order)
	}
}

func TestParts_stop_boundsEachPart(t *testing.T) {
	t.Parallel()
	p := newParts()
	p.onStop("slow", time.Millisecond, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if err := p.stop(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the end of its time", err)
	}
}

// A peer that does not end in time is no failure of a stop: the program ends with 0.
func TestApp_onDrain_lateIsNoFailure(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]error{"late": nil, "broken": errBroken} {
		a := &App{Options: Options{Log: slog.New(slog.DiscardHandler)}, parts: newParts()}
		a.onDrain(name, time.Millisecond, func(ctx context.Context) error {
			<-ctx.Done()
			if want != nil {
				return want
			}
			return fmt.Errorf("stop: %w", ctx.Err())
		})
		if err := a.stop(); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What hangs although it was cut keeps nobody: a stop that never ends is a service that cannot be started again.
func TestParts_leave_waitsForWhatEnds_notForWhatHangs(t *testing.T) {
	t.Parallel()
	p, hang, ended := newParts(), make(chan struct{}), false
	defer close(hang)
	p.serve("short", func() error { ended = true; return nil })
	p.leave()
	if !ended {
		t.Error("left before what ends had ended")
	}
	p.serve("hanging", func() error { <-hang; return nil })
	p.leave() // returns, or the test ends by its limit
}

func TestParts_serve_failureAndPanicAreTold(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func() error{
		"error": func() error { return errBroken },
		"panic": func() error { panic("an INS") },
	} {
		p := newParts()
		p.serve("listener", run)
		err := <-p.failed
		if !strings.HasPrefix(err.Error(), "listener: ") {
			t.Errorf("%s: error %v does not name the part", name, err)
		}
		if strings.Contains(err.Error(), "INS") {
			t.Errorf("%s: the value of a panic is told", name)
		}
	}
}

func TestParts_loop_endsWhenStopped(t *testing.T) {
	t.Parallel()
	p := newParts()
	ended := false
	p.loop("task", func(ctx context.Context) error {
		<-ctx.Done()
		ended = true
		return ctx.Err()
	})
	if err := p.stop(); err != nil || !ended {
		t.Errorf("stop: %v, ended %t", err, ended)
	}
	select {
	case err := <-p.failed:
		t.Errorf("the end of a task that was stopped is a failure: %v", err)
	default:
	}
}
