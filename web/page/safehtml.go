package page

import (
	"html/template"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// messagePolicy is what a message may keep of its HTML here: structure, links and pictures that stand in
// it whole, and nothing that could style, address or name a part of our page, or be loaded. Package
// bridge/mail has sanitised the message before; this is the page's own guard.
func messagePolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements(
		"p", "br", "hr", "div", "span", "b", "strong", "i", "em", "u", "s", "sub", "sup", "small", "blockquote", "pre", "code",
		"ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th",
		"h1", "h2", "h3", "h4", "h5", "h6",
	)
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^` + pictureAddress + `(?:png|jpeg|gif);base64,[A-Za-z0-9+/]+={0,2}$`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(bluemonday.Integer).OnElements("img")
	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowURLSchemeWithCustomPolicy("data", func(u *url.URL) bool {
		return strings.HasPrefix(u.String(), pictureAddress) // settle removes it from links
	})
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true) // what is being written on the page stays; adds noopener
	return p
}

// pictureAddress is how the address of a picture begins that stands in a message whole.
const pictureAddress = "data:image/"

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
		settle(n)
		if err := html.Render(&b, n); err != nil {
			return ""
		}
	}
	return template.HTML(b.String()) //nolint:gosec // sanitised and balanced above
}

// settle turns h1 and h2 into h3, so that a message never outranks the page, and takes the target of
// links that name a picture.
func settle(n *html.Node) {
	switch {
	case n.Type != html.ElementNode:
	case n.DataAtom == atom.H1 || n.DataAtom == atom.H2:
		n.Data, n.DataAtom = "h3", atom.H3
	case n.DataAtom == atom.A:
		n.Attr = slices.DeleteFunc(n.Attr, func(a html.Attribute) bool {
			return a.Key == "href" && strings.HasPrefix(a.Val, "data:")
		})
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		settle(c)
	}
}
