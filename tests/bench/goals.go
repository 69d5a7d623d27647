package main

import (
	"fmt"
	"io"
	"math"
)

// goal is one figure that docs/performance.md asks for.
type goal struct {
	id, what string
	value    float64
	limit    float64
	atLeast  bool // the limit is the least; otherwise the most
}

// goals compares the run with what docs/performance.md asks for. What belongs to other measurements (G10,
// G11) is not in it.
func (r *report) goals() []goal {
	ratio := func(t *table, row, peer string, of func(*figures) series) float64 {
		return t.value(row, nameBridge, of) / t.value(row, peer, of)
	}
	one, many := g1().String(), g2().String()
	goals := []goal{
		{"G1", one + ", × Postfix+policy", ratio(r.intake, one, namePolicy, rate), 3, true},
		{"G1", one + ", share of the floor", ratio(r.intake, one, nameFloor, rate), .70, true},
		{"G2", many + ", × Postfix+policy", ratio(r.intake, many, namePolicy, rate), 6, true},
		{"G2", many + ", share of the floor", ratio(r.intake, many, nameFloor, rate), .40, true},
		{"G3", g3medium().String() + ", × Postfix+policy", ratio(r.intake, g3medium().String(), namePolicy, rate), 2.5, true},
		{"G3", g3large().String() + ", × Postfix+policy", ratio(r.intake, g3large().String(), namePolicy, rate), 2, true},
		{"G4", many + ", DATA reply p99, of Postfix+policy", ratio(r.intake, many, namePolicy, p99), .25, false},
		{"G5", many + ", processor time, of Postfix+policy", ratio(r.intake, many, namePolicy, cpu), .25, false},
		{"G6", "replies arrived/s, " + rowAllAtOnce + ", × Postfix", ratio(r.replies, rowAllAtOnce, namePostfix, rate), 1.5, true},
		{"G6", "replies, " + rowOneByOne + ", p50 ms", r.replies.value(rowOneByOne, nameBridge, p50), 5, false},
		{"G9", inboxRow(viewAPI, r.large) + ", p99 ms", r.pages.value(inboxRow(viewAPI, r.large), nameBridge, p99), 10, false},
		{"G9", inboxRow(viewPage, r.large) + ", p99 ms", r.pages.value(inboxRow(viewPage, r.large), nameBridge, p99), 10, false},
		{"G7", "growth of the intake, × the first stage", r.grown(stageIntake), 1.1, false},
		{"G7", "growth of opening an inbox, × the first stage", r.grown(stageInbox), 1.1, false},
		{"G7", "growth of opening a conversation, × the first stage", r.grown(stageThread), 1.1, false},
	}
	for _, s := range r.stages {
		goals = append(goals,
			goal{"G8", fmt.Sprintf("Redis, bytes for a conversation of %d messages, of %d", conversationSize, s.conversations), s.conversation, 1500, false},
			goal{"G8", fmt.Sprintf("Redis, bytes for one message more, of %d", s.conversations), s.message, 250, false})
	}
	return goals
}

// verdict says whether the goal is met.
func (g goal) verdict() string {
	switch {
	case math.IsNaN(g.value):
		return "not measured"
	case g.atLeast && g.value >= g.limit, !g.atLeast && g.value <= g.limit:
		return "met"
	}
	return "missed"
}

// printGoals writes the goals with what was reached.
func (r *report) printGoals(out io.Writer) {
	g := grid{{"goals of docs/performance.md", "reached", "asked", ""}}
	for _, one := range r.goals() {
		sign := "≤"
		if one.atLeast {
			sign = "≥"
		}
		g = append(g, []string{one.id + " " + one.what, number("%.2f", one.value), fmt.Sprintf("%s %g", sign, one.limit), one.verdict()})
	}
	g.print(out)
}
