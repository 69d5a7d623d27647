package main

import (
	"math"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{3}, 3},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 2, 100}, 3},
	} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v: %v, want %v", c.values, got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing: %v", got)
	}
}

func TestQuantile_nearestRank(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for q, want := range map[float64]time.Duration{0: 1, .5: 50, .99: 99, 1: 100} {
		if got := quantile(hundred, q); got != want {
			t.Errorf("quantile %v: %v, want %v", q, got, want)
		}
	}
	if got := quantile([]time.Duration{7}, .99); got != 7 {
		t.Errorf("quantile of one value: %v", got)
	}
	if got := quantile([]time.Duration(nil), .5); got != 0 {
		t.Errorf("quantile of nothing: %v", got)
	}
}

func TestGoal_verdict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		goal goal
		want string
	}{
		{goal{value: 3, limit: 3, atLeast: true}, "met"},
		{goal{value: 2.9, limit: 3, atLeast: true}, "missed"},
		{goal{value: .25, limit: .25}, "met"},
		{goal{value: .26, limit: .25}, "missed"},
		{goal{value: math.NaN(), limit: 1}, "not measured"},
	} {
		if got := c.goal.verdict(); got != c.want {
			t.Errorf("%+v is %q, want %q", c.goal, got, c.want)
		}
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	line := "4711 (odd) name) S 815 1 1 0 -1 4194560 1 2 3 4 100 20 3 4 20 0 1 0 99\n"
	got, err := parseStat([]byte(line))
	if err != nil || got != (process{pid: 4711, parent: 815, used: 127 * clockTick}) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{"", "1 (a) S 2", "x (a) S 1 1 1 0 -1 4 1 2 3 4 100 20 3 4"} {
		if got, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q gives %+v", bad, got)
		}
	}
}

// The time of a process that runs is there and does not go back; one that is not there is an error.
func TestProcessorTime_ofThisProcess(t *testing.T) {
	t.Parallel()
	before, err := processorTime(1)
	if err != nil {
		t.Fatal(err)
	}
	after, err := processorTime(1)
	if err != nil || before <= 0 || after < before {
		t.Errorf("%v, then %v, %v", before, after, err)
	}
	if _, err := processorTime(1 << 30); err == nil {
		t.Error("a process that does not exist has a time")
	}
}
