package mail

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// page is an HTML part read for display.
type page struct {
	source  string // well formed, not yet safe to show
	text    string // its text
	images  bool   // it held pictures from elsewhere, which are replaced by their descriptions
	missing bool   // it held pictures of its own that cannot be shown
	inside  bool   // it holds pictures of the message
}

// maxMetaSearch is how far an HTML part is searched for a declaration of its charset, in octets.
const maxMetaSearch = 1024

// htmlSource decodes an HTML part to UTF-8. When its header names no charset, the page itself is asked.
func htmlSource(octets []byte, l *leaf) (source string, sure bool) {
	label := l.params.token("charset")
	if label == "" {
		_, label, _ = charset.DetermineEncoding(octets[:min(len(octets), maxMetaSearch)], "text/html")
	}
	return toUTF8(octets, label)
}

// readHTML parses a page and writes it again, so that every element that is opened is closed: a
// message must not be able to close the elements of the page that shows it. It fails on pages nested
// deeper than the parser allows, and on those of checkTangle; their text is still returned. Pictures of the message are numbered
// with pics and have nothing but a description and a size; all others are replaced by theirs.
func readHTML(source string, pics *pictures) (page, error) {
	var doc *html.Node
	err := checkTangle(source)
	if err == nil {
		doc, err = html.Parse(strings.NewReader(source))
	}
	if err != nil {
		return page{text: looseText(source)}, err
	}
	var p page
	for n := range doc.Descendants() {
		if n.DataAtom != atom.Img {
			continue
		}
		src, own := pics.number(attribute(n, "src"))
		p.images = p.images || !own
		if src == "" {
			p.missing = p.missing || own
			describePicture(n)
			continue
		}
		p.inside = true
		n.Attr = []html.Attribute{
			{Key: "src", Val: src},
			{Key: "alt", Val: attribute(n, "alt")},
			{Key: "width", Val: attribute(n, "width")},
			{Key: "height", Val: attribute(n, "height")},
		}
	}
	var t textWriter
	t.node(doc)
	p.text = t.result()
	var b bytes.Buffer
	if err := html.Render(&b, doc); err != nil {
		return p, err
	}
	p.source = b.String()
	return p, nil
}

// looseText returns the text between the tags of a page that cannot be parsed.
func looseText(source string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(source))
	hidden := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(b.String())
		case html.StartTagToken:
			name, _ := z.TagName()
			hidden = string(name) == "script" || string(name) == "style"
		case html.TextToken:
			if !hidden {
				b.Write(z.Text())
				b.WriteByte('\n')
			}
		case html.EndTagToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
			hidden = false
		}
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// displayPolicy is what is left of HTML for display: structure, emphasis, tables, links and the pictures
// that readHTML numbered. No script, style, form, frame, remote load, class or identifier; links to the
// web and to mail addresses only, which tell nothing of the page they stand on.
func displayPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "br", "hr", "blockquote", "pre", "code",
		"h1", "h2", "h3", "h4", "h5", "h6",
		"b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "small",
		"ul", "ol", "li", "dl", "dt", "dd",
		"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td")
	p.AllowAttrs("colspan", "rowspan").Matching(bluemonday.Integer).OnElements("td", "th")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(?i:left|right|center|justify)$`)).
		OnElements("p", "div", "td", "th", "tr", "h1", "h2", "h3", "h4", "h5", "h6")
	p.AllowAttrs("dir").Matching(bluemonday.Direction).Globally()
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`^` + pictureScheme + `[0-9]{1,6}$`)).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(regexp.MustCompile(`^[0-9]{1,4}$`)).OnElements("img")
	p.AllowURLSchemes(strings.TrimSuffix(pictureScheme, ":")) // in pictures; pictures.fill removes it from links
	hasHost := func(u *url.URL) bool { return u.Host != "" }
	p.AllowURLSchemeWithCustomPolicy("http", hasHost)
	p.AllowURLSchemeWithCustomPolicy("https", hasHost)
	p.AllowURLSchemes("mailto")
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true) // adds noopener too
	return p
}

// plainToHTML shows plain text between pieces of HTML.
func plainToHTML(text string) string {
	return "<div>" + strings.ReplaceAll(html.EscapeString(text), "\n", "<br>") + "</div>"
}
