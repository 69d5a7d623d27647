package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// median returns the middle value, the mean of the two middle ones when they are even in number, and not
// a number when there is none.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// quantile returns the value below which a share q of them lies, by the nearest rank; 0 when there is
// none. It sorts values.
func quantile[T cmp.Ordered](values []T, q float64) T {
	if len(values) == 0 {
		var none T
		return none
	}
	slices.Sort(values)
	rank := int(math.Ceil(q*float64(len(values)))) - 1
	return values[min(max(rank, 0), len(values)-1)]
}

// milliseconds is a duration in ms.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// series is one figure over the repeats.
type series []float64

// figures are what the repeats of one cell at one peer gave.
type figures struct {
	rate    series // per second
	p50     series // ms
	p99     series // ms
	cpu     series // s of the servers for 1 000
	resumed series // share of the connections whose TLS session was resumed
}
