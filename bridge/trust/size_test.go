package trust_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"mesbridge/bridge/heaptest"
	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
)

// Bounds for a list of 20 000 entries (O13).
const (
	bigEntries = 20_000
	bigTime    = 2 * time.Second
	bigMemory  = 200 << 20 // octets
)

// bigList makes a list of the real one's proportions: many domains, few certificates (O32).
func bigList(t testing.TB, s space, n int) []byte {
	t.Helper()
	entries := s.entries(t)
	for i := range n - len(entries) {
		e := trusttest.Entry(t, fmt.Sprintf("service%d.ch-%d.aura.mssante.fr", i, i%977), s.operator, at)
		e.DN = fmt.Sprintf(`CN=smtp%d.exemple.fr,OU=1%09d,O="CENTRE  HOSPITALIER %d",ST=Puy-de-Dôme (63),C=FR`, i%391, i%319, i%391)
		entries = append(entries, e)
	}
	return trusttest.List(t, s.signer, at, entries...)
}

// TestVerify_20000Entries counts processor time, and the best of three, because the machine may be
// busy with other tests: the garbage that waits to be collected then is memory too.
func TestVerify_20000Entries(t *testing.T) { // not parallel: it measures processor and heap
	s := newSpace(t)
	data := bigList(t, s, bigEntries)
	if raceFactor > 1 { // the detector slows the collector down, and garbage waits longer than it does in use
		defer debug.SetGCPercent(debug.SetGCPercent(30))
	}
	const attempts = 3
	var used time.Duration
	var high uint64
	for range attempts {
		used, high = s.measure(t, data)
		if used <= raceFactor*bigTime && high <= bigMemory {
			return
		}
	}
	t.Errorf("took %v and %d octets, more than %v or %d", used, high, raceFactor*bigTime, bigMemory)
}

// measure verifies a list and returns what it took of processor time and memory.
func (s space) measure(t *testing.T, data []byte) (used time.Duration, high uint64) {
	t.Helper()
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	spent, started := processorTime(t), time.Now()
	stop := heaptest.Watch(10 * time.Millisecond)
	list, err := trust.Verify(data, s.options())
	high = stop() - before.HeapAlloc
	used = processorTime(t) - spent
	if err != nil || list.Entries() != bigEntries {
		t.Fatalf("%v", err)
	}
	t.Logf("%d entries, %.1f MB: %v of processor time, %v in all; %d MB of memory", list.Entries(), float64(len(data))/1e6,
		used, time.Since(started), high>>20)
	return used, high
}

// processorTime returns what this process used so far.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
