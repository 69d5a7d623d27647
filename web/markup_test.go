package web

import (
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// document is what checkMarkup gathers of a page.
type document struct {
	ids      map[string]int
	labels   []string // targets of label for=
	fields   []*html.Node
	refs     []string // targets of aria-describedby, aria-labelledby and #links
	headings []int
	marks    map[string]int // elements by name
	faults   []string
	title    string
	lang     string
}

// checkMarkup holds a page against the testable minimum of I219 and against I224: language, one h1, no
// step skipped among headings, landmarks, skip link, labels, references that lead somewhere, and nothing
// inline.
func checkMarkup(t *testing.T, name string, page []byte) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	d := &document{ids: map[string]int{}, marks: map[string]int{}}
	d.walk(root)
	if d.lang != "fr" || strings.TrimSpace(d.title) == "" {
		d.faults = append(d.faults, "language or title")
	}
	for _, mark := range []string{"h1", "header", "main", "footer"} {
		if d.marks[mark] < 1 || mark != "header" && d.marks[mark] != 1 {
			d.faults = append(d.faults, "landmark or heading "+mark)
		}
	}
	for id, n := range d.ids {
		if n > 1 {
			d.faults = append(d.faults, "id twice: "+id)
		}
	}
	for _, ref := range d.refs {
		if d.ids[ref] == 0 {
			d.faults = append(d.faults, "reference to nothing: "+ref)
		}
	}
	for _, f := range d.fields {
		if id := attr(f, "id"); id == "" || !slices.Contains(d.labels, id) {
			d.faults = append(d.faults, "field without label: "+attr(f, "name"))
		}
	}
	for i, level := range d.headings {
		if i > 0 && level > d.headings[i-1]+1 {
			d.faults = append(d.faults, "a heading level is skipped")
		}
	}
	if !bytes.Contains(page, []byte(`<a class="skip" href="#contenu">`)) {
		d.faults = append(d.faults, "no skip link")
	}
	if len(d.faults) > 0 {
		t.Errorf("%s: %v", name, d.faults)
	}
}

// ownScript is the path of a script of ours, which changes with its content.
var ownScript = regexp.MustCompile(`^/assets/[a-z]+\.[0-9a-f]{12}\.js$`)

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func (d *document) walk(n *html.Node) {
	if n.Type == html.ElementNode {
		d.element(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		d.walk(c)
	}
}

func (d *document) element(n *html.Node) {
	d.marks[n.Data]++
	switch n.Data {
	case "html":
		d.lang = attr(n, "lang")
	case "title":
		d.title = n.FirstChild.Data
	case "script": // a file of ours
		if n.FirstChild != nil || !ownScript.MatchString(attr(n, "src")) || len(n.Attr) != 2 {
			d.faults = append(d.faults, "element script")
		}
	case "style", "iframe", "object", "embed", "base":
		d.faults = append(d.faults, "element "+n.Data)
	case "h1", "h2", "h3", "h4", "h5", "h6":
		d.headings = append(d.headings, int(n.Data[1]-'0'))
	case "label":
		d.labels = append(d.labels, attr(n, "for"))
	case "textarea", "select":
		d.fields = append(d.fields, n)
	case "input":
		if attr(n, "type") != "hidden" {
			d.fields = append(d.fields, n)
		}
	case "a":
		if target, ok := strings.CutPrefix(attr(n, "href"), "#"); ok {
			d.refs = append(d.refs, target)
		}
	case "img":
		d.faults = append(d.faults, "image")
	}
	for _, a := range n.Attr {
		switch {
		case a.Key == "id":
			d.ids[a.Val]++
		case a.Key == "aria-describedby", a.Key == "aria-labelledby":
			d.refs = append(d.refs, strings.Fields(a.Val)...)
		case a.Key == "style", strings.HasPrefix(a.Key, "on"):
			d.faults = append(d.faults, "inline "+a.Key)
		case strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:"):
			d.faults = append(d.faults, "script in "+a.Key)
		}
	}
}

// I219: every page, and every title its own.
func TestMarkup_everyPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Demo = true })
	w.core.draft = "un brouillon"
	titles := map[string]string{}
	for _, visit := range [][2]string{
		{"", "/"},
		{"", "/accessibilite"},
		{"", "/clinique"},
		{"", "/developpeurs"},
		{"", "/nowhere"},
		{patientKey, "/messages"},
		{patientKey, "/messages?suite=bmV4dA"},
		{patientKey, "/messages/a1open"},
		{patientKey, "/messages/a1ended"},
		{patientKey, "/contacts"},
		{patientKey, "/contacts/a1xpair/bloquer"},
		{patientKey, connectionsPath},
		{proKey, "/pro"},
		{proKey, "/pro?suite=x"},
		{twoBoxes, "/clinique?suite=x"},
		{proKey, "/pro/echanges/a1xpair/fin"},
		{proKey, "/clinique/venues/" + string(visitKey)},
		{patientKey, "/pro"},
		{proKey, "/messages"},
	} {
		got := w.visit(visit[0], visit[1])
		checkMarkup(t, visit[1], got.body)
		_, after, _ := strings.Cut(string(got.body), "<title>")
		title, _, _ := strings.Cut(after, "</title>")
		if other, twice := titles[title]; twice {
			t.Errorf("%s and %s have the title %s", visit[1], other, title)
		}
		titles[title] = visit[1]
		if got.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %s", visit[1], got.header.Get("Content-Type"))
		}
		if got.status != http.StatusOK && got.status != http.StatusForbidden && got.status != http.StatusNotFound {
			t.Errorf("%s: %d", visit[1], got.status)
		}
		got.has("Démonstration.").lacks("'</", "n'a", "l'é", "d'u") // French apostrophes are U+2019
	}
}
