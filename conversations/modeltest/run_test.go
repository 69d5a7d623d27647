package modeltest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"mesbridge/conversations/redisstore/redistest"
)

// Sizes of a run. The steps are shared out to worlds, so that none grows old: a model looks through all that
// ever happened.
const (
	fewSteps   = 20_000
	manySteps  = 2_000_000
	worldSteps = 1_250
)

// TestModel gives random commands to the service and to the model, and compares what both answer and show. It
// prints its seed: MODEL_SEED sets it, else it is the same for every small run, so that what is judged is the change
// and not the draw, and new at SOAK=1, the full size. MODEL_STEPS sets the number of steps. What fails is made
// shorter, for MODEL_SHORTEN seconds, and printed; MODEL_REPLAY=FILE makes the steps of a file again, MODEL_VARIANT its settings.
func TestModel(t *testing.T) {
	t.Parallel()
	if file := os.Getenv("MODEL_REPLAY"); file != "" {
		replay(t, file)
		return
	}
	steps, seed := fewSteps/slowdown, 1
	if os.Getenv("SOAK") != "" {
		steps, seed = manySteps, int(time.Now().UnixNano()%1e9)
	}
	steps, seed = number(t, "MODEL_STEPS", steps), number(t, "MODEL_SEED", seed)
	t.Logf("%d steps, MODEL_SEED=%d", steps, seed)
	for n := range (steps + worldSteps - 1) / worldSteps {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			t.Parallel()
			size := min(worldSteps, steps-n*worldSteps)
			all := draw(uint64(seed)+uint64(n)<<32, size)
			server := redistest.Start(t)
			if said, problems := play(t, server, n, all, true); problems != nil {
				report(t, server, n, all, said, problems)
			}
		})
	}
}

// number reads a number of the environment.
func number(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// replay makes the steps of a file.
func replay(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := parseSteps(string(text))
	if err != nil {
		t.Fatal(err)
	}
	said, problems := play(t, redistest.Start(t), number(t, "MODEL_VARIANT", 0), steps, false)
	t.Logf("%d steps:\n%s", len(steps), strings.Join(said, "\n"))
	for _, p := range problems {
		t.Error(p)
	}
}

// play makes steps in a world of its own, up to the first difference. At the end of a whole run everything is lost
// and made again from the journal.
func play(t *testing.T, server *redistest.Server, variant int, steps []step, whole bool) (said, problems []string) {
	w := newWorld(t, server, uint64(variant), variant)
	defer w.close()
	for i, s := range steps {
		w.said = append(w.said, fmt.Sprintf("[%d: %s]", i, s))
		w.take(s)
		if w.settled(i) {
			for _, p := range w.patients {
				w.lookAt(p)
			}
		}
		if len(w.problems) > 0 {
			return w.said, append([]string{fmt.Sprintf("after step %d (%s) at %s", i, s, ms(w.now))}, w.problems...)
		}
	}
	w.lookAtAll(newDice(1))
	if whole && len(w.problems) == 0 {
		w.rebuild()
		w.lookAtAll(newDice(2))
	}
	return w.said, w.problems
}

// settled reports whether a step is one after which the inboxes are looked at.
func (w *world) settled(i int) bool { return i%4 == 0 }

// shortenFor is how long a failed run is made shorter, in seconds.
const shortenFor = 30

// toldLines is how much of a failed run is printed.
const toldLines = 60

// report makes a failed run shorter and prints it.
func report(t *testing.T, server *redistest.Server, variant int, all []step, said, problems []string) {
	t.Errorf("MODEL_VARIANT=%d: %s", variant, strings.Join(problems, "\n"))
	t.Logf("the last of what was done:\n%s", strings.Join(said[max(0, len(said)-toldLines):], "\n"))
	fails := func(steps []step) bool {
		_, found := play(t, server, variant, steps, false)
		return found != nil
	}
	patience := time.Duration(number(t, "MODEL_SHORTEN", shortenFor)) * time.Second
	short := shorten(all, fails, time.Now().Add(patience))
	said, problems = play(t, server, variant, short, false)
	var lines []string
	for _, s := range short {
		lines = append(lines, s.String())
	}
	t.Logf("shorter, %d steps, to be replayed with MODEL_REPLAY and MODEL_VARIANT=%d:\n%s\n\nwhat they do:\n%s\n\n%s", len(short), variant,
		strings.Join(lines, "\n"), strings.Join(said, "\n"), strings.Join(problems, "\n"))
}

// shorten leaves out steps, in ever smaller pieces, as long as the run still fails, until an instant.
func shorten(steps []step, fails func([]step) bool, until time.Time) []step {
	for size := len(steps) / 2; size > 0; size /= 2 {
		for at := len(steps) - size; at >= 0; at -= size {
			if time.Now().After(until) {
				return steps
			}
			rest := append(append([]step{}, steps[:at]...), steps[min(len(steps), at+size):]...)
			if len(rest) > 0 && fails(rest) {
				steps = rest
				at = min(at, len(steps))
			}
		}
	}
	return steps
}
