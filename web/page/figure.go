package page

import "strconv"

// smallNumber is the least count of a statistic that is told as it is: fewer could point at a person.
const smallNumber = 5

// Figure is one count of a statistic, or the fact that it is not told.
type Figure struct {
	Label  string
	N      int
	Masked bool
}

// Words is the count as people read it.
func (f Figure) Words() string {
	if f.Masked {
		return "masqué"
	}
	return strconv.Itoa(f.N)
}

// mask hides counts from 1 to 4, and with a single hidden one the smallest of the others, from which and the
// total it could be found. A count of none tells of nobody.
func mask(all []Figure) []Figure {
	hidden, smallest := 0, -1
	for i := range all {
		f := &all[i]
		f.Masked = f.N > 0 && f.N < smallNumber
		switch {
		case f.Masked:
			hidden++
		case f.N > 0 && (smallest < 0 || f.N < all[smallest].N):
			smallest = i
		}
	}
	if hidden == 1 && smallest >= 0 {
		all[smallest].Masked = true
	}
	return all
}

// Chart is a statistic, drawn as one bar for each of its counts beside the count itself.
type Chart struct {
	ID      string
	Title   string
	Head    string // what the categories are
	Figures []Figure
}

// chartOf returns a statistic with its small numbers masked.
func chartOf(id, title, head string, figures []Figure) Chart {
	return Chart{ID: id, Title: title, Head: head, Figures: mask(figures)}
}

// Total is the sum of the counts, masked when it is small itself.
func (c Chart) Total() Figure {
	total := Figure{Label: "Total"}
	for _, f := range c.Figures {
		total.N += f.N
	}
	total.Masked = total.N > 0 && total.N < smallNumber
	return total
}

// barRoom is the length of the longest bar, in units of the drawing.
const barRoom = 100

// Bar is the length of a bar, 0 to 100: of the largest count that is told, 100. What is masked has no length.
func (c Chart) Bar(f Figure) int {
	longest := 0
	for _, g := range c.Figures {
		if !g.Masked {
			longest = max(longest, g.N)
		}
	}
	if f.Masked || longest == 0 {
		return 0
	}
	return f.N * barRoom / longest
}
