package mail

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"testing"
)

// benchmarkSizes are documents that make messages of about 4 kB, 100 kB and 5 MB.
func benchmarkSizes() []int { return []int{2_100, 73_000, 3_700_000} }

// BenchmarkIntake measures the hot path of SMTP DATA, in chunks as go-smtp hands them on.
func BenchmarkIntake(b *testing.B) {
	for _, size := range benchmarkSizes() {
		raw := clinicalMessage(pseudoRandom(size))
		b.Run(fmt.Sprintf("%dB", len(raw)), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := intake(raw, 32<<10); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkIntakeWithoutHash measures the same without SHA-256: line ends, walk and header only.
func BenchmarkIntakeWithoutHash(b *testing.B) {
	for _, size := range benchmarkSizes() {
		raw := clinicalMessage(pseudoRandom(size))
		b.Run(fmt.Sprintf("%dB", len(raw)), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				in := NewIntake(DefaultLimits())
				w := newWalker(in.walk.limits, true, in)
				for rest := raw; len(rest) > 0; {
					n := min(32<<10, len(rest))
					if err := in.ends.check(rest[:n]); err != nil {
						b.Fatal(err)
					}
					if _, err := w.Write(rest[:n]); err != nil {
						b.Fatal(err)
					}
					rest = rest[n:]
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHash is the floor of Intake: the two SHA-256 that a message with trace fields needs.
func BenchmarkHash(b *testing.B) {
	raw := clinicalMessage(pseudoRandom(3_700_000))
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		_, _ = sha256.Sum256(raw), sha256.Sum256(raw)
	}
}

// BenchmarkView measures opening a message.
func BenchmarkView(b *testing.B) {
	c := NewCodec(DefaultLimits())
	for _, size := range benchmarkSizes() {
		raw := clinicalMessage(pseudoRandom(size))
		b.Run(fmt.Sprintf("%dB", len(raw)), func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.View(bytes.NewReader(raw)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkPart measures a download.
func BenchmarkPart(b *testing.B) {
	c := NewCodec(DefaultLimits())
	raw := clinicalMessage(pseudoRandom(3_700_000))
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if err := c.Part(bytes.NewReader(raw), 0, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
