package mail

import "strings"

// flow is how the lines of a text part are meant (RFC 3676 section 4).
type flow struct {
	flowed bool // a line that ends on a space goes on in the next one
	delSp  bool // and that space is not part of the text
}

// readFlow reads the parameters format and delsp of text/plain.
func readFlow(p parameters) flow {
	return flow{
		flowed: strings.EqualFold(p.token("format"), "flowed"),
		delSp:  strings.EqualFold(p.token("delsp"), "yes"),
	}
}

// signature is the line before a signature; it ends on a space and yet never flows (section 4.3).
const signature = "-- "

// join puts the lines of a flowed text together as they were before they were sent: paragraphs become
// one line each, quote marks are written once per line with a space after them, and the spaces that
// protect the start of a line are taken away. Line ends are LF. Of a text that is not flowed nothing
// changes.
func (f flow) join(text string) string {
	if !f.flowed {
		return text
	}
	var out strings.Builder
	out.Grow(len(text))
	open := -1 // quote depth of the line that goes on; -1 for none
	for i, line := range strings.Split(text, "\n") {
		depth := quoteDepth(line)
		line = strings.TrimPrefix(line[depth:], " ")
		if open != depth || line == signature {
			if i > 0 {
				out.WriteByte('\n')
			}
			out.WriteString(quoteMarks(depth))
		}
		open = -1
		if strings.HasSuffix(line, " ") && line != signature {
			open = depth
			if f.delSp {
				line = line[:len(line)-1]
			}
		}
		out.WriteString(line)
	}
	return out.String()
}

// quoteDepth counts the quote marks that a line starts with.
func quoteDepth(line string) int { return len(line) - len(strings.TrimLeft(line, ">")) }

// quoteMarks starts a line of a quote.
func quoteMarks(depth int) string {
	if depth == 0 {
		return ""
	}
	return strings.Repeat(">", depth) + " "
}
