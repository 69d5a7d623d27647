package modeltest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// step is one command, with the chance by which it draws what it needs from the state that it meets: so steps can
// be left out of a run, and the others keep their meaning.
type step struct {
	name string
	seed uint64
}

func (s step) String() string { return fmt.Sprintf("%s %d", s.name, s.seed) }

// parseSteps reads steps as they are printed.
func parseSteps(text string) (steps []step, err error) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var s step
		if _, err := fmt.Sscanf(line, "%s %d", &s.name, &s.seed); err != nil {
			return nil, fmt.Errorf("read the step %q: %w", line, err)
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// dice draws what one step needs.
type dice struct{ *rand.Rand }

// one reports whether a chance of one in n came.
func (d dice) one(n int) bool { return d.IntN(n) == 0 }

func pick[T any](d dice, list []T) (none T) {
	if len(list) == 0 {
		return none
	}
	return list[d.IntN(len(list))]
}

// command is a kind of step, and how often it comes.
type command struct {
	name   string
	weight int
	do     func(*world, dice)
}

// commands lists all of them.
func commands() []command {
	return []command{
		{"receive", 300, (*world).receiveNew},
		{"again", 15, (*world).receiveAgain},
		{"rcpt", 10, (*world).rcpt},
		{"open", 70, (*world).openThread},
		{"write", 90, (*world).write},
		{"endall", 35, (*world).endExchange},
		{"end", 35, (*world).endThread},
		{"plan", 60, (*world).planEnd},
		{"record", 12, (*world).recordOpposition},
		{"ask", 20, (*world).ask},
		{"reply", 230, (*world).reply},
		{"draft", 15, (*world).saveDraft},
		{"read", 60, (*world).opened},
		{"delete", 18, (*world).deleteThread},
		{"save", 20, (*world).saveDocument},
		{"unsave", 6, (*world).deleteDocument},
		{"block", 40, (*world).block},
		{"unblock", 40, (*world).unblock},
		{"object", 22, (*world).object},
		{"withdraw", 24, (*world).withdraw},
		{"manage", 30, (*world).manage},
		{"back", 45, (*world).back},
		{"login", 4, (*world).login},
		{"enrol", 12, (*world).enrol},
		{"bind", 14, (*world).bind},
		{"unlink", 5, (*world).unlink},
		{"minor", 8, (*world).noteMinority},
		{"terms", 5, (*world).acceptTerms},
		{"visit", 45, (*world).changeEpisode},
		{"work", 110, (*world).work},
		{"report", 40, (*world).feedback},
		{"bounce", 6, (*world).bounce},
		{"later", 110, (*world).later},
		{"directory", 14, (*world).changeDirectory},
		{"restart", 8, (*world).restart},
		{"reboot", 1, (*world).reboot},
		{"look", 20, (*world).lookAtAll},
	}
}

// draw returns so many steps at random.
func draw(seed uint64, n int) []step {
	d, all, sum := newDice(seed), commands(), 0
	for _, c := range all {
		sum += c.weight
	}
	steps := make([]step, n)
	for i := range steps {
		at := d.IntN(sum)
		for _, c := range all {
			if at -= c.weight; at < 0 {
				steps[i] = step{c.name, d.Uint64N(1 << 32)}
				break
			}
		}
	}
	return steps
}

// take makes one step, and looks at the patients whom it may have concerned.
func (w *world) take(s step) {
	d := newDice(s.seed)
	w.pass(time.Duration(1+d.IntN(1000)) * time.Millisecond)
	w.turn = d.IntN(2)
	for _, c := range commands() {
		if c.name == s.name {
			c.do(w, d)
		}
	}
}

// someone is a patient, mostly one whose account is active.
func (w *world) someone(d dice) *patient {
	p := pick(d, w.patients)
	for range 2 {
		if p.account != "active" {
			p = pick(d, w.patients)
		}
	}
	return p
}

// thread is a conversation of a patient, mostly a late one; nil when there is none.
func (w *world) thread(d dice, p *patient) *thread {
	var there []*thread
	for _, t := range p.threads {
		if t != nil {
			there = append(there, t)
		}
	}
	if len(there) == 0 {
		return nil
	}
	last := there[max(0, len(there)-6):]
	if d.one(4) {
		last = there
	}
	return pick(d, last)
}

func (w *world) anyBox(d dice) box { return box(d.IntN(len(w.boxes))) }

// boxOf is a mailbox that a conversation names.
func (w *world) boxOf(d dice, t *thread) box {
	if t == nil || d.one(12) {
		return w.anyBox(d)
	}
	return pick(d, t.people)
}

// knownBox is a mailbox of the patient's.
func (w *world) knownBox(d dice, p *patient) box {
	var there []box
	for b := range w.boxes {
		if p.pairs[box(b)] != nil {
			there = append(there, box(b))
		}
	}
	if len(there) == 0 || d.one(15) {
		return w.anyBox(d)
	}
	return pick(d, there)
}

// words for the story of a run.
func (w *world) who(p *patient) string { return fmt.Sprintf("p%d(%s)", w.number(p), p.account) }

func (w *world) which(p *patient, t *thread) string {
	for i := range p.threads {
		if t != nil && p.threads[i] == t {
			return fmt.Sprintf("c%d", i)
		}
	}
	return "c?"
}

func (w *world) boxesText(list []box) string {
	var names []string
	for _, b := range list {
		names = append(names, w.boxText(b))
	}
	return strings.Join(names, ",")
}

func (w *world) boxText(b box) string { return string(rune('A' + int(b))) }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 1))} }

// story tells what the model knows of a conversation, for a failed test.
func (w *world) story(p *patient, t *thread) string {
	var b strings.Builder
	for _, m := range t.messages {
		from := "patient"
		if m.from != self {
			from = w.boxText(m.from)
		}
		fmt.Fprintf(&b, "\n\t%d: %s %d by %s reply-to %s cc %s to %s fin %v marker %v silent %v", m.place, ms(m.at), m.n, from, w.boxesText(m.replyTo),
			w.boxesText(m.with), w.boxesText(m.to), m.fin, m.marker, m.silent)
	}
	for _, e := range p.ends {
		if e.thread == nil || e.thread == t {
			fmt.Fprintf(&b, "\n\t%d: %s end by %s, of all %v, %s", e.place, ms(e.at), w.boxText(e.by), e.thread == nil, e.how)
		}
	}
	fmt.Fprintf(&b, "\n\tdeleted %d touched %d closing %+v unsaid %+v", t.deleted, t.touched, t.closing, t.unsaid)
	for b2, k := range p.pairs {
		fmt.Fprintf(&b, "\n\t%s: %+v", w.boxText(b2), *k)
	}
	return b.String()
}
