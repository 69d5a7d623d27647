package mail

import (
	"bytes"
	"encoding/base64"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Bounds of the pictures that are shown inside the HTML of one message. A picture beyond them is still
// offered as an attachment.
const (
	maxPicture  = 512 << 10 // octets of one
	maxPictures = 1 << 20   // octets of all that are kept, and of all that are written into pages
	maxAsked    = 1000      // pictures that pages ask for
	maxPixels   = 20 << 20  // of one: a small file can name a size that takes all memory to draw
)

// pictureScheme begins the address of a picture between the reading of a page and the end of the
// message, when the parts that hold the pictures are known. After it stands a number of [pictures].
const pictureScheme = "cid:"

// pictures gathers the pictures that pages show and the parts that hold them (RFC 2392), in whatever
// order they come. The pages carry them as data: addresses in the end: the HTML is then complete by
// itself wherever it is shown, and a page that shows it need not allow any load.
type pictures struct {
	asked  []string          // per number, the Content-ID asked for; empty when its octets came in the page
	inPage map[int][]byte    // per number, octets that came in the page
	parts  map[string][]byte // by Content-ID
	kept   int               // octets in parts and inPage
	shown  int               // octets written into pages, the same picture as often as it is
}

// number takes the address of a picture and returns the one to write in its stead. It is empty for a
// picture that cannot be shown; own tells that it would have been part of the message.
func (p *pictures) number(src string) (address string, own bool) {
	scheme, rest, _ := strings.Cut(strings.Trim(src, asciiSpace), ":")
	id, octets, ok := "", []byte(nil), true
	switch strings.ToLower(scheme) {
	case "cid":
		id = contentID(rest)
	case "data":
		octets, ok = dataOctets(rest)
	default:
		return "", false
	}
	if !ok || len(p.asked) == maxAsked {
		return "", true
	}
	p.asked = append(p.asked, id)
	if n := len(p.asked) - 1; p.fits(octets) {
		if p.inPage == nil {
			p.inPage = map[int][]byte{}
		}
		p.inPage[n] = octets
		p.kept += len(octets)
	}
	return pictureScheme + strconv.Itoa(len(p.asked)-1), true
}

// dataOctets decodes what follows the colon of a data: address in base64 (RFC 2397).
func dataOctets(rest string) ([]byte, bool) {
	head, encoded, ok := strings.Cut(rest, ",")
	if !ok || len(encoded) > base64.StdEncoding.EncodedLen(maxPicture) || !strings.HasSuffix(strings.ToLower(head), ";base64") {
		return nil, false
	}
	return decodeWordBase64(strings.Join(strings.Fields(encoded), ""))
}

// contentID reads a Content-ID as a field or an address writes it. Addresses escape some octets.
func contentID(s string) string {
	s = string(unescape([]byte(strings.Trim(s, asciiSpace)), '%'))
	return strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">")
}

// add keeps a part that a page may show. Of two with one Content-ID the first counts.
func (p *pictures) add(id string, octets []byte) {
	if _, known := p.parts[id]; known || !p.fits(octets) {
		return
	}
	if p.parts == nil {
		p.parts = map[string][]byte{}
	}
	p.parts[id] = octets
	p.kept += len(octets)
}

// fits reports whether octets are a picture that may be shown.
func (p *pictures) fits(octets []byte) bool {
	return len(octets) <= maxPicture && p.kept+len(octets) <= maxPictures && pictureType(octets) != ""
}

// pictureType tells the media type of a picture by its octets, whatever its header says; empty for
// anything that browsers do not draw, that could hold a script, or that is too large to draw.
func pictureType(octets []byte) string {
	mediaType := http.DetectContentType(octets)
	var width, height int
	switch mediaType {
	case "image/png":
		if c, err := png.DecodeConfig(bytes.NewReader(octets)); err == nil {
			width, height = c.Width, c.Height
		}
	case "image/jpeg":
		if c, err := jpeg.DecodeConfig(bytes.NewReader(octets)); err == nil {
			width, height = c.Width, c.Height
		}
	case "image/gif":
		if c, err := gif.DecodeConfig(bytes.NewReader(octets)); err == nil {
			width, height = c.Width, c.Height
		}
	}
	if width <= 0 || height <= 0 || height > maxPixels/width {
		return ""
	}
	return mediaType
}

// of returns the picture with a number as a data: address. It is empty when the message does not hold
// it, and when too many were written: one picture may be asked for a thousand times.
func (p *pictures) of(src string) string {
	n, err := strconv.Atoi(strings.TrimPrefix(src, pictureScheme))
	if err != nil || n < 0 || n >= len(p.asked) {
		return ""
	}
	octets := p.inPage[n]
	if id := p.asked[n]; id != "" {
		octets = p.parts[id]
	}
	if len(octets) == 0 || p.shown+len(octets) > maxPictures {
		return ""
	}
	p.shown += len(octets)
	return "data:" + pictureType(octets) + ";base64," + base64.StdEncoding.EncodeToString(octets)
}

// fill writes the pictures into sanitised HTML. One that the message does not hold becomes its
// description, and missing is set. Links that name a picture go, only pictures may.
func (p *pictures) fill(sanitised string) (filled string, missing bool) {
	if !strings.Contains(sanitised, pictureScheme) && !strings.Contains(sanitised, "<img") {
		return sanitised, false
	}
	frame := &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}
	nodes, err := html.ParseFragment(strings.NewReader(sanitised), frame)
	if err != nil {
		return "", true
	}
	for _, n := range nodes {
		frame.AppendChild(n)
	}
	for n := range frame.Descendants() {
		switch n.DataAtom {
		case atom.Img:
			src := p.of(attribute(n, "src"))
			if src == "" {
				missing = true
				describePicture(n)
				continue
			}
			setAttribute(n, "src", src)
		case atom.A:
			if strings.HasPrefix(attribute(n, "href"), pictureScheme) {
				n.Attr = nil
			}
		default:
		}
	}
	var b strings.Builder
	for n := range frame.ChildNodes() {
		if err := html.Render(&b, n); err != nil {
			return "", true
		}
	}
	return b.String(), missing
}

// describePicture turns a picture into the text that stands for it.
func describePicture(n *html.Node) {
	n.Type, n.DataAtom, n.Data = html.TextNode, 0, attribute(n, "alt")
	n.Attr = nil
}

// setAttribute sets an attribute that n has, or adds it.
func setAttribute(n *html.Node, key, value string) {
	for i := range n.Attr {
		if n.Attr[i].Key == key {
			n.Attr[i].Val = value
			return
		}
	}
	n.Attr = append(n.Attr, html.Attribute{Key: key, Val: value})
}
