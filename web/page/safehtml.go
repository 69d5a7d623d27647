package page

import (
	"html/template"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// messagePolicy is what a message may keep of its HTML here: structure and links, and nothing that
// could style, address or name a part of our page. Package bridge/mail has sanitised the message
// before; this is the page's own guard, and stricter, for it drops classes and identifiers too.
func messagePolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"p", "br", "hr", "div", "span", "b", "strong", "i", "em", "u", "s", "sub", "sup", "small", "blockquote", "pre", "code",
		"ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th",
		"h1", "h2", "h3", "h4", "h5", "h6",
	)
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return p
}

// frame is the element that the markup of a message stands in.
func frame() *html.Node {
	return &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
}

// contain returns the HTML of a message as it can stand inside a <div> of the page: sanitised, then
// parsed and written again, so that every element that it opens is closed and no closing tag of its
// own ends ours. Headings are lowered beneath the h2 of the message (I219). HTML that cannot be parsed
// gives nothing.
func contain(p *bluemonday.Policy, message string) template.HTML {
	nodes, err := html.ParseFragment(strings.NewReader(p.Sanitize(message)), frame())
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, n := range nodes {
		lowerHeadings(n)
		if err := html.Render(&b, n); err != nil {
			return ""
		}
	}
	return template.HTML(b.String()) //nolint:gosec // sanitised and balanced above
}

// lowerHeadings turns h1 and h2 into h3, so that a message never outranks the page.
func lowerHeadings(n *html.Node) {
	if n.Type == html.ElementNode && (n.DataAtom == atom.H1 || n.DataAtom == atom.H2) {
		n.Data, n.DataAtom = "h3", atom.H3
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		lowerHeadings(c)
	}
}
