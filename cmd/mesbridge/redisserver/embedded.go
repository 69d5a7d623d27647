package redisserver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// StartEmbedded runs the in-process stand-in. Nothing that it holds survives the process; it is for the
// demonstration on a machine without redis-server.
func StartEmbedded() (*Server, error) {
	m := miniredis.NewMiniRedis()
	if err := m.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("start embedded redis: %w", err)
	}
	quit := make(chan struct{})
	var clock sync.WaitGroup
	clock.Go(func() { passTime(m, quit) })
	var once sync.Once
	return &Server{Network: "tcp", Addr: m.Addr(), stop: func(context.Context) error {
		once.Do(func() {
			close(quit)
			clock.Wait()
			m.Close()
		})
		return nil
	}}, nil
}

// passTime lets expiries run: in miniredis time stands still unless it is told.
func passTime(m *miniredis.Miniredis, quit <-chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-quit:
			return
		case now := <-tick.C:
			m.FastForward(now.Sub(last))
			last = now
		}
	}
}
