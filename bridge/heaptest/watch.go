package heaptest

import (
	"runtime"
	"time"
)

// Watch samples the heap of the process until it is stopped, and then gives the highest value in octets. Each sample
// halts the program for a moment.
func Watch(every time.Duration) (stop func() uint64) {
	done, highest := make(chan struct{}), make(chan uint64)
	go func() {
		var high uint64
		var m runtime.MemStats
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			runtime.ReadMemStats(&m)
			high = max(high, m.HeapAlloc)
			select {
			case <-done:
				highest <- high
				return
			case <-tick.C:
			}
		}
	}()
	return func() uint64 { close(done); return <-highest }
}
