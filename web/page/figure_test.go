package page

import (
	"testing"

	"pgregory.net/rapid"
)

// A count from 1 to 4 is never told, nor can it be found from the total and the others; nothing else is hidden
// without that need.
func TestMask_smallNumbersCannotBeFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.IntRange(0, 12), 1, 8).Draw(t, "counts")
		figures := make([]Figure, len(counts))
		for i, n := range counts {
			figures[i].N = n
		}
		c := chartOf("x", "x", "x", figures)
		hidden, small := 0, 0
		for _, f := range c.Figures {
			if f.N > 0 && f.N < smallNumber {
				small++
				if !f.Masked {
					t.Fatalf("%d is told", f.N)
				}
			}
			if f.Masked {
				hidden++
			}
			if length := c.Bar(f); length < 0 || length > barRoom || f.Masked && length != 0 {
				t.Fatalf("a bar of %d for %+v", length, f)
			}
		}
		others := 0
		for _, n := range counts {
			if n > 0 {
				others++
			}
		}
		if hidden == 1 && others > 1 {
			t.Fatalf("a single hidden count among %v can be found from the total", counts)
		}
		if small == 0 && hidden > 0 || hidden > max(small, 2) {
			t.Fatalf("%d hidden of %v", hidden, counts)
		}
	})
}

// A single small count is its own total, which is masked with it.
func TestChart_smallTotal_isMasked(t *testing.T) {
	t.Parallel()
	c := chartOf("x", "x", "x", []Figure{{Label: "a", N: 3}, {Label: "b"}})
	if c.Total().Words() != "masqué" || c.Figures[1].Words() != "0" {
		t.Errorf("%+v, total %+v", c.Figures, c.Total())
	}
	if c = chartOf("x", "x", "x", []Figure{{N: 8}, {N: 16}}); c.Total().Words() != "24" || c.Bar(c.Figures[0]) != 50 || c.Bar(c.Figures[1]) != 100 {
		t.Errorf("%+v, total %+v", c.Figures, c.Total())
	}
}
