package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// plan says how much is measured.
type plan struct {
	name    string
	only    string // measure only what has this in its name; empty: all
	cells   []cell
	repeats int
	fewer   int           // repeats of a row that no goal is set for
	warm    time.Duration // before each repeat, not counted
	window  time.Duration // of each repeat
	long    time.Duration // of each repeat with the largest messages
	settle  time.Duration // longest wait for a peer's work after its answers
	large   int           // conversations of the large inbox
	stages  []int         // conversations at which Redis is weighed and the growth is measured
}

// peopleCount is how many patients the load is spread over (docs/performance.md), beside the cast.
const peopleCount = 10_000

// full is the plan whose figures count.
func full() plan {
	return plan{
		name: "full", cells: cells(), repeats: 5, fewer: 3, warm: 250 * time.Millisecond, window: 2 * time.Second, long: 2 * time.Second,
		settle: 10 * time.Second, large: 10_000, stages: []int{1_000, 100_000, 1_000_000},
	}
}

// short is the plan that shows that the measurement itself works, by the cells that goals are set for.
func short() plan {
	return plan{
		name: "quick", cells: goalCells(), repeats: 3, fewer: 3, warm: 50 * time.Millisecond, window: 400 * time.Millisecond,
		long: time.Second, settle: 500 * time.Millisecond, large: 2_000, stages: []int{1_000, 10_000},
	}
}

// cell is one way to send messages.
type cell struct {
	label    string
	size     int // of a message, octets
	perConn  int // messages on one connection
	sessions int // connections at once
}

func (c cell) String() string {
	return fmt.Sprintf("%s, starttls ×%d, %s", c.label, c.perConn, clients(c.sessions))
}

// clients says how many sessions there are at once.
func clients(n int) string {
	if n == 1 {
		return "1 session"
	}
	return fmt.Sprintf("%d sessions", n)
}

// Cells that goals of docs/performance.md are set for; g2 also has G4 and G5.
func g1() cell       { return cell{"4 kB", small, 1, 10} }
func g2() cell       { return cell{"4 kB", small, 10, 50} }
func g3medium() cell { return cell{"100 kB", medium, 1, 10} }
func g3large() cell  { return cell{"5 MB", large, 1, 10} }

// Sizes of messages, in octets.
const (
	small  = 4 << 10
	medium = 100_000
	large  = 5_000_000
)

// wants reports whether something with this name is to be measured.
func (p plan) wants(name string) bool { return strings.Contains(name, p.only) }

// goalCells lists the cells that goals are set for.
func goalCells() []cell { return []cell{g1(), g2(), g3medium(), g3large()} }

// disk is how many bytes must be free for what the bridge keeps: its rate with the largest messages is
// bounded by the disk's, taken as 300 MB/s.
func (p plan) disk() uint64 {
	need := 4.0
	for _, c := range p.cells {
		if c.size == large && p.wants(c.String()) {
			need += .3 * float64(p.repeatsOf(c)) * p.long.Seconds()
		}
	}
	return uint64(need * (1 << 30))
}

// times are the warm-up and the length of a repeat of a cell. The largest messages have no warm-up: those
// under way at its end would count with less than their time, and there are too few others.
func (p plan) times(c cell) (warm, window time.Duration) {
	if c.size == large {
		return 0, p.long
	}
	return p.warm, p.window
}

// repeatsOf is how often a cell is measured.
func (p plan) repeatsOf(c cell) int {
	if slices.Contains(goalCells(), c) {
		return p.repeats
	}
	return p.fewer
}

// cells lists the ways to send, the largest messages last: they fill the disk.
func cells() []cell {
	var all []cell
	for _, c := range goalCells() {
		for _, c.sessions = range []int{1, 10, 50} {
			all = append(all, c)
		}
	}
	return all
}
