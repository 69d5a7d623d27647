package mail

import (
	"strings"
	"unicode"
)

// passage is one piece of what is shown: the forms of it that the message holds.
type passage struct {
	alternative int    // its multipart/alternative; 0 when it stands alone
	text        string // plain text
	html        string // safe HTML
	spoken      string // text of the HTML
}

// isEmpty reports whether there is nothing to show.
func (p passage) isEmpty() bool { return p.text == "" && p.html == "" && p.spoken == "" }

// plain returns the plain form: the one of the message, or the text of its HTML.
func (p passage) plain() string {
	if p.text == "" {
		return p.spoken
	}
	return p.text
}

// marked returns the HTML form: the one of the message, or its plain form.
func (p passage) marked() string {
	if p.html == "" {
		return plainToHTML(p.plain())
	}
	return p.html
}

// page returns the HTML of pages, or their text where one could not be read.
func (p passage) page() string {
	if p.html == "" && p.spoken != "" {
		return plainToHTML(p.spoken)
	}
	return p.html
}

// place adds p to the passage of the same alternatives, or as a new one.
func place(shown []passage, p passage) []passage {
	if p.isEmpty() {
		return shown
	}
	for i := range shown {
		if p.alternative != 0 && shown[i].alternative == p.alternative {
			if shown[i].html != "" || p.html != "" {
				shown[i].html = join(shown[i].page(), p.page())
			}
			shown[i].text = join(shown[i].text, p.text)
			shown[i].spoken = join(shown[i].spoken, p.spoken)
			return shown
		}
	}
	return append(shown, p)
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}

// assemble puts the passages together, each form complete. html is empty when no passage has any.
func assemble(shown []passage) (text, html string) {
	var texts, marks []string
	marked := false
	for _, p := range shown {
		if plain := p.plain(); plain != "" { // a page may hold nothing but pictures
			texts = append(texts, plain)
		}
		marks = append(marks, p.marked())
		marked = marked || p.html != ""
	}
	if marked {
		html = strings.Join(marks, "\n")
	}
	return strings.Join(texts, "\n\n"), html
}

// cleanText makes decoded text fit to show: one kind of line end, no control characters but line ends
// and tabulators, no empty lines around it. Text of nothing but blanks becomes empty.
func cleanText(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(s, "\ufeff"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	if strings.TrimSpace(s) == "" {
		return ""
	}
	return strings.TrimRight(strings.TrimLeft(s, "\n"), " \t\n")
}

// capped keeps the first octets that it is given.
type capped struct {
	octets []byte
	room   int64
}

func (c *capped) Write(p []byte) (int, error) {
	if n := min(int64(len(p)), c.room); n > 0 {
		c.octets = append(c.octets, p[:n]...)
		c.room -= n
	}
	return len(p), nil
}

// counter counts octets.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
