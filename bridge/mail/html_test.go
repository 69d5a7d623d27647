package mail

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// showHTML gives the HTML form of a page as a patient gets it.
func showHTML(t *testing.T, source string) string {
	t.Helper()
	v := view(t, wire("From: <a@v.fr>\nContent-Type: text/html; charset=utf-8\n\n"+source+"\n"))
	return v.HTML
}

// TestHTML_hostilePages_areHarmless covers R33, I203: no script, style, form, frame, remote load, base or
// refresh survives, in whatever disguise.
func TestHTML_hostilePages_areHarmless(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		`<p>x</p><script>alert(1)</script>`,
		`<p>x</p><SCRIPT SRC=//mal.example/x.js></SCRIPT>`,
		`<p>x</p><scr<script>ipt>alert(1)</scr</script>ipt>`,
		`<p onclick="alert(1)" onmouseover=alert(1)>x</p>`,
		`<p>x</p><img src=x onerror=alert(1)>`,
		`<p>x</p><svg onload=alert(1)><a xlink:href="javascript:alert(1)">x</a></svg>`,
		`<p>x</p><math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
		`<p>x</p><noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>`,
		`<p>x</p><iframe src="https://mal.example"></iframe><frame src=x><object data=x></object><embed src=x>`,
		`<p>x</p><form action="https://mal.example"><input name=p><button formaction="javascript:alert(1)">y</button></form>`,
		`<p>x</p><base href="https://mal.example/"><meta http-equiv=refresh content="0;url=https://mal.example">`,
		`<p>x</p><link rel=stylesheet href="https://mal.example/x.css"><style>@import "https://mal.example/x.css"</style>`,
		`<p style="background:url(https://mal.example/x)" class="page" id="main">x</p>`,
		`<p>x</p><a href="javascript:alert(1)">y</a><a href=" jav&#x0A;ascript:alert(1)">y</a><a href="data:text/html,x">y</a>`,
		`<p>x</p><a href="vbscript:x">y</a><a href="file:///etc/passwd">y</a><a href="/relative">y</a><a href="//mal.example">y</a><a href="https:///x">y</a>`,
		`<p>x</p><video src="https://mal.example/x"><source src=x></video><audio src=x></audio><picture><source srcset=x></picture>`,
		`<p>x</p><table background="https://mal.example/x"><tr><td background=x>y</table>`,
		`<p>x</p><body background="https://mal.example/x" onload=alert(1)>`,
		`<p>x</p><textarea><script>alert(1)</script></textarea><xmp><script>alert(1)</script></xmp>`,
		`<p>x</p><template><script>alert(1)</script></template>`,
		`<p>x<![CDATA[<script>alert(1)</script>]]></p><!--><script>alert(1)</script>-->`,
		`<p>x</p><plaintext><script>alert(1)</script>`,
		"<p>x</p><a\x00href=javascript:alert(1)>y</a><\x00script>alert(1)</script>",
	} {
		got := showHTML(t, source)
		if !strings.Contains(got, "<p>x") {
			t.Errorf("the text is lost:\n%s\n%s", source, got)
		}
		checkHarmless(t, source, got)
	}
}

// checkHarmless parses what is shown as a browser does and looks at every element and attribute.
func checkHarmless(t testing.TB, source, shown string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(shown))
	if err != nil {
		t.Errorf("what is shown of %q cannot be parsed: %v", source, err)
		return
	}
	allowed := " html head body p div br hr blockquote pre code h1 h2 h3 h4 h5 h6 b strong i em u s del ins sub sup" +
		" small ul ol li dl dt dd table caption thead tbody tfoot tr th td a img "
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if !strings.Contains(allowed, " "+n.Data+" ") {
			t.Errorf("element %s is shown of %q", n.Data, source)
		}
		for _, a := range n.Attr {
			checkAttribute(t, n, a)
		}
	}
}

func checkAttribute(t testing.TB, n *html.Node, a html.Attribute) {
	t.Helper()
	switch a.Key {
	case "href":
		if n.Data != "a" || !strings.HasPrefix(a.Val, "http://") && !strings.HasPrefix(a.Val, "https://") && !strings.HasPrefix(a.Val, "mailto:") {
			t.Errorf("link to %q", a.Val)
		}
		for _, rel := range []string{"nofollow", "noreferrer"} {
			if !strings.Contains(attribute(n, "rel"), rel) {
				t.Errorf("link to %q without %s", a.Val, rel)
			}
		}
		if !strings.HasPrefix(a.Val, "mailto:") && !strings.Contains(attribute(n, "rel"), "noopener") {
			t.Errorf("link to %q without noopener", a.Val)
		}
	case "src":
		if n.Data != "img" || !regexp.MustCompile(`^data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/]+=*$`).MatchString(a.Val) {
			t.Errorf("%s loads %q", n.Data, a.Val)
		}
	case "width", "height", "alt":
		if n.Data != "img" {
			t.Errorf("attribute %s=%q on %s", a.Key, a.Val, n.Data)
		}
	case "rel", "target", "colspan", "rowspan", "align", "dir", "start":
	default:
		t.Errorf("attribute %s=%q on %s", a.Key, a.Val, n.Data)
	}
}

// TestHTML_strayEndTags_stayInside: a message cannot close the elements of the page around it.
func TestHTML_strayEndTags_stayInside(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		`</div></div></main><h1>Faux bandeau</h1>`,
		`<div><div><p>x`,
		`</p></td></tr></table>x<table><tr><td>y`,
		`<b><p>x</b>y</p></div>`,
	} {
		shown := showHTML(t, source)
		depth := 0
		z := html.NewTokenizer(strings.NewReader(shown))
		for z.Next() != html.ErrorToken {
			switch tok := z.Token(); tok.Type {
			case html.StartTagToken:
				depth++
			case html.EndTagToken:
				if depth--; depth < 0 {
					t.Errorf("%q closes what it did not open: %q", source, shown)
				}
			default:
			}
		}
		if depth != 0 {
			t.Errorf("%q leaves %d elements open: %q", source, depth, shown)
		}
	}
}

// TestHTML_text gives the text of pages, for readers who see text only.
func TestHTML_text(t *testing.T) {
	t.Parallel()
	check := func(source, want string) {
		t.Helper()
		v := view(t, wire("From: <a@v.fr>\nContent-Type: text/html; charset=utf-8\n\n"+source+"\n"))
		if v.Text != want {
			t.Errorf("%s:\ngot  %q\nwant %q", source, v.Text, want)
		}
	}
	check(`<p>un</p><p>deux<br>trois</p>`, "un\n\ndeux\ntrois")
	check("<div>un\n  <b>deux</b>,\ttrois</div>quatre", "un deux, trois\nquatre")
	check(`<ul><li>a<li>b</ul><ol><li>c</ol>`, "- a\n- b\n- c")
	check(`<table><tr><td>Glyc&eacute;mie</td><td>0,95</td></tr><tr><td>HbA1c</td><td>5,4 %</td></tr></table>`, "Glycémie 0,95\nHbA1c 5,4 %")
	check(`<a href="https://x.example/a">le plan</a> et <a href="https://x.example/b">https://x.example/b</a>`,
		"le plan (https://x.example/a) et https://x.example/b")
	check(`<a href="mailto:x@y">écrire</a> <a href="javascript:x">rien</a>`, "écrire rien")
	check("<pre>a\n  b</pre>c", "a\n  b\nc")
	check(`<style>x</style><title>y</title><script>z</script><p>reste</p>`, "reste")
	check(`avant<img src=x alt="une image">après`, "avantune imageaprès")
	check(`<p></p><div>  </div>`, "")
}

// TestHTML_tooDeep_fallsBackToText: pages that the parser refuses still show their text.
func TestHTML_tooDeep_fallsBackToText(t *testing.T) {
	t.Parallel()
	v := view(t, wire("From: <a@v.fr>\nContent-Type: text/html\n\n"+strings.Repeat("<div>", 5000)+"Important<script>x</script>\n"))
	if v.HTML != "" || v.Text != "Important" || len(v.Notices) != 1 || v.Notices[0] != noticeHTML {
		t.Errorf("text %q, HTML %q, notices %q", v.Text, v.HTML, v.Notices)
	}
}

// TestHTML_tooDeep_besideAnother: a page that the parser refuses is not lost beside one that it reads.
func TestHTML_tooDeep_besideAnother(t *testing.T) {
	t.Parallel()
	const part = "--b\nContent-Type: text/html\n\n"
	deep := part + strings.Repeat("<div>", 5000) + "Important\n"
	for _, parts := range []string{deep + part + "<p>Suite</p>\n", part + "<p>Suite</p>\n" + deep} {
		v := view(t, wire("From: <a@v.fr>\nContent-Type: multipart/alternative; boundary=b\n\n"+parts+"--b--\n"))
		if !strings.Contains(v.HTML, "<div>Important</div>") || !strings.Contains(v.HTML, "<p>Suite</p>") || !strings.Contains(v.Text, "Important") {
			t.Errorf("text %q, HTML %q", v.Text, v.HTML)
		}
	}
}

// TestHTML_tangled_staysSmall: elements that are never closed do not multiply.
func TestHTML_tangled_staysSmall(t *testing.T) {
	t.Parallel()
	var open strings.Builder
	for i := range 400 {
		fmt.Fprintf(&open, "<b x=%d>", i)
	}
	for name, page := range map[string]string{
		"attributes": "<p>" + open.String() + "</p>" + strings.Repeat("<p>x</p>", 20_000),
		"elements":   "<p>" + strings.Repeat("<b><i><u><s><em><tt><big><code><font><small>", 3) + "</p>" + strings.Repeat("<p>x</p>", 100_000),
		"breaks":     "<div>" + open.String() + "</div>" + strings.Repeat("<div><br></div>", 20_000),
		"adoption":   strings.Repeat("<b><div>", 200) + strings.Repeat("</b>x", 100_000),
		"links":      strings.Repeat("<p><a href=https://x.example>", 30_000),
	} {
		v := view(t, wire("From: <a@v.fr>\nContent-Type: text/html\n\n"+page+"\n"))
		if len(v.HTML) > 20*len(page) || v.HTML == "" && len(v.Notices) == 0 {
			t.Errorf("%s: %d octets became %d, notices %q", name, len(page), len(v.HTML), v.Notices)
		}
	}
	// Careless pages are not taken for hostile ones.
	careless := strings.Repeat("<p><font size=2><b>Bonjour<p>Suite</font><table><tr><td><font><b>1</td><td>2</table>", 40)
	if v := view(t, wire("From: <a@v.fr>\nContent-Type: text/html\n\n"+careless+"\n")); v.HTML == "" {
		t.Errorf("notices %q", v.Notices)
	}
}

// FuzzHTML checks that nothing harmful is shown, whatever the page.
func FuzzHTML(f *testing.F) {
	f.Add([]byte(`<p>x<script>alert(1)</script><a href="https://x">y</a></div>`))
	f.Add([]byte(`<svg><style><!--</style><img src=x onerror=alert(1)>`))
	f.Add([]byte(`<table><tr><td><form><input></table><b><p></b>`))
	c := NewCodec(DefaultLimits())
	f.Fuzz(func(t *testing.T, page []byte) {
		raw := append([]byte("Content-Type: text/html; charset=utf-8\r\n\r\n"), page...)
		v, err := c.View(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		checkHarmless(t, string(page), v.HTML)
	})
}
