package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// report is what a run has measured.
type report struct {
	plan
	peers   []string
	missing string // why there is no Postfix
	intake  *table
	replies *table
	pages   *table
	stages  []stage
	probe   *probe
}

func newReport(l *lab) *report {
	r := &report{plan: l.plan, missing: l.missing, probe: l.probe, intake: newTable(), replies: newTable(), pages: newTable()}
	for _, p := range l.peers {
		r.peers = append(r.peers, p.name)
	}
	return r
}

// table holds figures by row and peer.
type table struct {
	rows  []string // in the order in which they were measured
	cells map[string]map[string]*figures
}

func newTable() *table { return &table{cells: map[string]map[string]*figures{}} }

// at returns the place of a row's figures at a peer, which it makes when there is none.
func (t *table) at(row, peer string) *figures {
	if t.cells[row] == nil {
		t.rows = append(t.rows, row)
		t.cells[row] = map[string]*figures{}
	}
	if t.cells[row][peer] == nil {
		t.cells[row][peer] = &figures{}
	}
	return t.cells[row][peer]
}

// value is the median of a figure; not a number when it was not measured.
func (t *table) value(row, peer string, of func(*figures) series) float64 {
	f := t.cells[row][peer]
	if f == nil {
		return math.NaN()
	}
	return median(of(f))
}

// Figures that are asked of a table.
func rate(f *figures) series    { return f.rate }
func p50(f *figures) series     { return f.p50 }
func p99(f *figures) series     { return f.p99 }
func cpu(f *figures) series     { return f.cpu }
func resumed(f *figures) series { return f.resumed }

// summary tells the rates of a row in one line.
func (t *table) summary(row string, peers []*peer) string {
	var all []string
	for _, p := range peers {
		if v := t.value(row, p.name, rate); !math.IsNaN(v) {
			all = append(all, fmt.Sprintf("%s %.0f/s", p.name, v))
		}
	}
	return strings.Join(all, ", ")
}

// spread is how far the repeats lie apart, (largest - smallest) / median, as the median over all cells.
func (t *table) spread() float64 {
	var all []float64
	for _, row := range t.cells {
		for _, f := range row {
			if m := median(f.rate); m > 0 {
				all = append(all, (slices.Max(f.rate)-slices.Min(f.rate))/m)
			}
		}
	}
	return median(all)
}

// print writes everything.
func (r *report) print(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "\nmesbridge, %s measurement: medians of %d repeats of %s (%d for rows without a goal), %d processors, %s, %d patients\n%s\n",
		r.name, r.repeats, r.window, r.fewer, runtime.NumCPU(), runtime.Version(), peopleCount, r.probe)
	if r.missing != "" {
		fmt.Fprintf(&b, "Postfix is left out: %s\n", r.missing)
	}
	fmt.Fprintf(&b, "spread of the repeats, (largest - smallest) / median, middle cell: %.0f %%\n", 100*r.intake.spread())
	r.printIntake(&b)
	r.printTable(&b, "DATA reply, p50 ms", r.intake, p50, "%.2f")
	r.printTable(&b, "DATA reply, p99 ms", r.intake, p99, "%.2f")
	r.printTable(&b, "processor time of the servers, s for 1 000 messages", r.intake, cpu, "%.2f")
	r.printTable(&b, "TLS sessions resumed, share of the connections", r.intake, resumed, "%.2f")
	r.printTable(&b, "replies, arrived/s", r.replies, rate, "%.0f")
	r.printTable(&b, "replies, from submission to arrival, p50 ms", r.replies, p50, "%.2f")
	r.printTable(&b, "replies, from submission to arrival, p99 ms", r.replies, p99, "%.2f")
	what := fmt.Sprintf("opening an inbox, %d requests/s open loop on %d connections, ", pageRate, pageClients)
	r.printTable(&b, what+"p50 ms", r.pages, p50, "%.2f")
	r.printTable(&b, what+"p99 ms", r.pages, p99, "%.2f")
	r.printStages(&b)
	r.printGoals(&b)
	_, err := io.WriteString(out, b.String())
	return err
}

// printStages writes what a conversation takes in Redis, and what commands take, with more and more of them.
func (r *report) printStages(out io.Writer) {
	if len(r.stages) == 0 {
		return
	}
	micro := func(d time.Duration) string { return number("%.0f", float64(d)/float64(time.Microsecond)) }
	g := grid{{"conversations", "Redis, bytes each", "one message more", "intake µs", fmt.Sprintf("inbox of %d, µs", readerInbox), "one conversation, µs"}}
	for _, s := range r.stages {
		g = append(g, []string{strconv.Itoa(s.conversations), number("%.0f", s.conversation), number("%.0f", s.message), micro(s.intake), micro(s.inbox), micro(s.thread)})
	}
	g.print(out)
	fmt.Fprintf(out, "conversations of %d messages over %d patients, brought in by the service itself, without SMTP, TLS and files; middle times of single commands\n",
		conversationSize, max(peopleCount, r.plan.stages[len(r.plan.stages)-1]/mostEach))
	for _, s := range r.stages {
		fmt.Fprintf(out, "bytes of a conversation among those that came last, of %d: %s\n", s.conversations, s.kinds.text())
	}
}

// printIntake writes the table of rates, with the ratios that travel to other machines.
func (r *report) printIntake(out io.Writer) {
	g := grid{slices.Concat([]string{"messages/s answered 250, durable"}, r.peers, []string{"× Postfix", "× policy", "% of floor"})}
	for _, row := range r.intake.rows {
		at := func(peer string) float64 { return r.intake.value(row, peer, rate) }
		own := at(nameBridge)
		g = append(g, append(r.values(r.intake, row, rate, "%.0f"),
			number("%.2f", own/at(namePostfix)), number("%.2f", own/at(namePolicy)), number("%.0f", 100*own/at(nameFloor))))
	}
	g.print(out)
}

// printTable writes one figure of a table, a column for each peer.
func (r *report) printTable(out io.Writer, title string, t *table, of func(*figures) series, format string) {
	g := grid{append([]string{title}, r.columns(t)...)}
	for _, row := range t.rows {
		g = append(g, r.values(t, row, of, format))
	}
	g.print(out)
}

// columns lists the peers that a table has figures of.
func (r *report) columns(t *table) []string {
	var all []string
	for _, p := range r.peers {
		if slices.ContainsFunc(t.rows, func(row string) bool { return t.cells[row][p] != nil }) {
			all = append(all, p)
		}
	}
	return all
}

// values are the name of a row and its figures.
func (r *report) values(t *table, row string, of func(*figures) series, format string) []string {
	all := []string{row}
	for _, p := range r.columns(t) {
		all = append(all, number(format, t.value(row, p, of)))
	}
	return all
}

// number writes a figure, a dash when there is none.
func number(format string, v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// grid is a table of texts, its first line the head.
type grid [][]string

// print writes the grid, the first column to the left, the others to the right; nothing but a head is
// nothing.
func (g grid) print(out io.Writer) {
	if len(g) < 2 {
		return
	}
	var widths []int
	for _, line := range g {
		for i, text := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	fmt.Fprintln(out)
	for _, line := range g {
		for i, text := range line {
			if gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)); i == 0 {
				fmt.Fprint(out, text, gap)
			} else {
				fmt.Fprint(out, "  ", gap, text)
			}
		}
		fmt.Fprintln(out)
	}
}
