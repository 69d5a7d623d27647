package bodies

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mesbridge/conversations"
	"mesbridge/conversations/objects/objectstest"
)

// BenchmarkCommit writes bodies of the sizes of docs/performance.md from 1, 10 and 50 sessions at once, in
// MESBRIDGE_BENCH_DIR when that is set. Beside it, probe is what one write and sync of the disk costs
// on its own.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{4 << 10, 100 << 10, 5 << 20} {
		for _, writers := range []int{1, 10, 50} {
			b.Run(fmt.Sprintf("%dkB/%dwriters", size>>10, writers), func(b *testing.B) {
				dir := benchDir(b)
				s := open(b, nil, dir)
				content := text(size)
				var next atomic.Int64
				b.SetBytes(int64(size))
				b.ReportAllocs()
				b.ResetTimer()
				var all sync.WaitGroup
				for range writers {
					all.Go(func() {
						for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
							keep(b, s.Store, conversations.ID(fmt.Sprintf("a1bench%d", n)), content)
						}
					})
				}
				all.Wait()
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "bodies/s")
				b.ReportMetric(float64(probe(b, dir).Microseconds()), "probe-µs")
			})
		}
	}
}

// BenchmarkOpen reads one body to its end.
func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{4 << 10, 5 << 20} {
		b.Run(fmt.Sprintf("%dkB", size>>10), func(b *testing.B) {
			s := open(b, nil, benchDir(b))
			keep(b, s.Store, "a1bench", text(size))
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				r, err := s.Open(b.Context(), patient, "a1bench", key)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					b.Fatal(err)
				}
				_ = r.Close()
			}
		})
	}
}

func benchDir(b *testing.B) string {
	if disk := os.Getenv("MESBRIDGE_BENCH_DIR"); disk != "" {
		dir, err := os.MkdirTemp(disk, "bodies") //nolint:usetesting // the disk to measure is not the one of the tests
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = os.RemoveAll(dir) })
		return dir
	}
	return b.TempDir()
}

// probe returns how long one write of 4 kB with its sync takes, the best of ten.
func probe(b *testing.B, dir string) time.Duration {
	f, err := os.CreateTemp(dir, "probe")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	best := time.Hour
	for range 10 {
		start := time.Now()
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		best = min(best, time.Since(start))
	}
	return best
}

// BenchmarkObjects puts and reads one body after the other on a real S3 server of this machine (versitygw).
func BenchmarkObjects(b *testing.B) {
	s := openObjects(b, objectstest.Start(b).Open(b), benchDir(b))
	made := 0
	fresh := func() conversations.ID { made++; return conversations.ID(fmt.Sprintf("a1bench%d", made)) }
	for _, size := range []int{10 << 10, 26_214_400} {
		content := text(size)
		b.Run(fmt.Sprintf("put/%dkB", size>>10), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				keep(b, s, fresh(), content)
			}
		})
		b.Run(fmt.Sprintf("get/%dkB", size>>10), func(b *testing.B) {
			id := fresh()
			keep(b, s, id, content)
			b.SetBytes(int64(size))
			for b.Loop() {
				if err := readAll(s, id, key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
