package mail

import (
	"errors"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxNodes bounds the elements and texts that a page may become, because its parser does not.
const maxNodes = 100_000

// errTangled means that a page would become far more than what was sent.
var errTangled = errors.New("page of too many elements")

// checkTangle fails with errTangled when the tree of a page could have more than maxNodes nodes. A
// parser of HTML opens the formatting elements that were never closed again in each block that follows
// (HTML Living Standard section 13.2.4.3), so that 35 kB of page can become 24 MB. Here each tag and
// text counts as one, and as many more as formatting elements are open when it may be the first of a
// new block. Pages that close what they open are far from the bound.
func checkTangle(source string) error {
	z := html.NewTokenizer(strings.NewReader(source))
	nodes, open := 0, 0
	boundary := false
	for nodes <= maxNodes {
		kind := z.Next()
		if kind == html.ErrorToken {
			return nil
		}
		nodes++
		name, _ := z.TagName()
		tag := atom.Lookup(name)
		switch {
		case kind == html.StartTagToken && isFormatting(tag):
			nodes += again(boundary, open)
			open, boundary = open+1, false
		case kind == html.EndTagToken && isFormatting(tag):
			open = max(0, open-1)
			nodes += open
		case kind == html.TextToken, tag == atom.Br, tag == atom.Img, tag == atom.Wbr:
			nodes += again(boundary, open)
			boundary = false
		default:
			boundary = true
		}
	}
	return errTangled
}

// again is how many formatting elements may be opened again.
func again(boundary bool, open int) int {
	if boundary {
		return open
	}
	return 0
}

// isFormatting reports whether an element is opened again after the end of the block that it was
// opened in.
func isFormatting(a atom.Atom) bool {
	switch a {
	case atom.A, atom.B, atom.Big, atom.Code, atom.Em, atom.Font, atom.I, atom.Nobr, atom.S, atom.Small,
		atom.Strike, atom.Strong, atom.Tt, atom.U:
		return true
	default:
		return false
	}
}
