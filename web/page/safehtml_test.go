package page

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// R106, I203: what a message says stays inside its frame.
func TestContain_neverEscapesItsFrame(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`</div></div></main><h1>Votre session a expiré</h1>`,
		`<div><div><p>ouvert`,
		`</article><form action="https://x.example/"><input name=p><button>Envoyer</button></form>`,
		`<script>alert(1)</script><style>*{display:none}</style>`,
		`<p style="position:fixed" class="banner" id="contenu" onclick="x()">a</p>`,
		`<a href="javascript:alert(1)">a</a><a href="data:text/html,x">b</a><a href=" jAvAsCrIpT:x">c</a>`,
		`<img src=x onerror=alert(1)><svg onload=alert(1)><math><mtext></mtext></math></svg>`,
		`<table><tr><td></table></td></div>after`,
		`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`,
		`<!--><script>x</script>--><![CDATA[</div>]]>`,
		`<iframe srcdoc="<script>x</script>"></iframe><base href="//x"><meta http-equiv=refresh content=0>`,
		`<template><div></template></div></template>`,
		`<a href="https://x.example/"><a href="https://y.example/">nested</a></a>`,
		"\x00<\x00script>alert(1)</script>",
		`<img src="https://x.example/a.png"><img src="data:image/svg+xml;base64,AAAA"><img src="data:text/html;base64,AAAA">`,
		`<img src="data:image/png;base64,AAAA" onerror="x()" srcset="https://x.example/a 2x" style="position:fixed" width="100%">`,
		`<a href="data:image/png;base64,AAAA">a</a>`,
	} {
		out := string(contain(messagePolicy(), in))
		checkContained(t, in, out)
	}
}

// FuzzContain checks the same law on any markup.
func FuzzContain(f *testing.F) {
	for _, seed := range []string{`</div>`, `<p><div></p>`, `<table></div>`, `<svg><style><p>`, `<h1>a</h1><ul><li><a href="https://a.fr">b`} {
		f.Add(seed)
	}
	p := messagePolicy()
	f.Fuzz(func(t *testing.T, in string) { checkContained(t, in, string(contain(p, in))) })
}

// checkContained parses the markup between two marks of ours, as a browser does, and looks whether the
// frame still holds all of it and nothing active.
func checkContained(t *testing.T, in, out string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(`<body><main><div class="frame">` + out + `</div><hr class="after"></main>`))
	if err != nil {
		t.Fatal(err)
	}
	main := doc.FirstChild.LastChild.FirstChild
	if main.Data != "main" || main.FirstChild.Data != "div" || main.FirstChild.NextSibling == nil ||
		main.FirstChild.NextSibling.Data != "hr" || main.FirstChild.NextSibling != main.LastChild {
		t.Fatalf("%q leaves its frame: %q", in, out)
	}
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			checkElement(t, in, n)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	for c := main.FirstChild.FirstChild; c != nil; c = c.NextSibling {
		walk(c)
	}
}

func checkElement(t *testing.T, in string, n *html.Node) {
	t.Helper()
	switch n.Data {
	case "script", "style", "form", "input", "button", "iframe", "object", "svg", "math", "base", "meta", "link",
		"template", "noscript", "h1", "h2":
		t.Fatalf("%q keeps <%s>", in, n.Data)
	}
	for _, a := range n.Attr {
		scheme, _, found := strings.Cut(strings.ToLower(a.Val), ":")
		switch {
		case a.Key == "rel", a.Key == "target":
		case n.Data == "img" && a.Key == "src":
			if !strings.HasPrefix(a.Val, "data:image/") || strings.Contains(a.Val, "svg") {
				t.Fatalf("%q loads %q", in, a.Val)
			}
		case n.Data == "img" && (a.Key == "alt" || a.Key == "width" || a.Key == "height"):
		case a.Key != "href":
			t.Fatalf("%q keeps attribute %s", in, a.Key)
		case found && !strings.ContainsAny(scheme, "/?#") && scheme != "http" && scheme != "https" && scheme != "mailto" && scheme != "tel":
			t.Fatalf("%q keeps scheme %q", in, scheme)
		}
	}
}

func TestContain_keepsStructureAndLinks(t *testing.T) {
	t.Parallel()
	in := `<h1>Titre</h1><p>Bonjour <b>vous</b>,<br>voir <a href="https://sante.example/x">ici</a>.</p><ul><li>un</li></ul>`
	want := `<h3>Titre</h3><p>Bonjour <b>vous</b>,<br/>voir ` +
		`<a href="https://sante.example/x" rel="nofollow noreferrer noopener" target="_blank">ici</a>.</p><ul><li>un</li></ul>`
	if got := string(contain(messagePolicy(), in)); got != want {
		t.Errorf("got %s", got)
	}
}

// R33: a picture that came with the message stands in it, with its description.
func TestContain_keepsPicturesOfTheMessage(t *testing.T) {
	t.Parallel()
	in := `<p><img src="data:image/png;base64,iVBORw0KGgo=" alt="logo" width="20"/></p>`
	if got := string(contain(messagePolicy(), in)); got != in {
		t.Errorf("got %s", got)
	}
}
