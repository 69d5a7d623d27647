package main

import (
	"fmt"
	"time"
)

// plan says how much is measured.
type plan struct {
	name     string
	repeats  int
	warm     time.Duration // before each repeat, not counted
	window   time.Duration // of each repeat
	settle   time.Duration // longest wait for a peer's work after its answers
	large    int           // conversations of the large inbox
	memory   int           // conversations by which Redis is weighed
	diskFree uint64        // bytes that must be free, for what the bridge keeps
}

// people is how many patients the load is spread over (PERFORMANCE.md), beside the cast.
const peopleCount = 10_000

// full is the plan whose figures count.
func full() plan {
	return plan{
		name: "full", repeats: 5, warm: 250 * time.Millisecond, window: 2 * time.Second, settle: 10 * time.Second,
		large: 10_000, memory: 5_000, diskFree: 30 << 30,
	}
}

// short is the plan that shows that the measurement itself works.
func short() plan {
	return plan{
		name: "quick", repeats: 3, warm: 50 * time.Millisecond, window: 200 * time.Millisecond, settle: 500 * time.Millisecond,
		large: 2_000, memory: 1_000, diskFree: 4 << 30,
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
	return fmt.Sprintf("%s, starttls ×%d, %d sessions", c.label, c.perConn, c.sessions)
}

// Sizes of messages, in octets.
const (
	small  = 4 << 10
	medium = 100_000
	large  = 5_000_000
)

// cells lists the ways to send, the largest messages last: they fill the disk.
func cells() []cell {
	var all []cell
	for _, kind := range []struct {
		label         string
		size, perConn int
	}{{"4 kB", small, 1}, {"4 kB", small, 10}, {"100 kB", medium, 1}, {"5 MB", large, 1}} {
		for _, sessions := range []int{1, 10, 50} {
			all = append(all, cell{kind.label, kind.size, kind.perConn, sessions})
		}
	}
	return all
}
