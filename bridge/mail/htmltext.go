package mail

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// textWriter writes the text of a page as plain text: a line for each block, list items with a
// hyphen, the address of a link after its text. Nesting is bounded by the parser.
type textWriter struct {
	b     strings.Builder
	space bool // white space is due before the next word
	pre   int  // how many pre elements are open
}

// result is the text, with at most one empty line in a row.
func (t *textWriter) result() string {
	lines := strings.Split(t.b.String(), "\n")
	out := lines[:0]
	empty := true // leading empty lines go
	for _, l := range lines {
		l = strings.TrimRight(l, " ")
		if l == "" && empty {
			continue
		}
		empty = l == ""
		out = append(out, l)
	}
	return strings.TrimRight(strings.Join(out, "\n"), "\n")
}

func (t *textWriter) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		t.words(n.Data)
		return
	case html.ElementNode:
		if isHidden(n.DataAtom) {
			return
		}
	case html.ErrorNode, html.DocumentNode, html.CommentNode, html.DoctypeNode, html.RawNode:
	}
	block := isBlock(n.DataAtom)
	if block {
		t.line()
	}
	start := t.b.Len()
	t.open(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		t.node(c)
	}
	t.close(n, start)
	if block {
		t.line()
	}
}

// open writes what stands before the content of an element.
func (t *textWriter) open(n *html.Node) {
	switch n.DataAtom {
	case atom.Br:
		t.b.WriteByte('\n')
		t.space = false
	case atom.Hr:
		t.words("---")
	case atom.Img:
		t.words(attribute(n, "alt"))
	case atom.Li:
		t.words("- ")
	case atom.Td, atom.Th:
		t.space = true
	case atom.Pre:
		t.pre++
	default:
	}
}

// close writes what stands after it; its content was written from start on.
func (t *textWriter) close(n *html.Node, start int) {
	switch n.DataAtom {
	case atom.Pre:
		t.pre--
	case atom.P:
		t.line()
		t.b.WriteByte('\n')
	case atom.A:
		href := attribute(n, "href")
		web := strings.HasPrefix(href, "http://") || strings.HasPrefix(href, "https://")
		if web && !strings.Contains(t.b.String()[start:], href) {
			t.words(" (" + href + ")")
		}
	default:
	}
}

// words writes text with its white space collapsed, unless inside pre.
func (t *textWriter) words(s string) {
	if t.pre > 0 {
		t.b.WriteString(s)
		return
	}
	for i, w := range strings.FieldsFunc(s, isHTMLSpace) {
		if i > 0 || t.space || isHTMLSpace(rune(s[0])) {
			t.blank()
		}
		t.b.WriteString(w)
		t.space = false
	}
	t.space = t.space || s != "" && isHTMLSpace(rune(s[len(s)-1]))
}

// blank writes a space unless a line starts here.
func (t *textWriter) blank() {
	if s := t.b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		t.b.WriteByte(' ')
	}
}

// line starts a new line unless one starts here.
func (t *textWriter) line() {
	t.space = false
	if s := t.b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		t.b.WriteByte('\n')
	}
}

func isHTMLSpace(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f'
}

// isHidden reports whether the content of an element is not text to read.
func isHidden(a atom.Atom) bool {
	switch a {
	case atom.Head, atom.Script, atom.Style, atom.Title, atom.Template, atom.Noscript, atom.Iframe,
		atom.Noembed, atom.Noframes, atom.Object:
		return true
	default:
		return false
	}
}

// isBlock reports whether an element stands on lines of its own.
func isBlock(a atom.Atom) bool {
	switch a {
	case atom.P, atom.Div, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol,
		atom.Li, atom.Dl, atom.Dt, atom.Dd, atom.Table, atom.Tr, atom.Caption, atom.Blockquote,
		atom.Pre, atom.Hr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Main,
		atom.Nav, atom.Aside, atom.Address, atom.Form, atom.Fieldset, atom.Center:
		return true
	default:
		return false
	}
}
