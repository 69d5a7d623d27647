package fetch

import (
	"context"
	"crypto/rand"
	"math/big"
	"time"
)

// Pace says when to try again.
type Pace struct {
	Every time.Duration // after a success, give or take a tenth (O14)
	Retry time.Duration // after a failure; doubled with each further one, up to Every
}

// Pause returns how long to wait after so many failures in a row.
func (p Pace) Pause(failures int) time.Duration {
	pause := p.Every
	if failures > 0 {
		pause = p.Retry
		for range failures - 1 {
			if pause *= 2; pause >= p.Every {
				break
			}
		}
		pause = min(pause, p.Every)
	}
	return spread(pause)
}

// spread moves a pause by up to a tenth, so that many bridges do not ask at the same instant.
func spread(d time.Duration) time.Duration {
	width := int64(d / 5)
	if width <= 0 {
		return d
	}
	n, err := rand.Int(rand.Reader, big.NewInt(width))
	if err != nil {
		return d
	}
	return d - d/10 + time.Duration(n.Int64())
}

// Repeat does a task until ctx ends. A value on wake means now.
func Repeat(ctx context.Context, p Pace, wake <-chan struct{}, task func(context.Context) error) {
	failures := 0
	for {
		pause := time.NewTimer(p.Pause(failures))
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		case <-wake:
			pause.Stop()
		}
		if err := task(ctx); err != nil {
			failures++
		} else {
			failures = 0
		}
	}
}

// Wake makes the Repeat that reads from wake do its task soon. wake has room for one value.
func Wake(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default: // it is awake already
	}
}
