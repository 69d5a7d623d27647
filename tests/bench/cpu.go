package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of times in /proc (USER_HZ), which is 1/100 s on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// process is one line of /proc: a process, its parent, and the time it used, that of its ended children
// included.
type process struct {
	pid, parent int
	used        time.Duration
}

// processorTime returns what the processes below roots have used so far, those that ended included.
func processorTime(roots ...int) (time.Duration, error) {
	all, err := processes()
	if err != nil {
		return 0, err
	}
	children := map[int][]process{}
	var waiting []process
	for _, p := range all {
		children[p.parent] = append(children[p.parent], p)
		if slices.Contains(roots, p.pid) {
			waiting = append(waiting, p)
		}
	}
	if len(waiting) != len(roots) {
		return 0, fmt.Errorf("measure processor time: %d of %d servers run", len(waiting), len(roots))
	}
	var sum time.Duration
	for len(waiting) > 0 {
		p := waiting[0]
		waiting = append(waiting[1:], children[p.pid]...)
		sum += p.used
	}
	return sum, nil
}

// processes lists what runs.
func processes() ([]process, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // it ended meanwhile
		}
		p, err := parseStat(text)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// parseStat reads /proc/PID/stat (proc(5)). The name in it is in parentheses and may hold anything.
func parseStat(text []byte) (process, error) {
	begin, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if begin < 0 || end < begin {
		return process{}, fmt.Errorf("no name in %q", text)
	}
	fields := strings.Fields(string(text[end+1:])) // from the third field on
	const parent, user, system, childrenUser, childrenSystem = 4, 14, 15, 16, 17
	numbers := map[int]int64{}
	for _, at := range []int{parent, user, system, childrenUser, childrenSystem} {
		if at-3 >= len(fields) {
			return process{}, fmt.Errorf("too few fields in %q", text)
		}
		n, err := strconv.ParseInt(fields[at-3], 10, 64)
		if err != nil {
			return process{}, err
		}
		numbers[at] = n
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:begin])))
	if err != nil {
		return process{}, err
	}
	used := numbers[user] + numbers[system] + numbers[childrenUser] + numbers[childrenSystem]
	return process{pid: pid, parent: int(numbers[parent]), used: time.Duration(used) * clockTick}, nil
}
