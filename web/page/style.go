package page

import "bytes"

// styleSheet is the one style sheet of all pages, written in a file for each idea.
func styleSheet() Asset {
	var b bytes.Buffer
	for _, idea := range styles() {
		b.Write(readAsset("style/"+idea+".css", "").Content)
	}
	return asset("style.css", "text/css; charset=utf-8", b.Bytes())
}

// styles are the files of the style sheet in their order, in which a later rule outweighs an earlier one of the same
// specificity: what a kind of screen, or paper, changes comes last.
func styles() []string {
	return []string{"colours", "base", "frame", "forms", "notices", "landing", "lists", "conversation", "figures", "devices", "print"}
}
