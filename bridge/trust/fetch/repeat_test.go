package fetch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mesbridge/bridge/trust/fetch"
)

// TestPause covers O14: an hour give or take a tenth; after failures a minute, doubled, at most an hour.
func TestPause(t *testing.T) {
	t.Parallel()
	p := fetch.Pace{Every: time.Hour, Retry: time.Minute}
	for failures, want := range map[int]time.Duration{
		0: time.Hour, 1: time.Minute, 2: 2 * time.Minute, 3: 4 * time.Minute, 6: 32 * time.Minute, 7: time.Hour, 1000: time.Hour,
	} {
		seen := map[time.Duration]bool{}
		for range 50 {
			got := p.Pause(failures)
			if got < want*9/10 || got > want*11/10 {
				t.Errorf("after %d failures: %v, want %v give or take a tenth", failures, got, want)
			}
			seen[got] = true
		}
		if len(seen) < 2 {
			t.Errorf("after %d failures: always the same pause", failures)
		}
	}
}

func TestRepeat_failuresWakeAndEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		wake, ended := make(chan struct{}, 1), make(chan struct{})
		var calls atomic.Int64
		var working atomic.Bool
		go func() {
			defer close(ended)
			fetch.Repeat(ctx, fetch.Pace{Every: time.Hour, Retry: time.Minute}, wake, func(context.Context) error {
				calls.Add(1)
				if working.Load() {
					return nil
				}
				return errors.New("down")
			})
		}()
		after := func(d time.Duration, want int64) {
			t.Helper()
			<-time.After(d)
			synctest.Wait()
			if got := calls.Load(); got != want {
				t.Errorf("%d calls, want %d", got, want)
			}
		}
		after(30*time.Minute, 0)
		fetch.Wake(wake)
		after(time.Second, 1)
		after(67*time.Second, 2)  // a failure: again in a minute
		after(134*time.Second, 3) // and in two
		working.Store(true)
		after(5*time.Minute, 4)
		after(30*time.Minute, 4)
		cancel()
		<-ended
	})
}

func TestKeep_replacesWholeFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	for _, text := range []string{"a long text", "short"} {
		if err := fetch.Keep(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != text {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := fetch.Keep(filepath.Join(dir, "none", "a"), nil); err == nil {
		t.Error("a file in a directory that is not there was kept")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%d files, %v", len(left), err)
	}
}
