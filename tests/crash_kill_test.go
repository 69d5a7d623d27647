package tests

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// crashTarget is what a round kills.
type crashTarget string

// Targets.
const (
	killBridge crashTarget = "bridge"
	killRedis  crashTarget = "redis"
	killBoth   crashTarget = "both"
	killLost   crashTarget = "both, and redis is lost" // of a server of somebody else's
)

// crashWorld is the bridge and its redis, and how each is killed and started.
type crashWorld struct {
	t        *testing.T
	random   *rand.Rand
	dir      string
	flags    []string
	external *redisServer // nil: the bridge has a child of its own
	live     *demo        // nil while no bridge runs
	lives    []crashLife
	current  atomic.Int64 // number of the present one
	kills    map[crashTarget]int
	early    int // kills of a bridge that was just starting
}

// crashLife is one process of the bridge.
type crashLife struct {
	begun  time.Time
	killed time.Time // zero: it ended in order, or runs
}

// life is the number of the present one. It may be asked by any goroutine.
func (w *crashWorld) life() int { return int(w.current.Load()) }

// begin notes that a process of the bridge begins.
func (w *crashWorld) begin() {
	w.lives = append(w.lives, crashLife{begun: time.Now()})
	w.current.Store(int64(len(w.lives) - 1))
}

func (w *crashWorld) redis() string {
	if w.external == nil {
		return "managed"
	}
	return "unix://" + w.external.door
}

// start starts the bridge. One start in four is killed too, while it takes over what the last kill left.
func (w *crashWorld) start() {
	w.t.Helper()
	if len(w.lives) > 2 && w.random.IntN(4) == 0 {
		w.startAndKill(time.Duration(w.random.Int64N(int64(700 * time.Millisecond))))
	}
	w.begin()
	w.live = startDemoOn(w.t, w.dir, w.redis(), w.flags...)
}

// startAndKill starts a bridge and kills it after a while, ready or not.
func (w *crashWorld) startAndKill(after time.Duration) {
	w.t.Helper()
	bin, err := binary()
	if err != nil {
		w.t.Fatal(err)
	}
	w.begin()
	cmd := exec.CommandContext(w.t.Context(), bin, append([]string{
		"demo", "--data", w.dir, "--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--redis", w.redis(),
	}, w.flags...)...)
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	<-time.After(after) // a chance of the seed picks the moment
	w.lives[w.life()].killed = time.Now()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	w.early++
}

// stop ends the bridge in order.
func (w *crashWorld) stop() {
	w.live.stop()
	w.live = nil
}

// kill kills at once what the target names, in one order or the other.
func (w *crashWorld) kill(target crashTarget) {
	w.t.Helper()
	w.kills[target]++
	child := 0
	if w.external == nil && target != killBridge {
		child = redisChild(w.t, w.live.PID)
	}
	acts := []func(){func() { w.killStore(child) }, w.killLife}
	switch {
	case target == killBridge:
		acts = acts[1:]
	case target == killRedis:
		acts = acts[:1]
	case w.random.IntN(2) == 0:
		acts[0], acts[1] = acts[1], acts[0]
	}
	for _, act := range acts {
		act()
	}
	if target != killBridge && w.external != nil {
		<-time.After(time.Duration(w.random.Int64N(int64(300 * time.Millisecond)))) // a chance of the seed: how long it stays away
		if target == killLost {
			w.external.become("")
		}
		w.external.run()
	}
	if target == killLost {
		if code, text := mesbridge(w.t, "rebuild", "--data", w.dir, "--redis", w.redis()); code != 0 {
			w.t.Fatalf("rebuild ends with %d:\n%s", code, text)
		}
	}
}

func (w *crashWorld) killStore(child int) {
	if w.external != nil {
		w.external.kill()
		return
	}
	_ = syscall.Kill(child, syscall.SIGKILL)
}

func (w *crashWorld) killLife() {
	w.lives[w.life()].killed = time.Now()
	w.live.kill()
	w.live = nil
}

// redisChild returns the redis-server that a bridge owns.
func redisChild(t *testing.T, bridge int) int {
	t.Helper()
	var child int
	await(t, "redis-server of the bridge", func() bool {
		child = childNamed(bridge, "redis-server")
		return child != 0
	})
	return child
}

// childNamed looks for a child of a process by its name; 0: there is none.
func childNamed(parent int, name string) int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		head, tail, _ := strings.Cut(string(b), ") ")
		var state string
		var of int
		if _, err := fmt.Sscan(tail, &state, &of); err != nil || of != parent || state == "Z" {
			continue
		}
		if number, comm, _ := strings.Cut(head, " ("); comm == name {
			pid, _ := strconv.Atoi(number)
			return pid
		}
	}
	return 0
}
