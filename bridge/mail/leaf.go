package mail

import (
	"bytes"
	"io"
	"strings"
)

// role is what a part is to the reader.
type role int

const (
	roleFile  role = iota // offered as an attachment
	rolePlain             // shown as text
	roleHTML              // shown as HTML
)

// fault is why a part is not what its header says.
type fault int

const (
	faultNone     fault = iota
	faultBoundary       // a multipart without a boundary, or whose boundary never comes
	faultEncoding       // an unknown transfer encoding
	faultLimit          // beyond MaxDepth or MaxParts: everything that follows, in one piece
)

// leaf is one part that holds no other parts, as its header describes it.
type leaf struct {
	mediaType   string // lower case, without parameters
	params      parameters
	disposition parameters
	contentID   string // without angle brackets; empty for none
	attached    bool   // Content-Disposition: attachment
	transfer    transfer
	role        role
	fault       fault
	alternative int // which multipart/alternative it belongs to; 0 for none
}

// describe reads the header of a part. fallback is the media type of a part that names none
// (RFC 2045 section 5.2, RFC 2046 section 5.1.5). Of fields that stand twice the first counts, but
// parameters that only the second has are taken too, and one attachment makes it an attachment.
func describe(fields []field, fallback string) *leaf {
	l := &leaf{mediaType: fallback}
	var typed, encoded bool
	for _, f := range fields {
		switch f.name {
		case "content-type":
			mediaType, params := parseStructured(unfold(f.value))
			if !typed {
				typed = true
				l.mediaType = validType(mediaType, fallback)
			}
			l.params = append(l.params, params...)
		case "content-disposition":
			kind, params := parseStructured(unfold(f.value))
			l.attached = l.attached || kind == "attachment"
			l.disposition = append(l.disposition, params...)
		case "content-id":
			l.contentID = contentID(unfold(f.value))
		case "content-transfer-encoding":
			if !encoded {
				encoded = true
				l.transfer = readTransfer(unfold(f.value))
			}
		}
	}
	l.setRole()
	return l
}

// setRole decides what the part is to the reader, from its header alone.
func (l *leaf) setRole() {
	if l.transfer == transferUnknown {
		l.fault = faultEncoding
	}
	l.role = roleFile
	switch {
	case l.attached:
	case l.mediaType == "text/plain":
		l.role = rolePlain
	case l.mediaType == "text/html":
		l.role = roleHTML
	}
}

// named reports whether a part that is shown carries a file name of its own, so that it is also
// offered under that name.
func (l *leaf) named() bool {
	for _, p := range l.disposition {
		if strings.HasPrefix(p.name, "filename") && p.value != "" {
			return true
		}
	}
	return false
}

// validType returns a media type that can be used, for one as it stands in a header: fallback when it
// is empty or the bare word text, application/octet-stream when it is not of the form type/subtype.
func validType(s, fallback string) string {
	if s == "" {
		return fallback
	}
	kind, subtype, ok := strings.Cut(s, "/")
	switch {
	case s == "text", kind == "text" && subtype == "":
		return "text/plain"
	case ok && isToken(kind) && isToken(subtype):
		return s
	}
	return "application/octet-stream"
}

// isToken reports whether s is a token of RFC 2045 section 5.1.
func isToken(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || strings.IndexByte(`()<>@,;:\"/[]?=`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// content measures the encoded octets of one leaf as they pass and decodes them.
type content struct {
	leaf    *leaf
	octets  int64 // encoded
	visible bool  // an octet other than white space or a control passed
	decoder decoder
}

// newContent decodes to dst. With a nil dst nothing is decoded but what tells whether the part is
// damaged.
func newContent(l *leaf, dst io.Writer) *content {
	c := &content{leaf: l}
	switch {
	case dst != nil:
		c.decoder = newDecoder(l.transfer, dst)
	case l.transfer == transferBase64:
		c.decoder = newDecoder(l.transfer, io.Discard)
	}
	return c
}

func (c *content) Write(p []byte) (int, error) {
	c.octets += int64(len(p))
	if !c.visible {
		c.visible = bytes.IndexFunc(p, func(r rune) bool { return r > ' ' }) >= 0
	}
	if c.decoder == nil {
		return len(p), nil
	}
	return c.decoder.Write(p)
}

// close ends the decoding.
func (c *content) close() error {
	if c.decoder == nil {
		return nil
	}
	return c.decoder.Close()
}

// damaged reports, after close, whether octets were left out in decoding.
func (c *content) damaged() bool { return c.decoder != nil && c.decoder.damaged() }

// tally decides which leaves are offered as attachments. Intake, View and Part run the same tally
// over the same walk; that is why their attachments agree.
type tally struct {
	limit   int64 // MaxTextBytes
	plain   int64 // encoded octets of plain text shown so far
	html    int64
	offered int // attachments so far
}

// room returns how many octets of l may be shown.
func (t *tally) room(l *leaf) int64 {
	switch l.role {
	case rolePlain:
		return t.limit - t.plain
	case roleHTML:
		return t.limit - t.html
	case roleFile:
	}
	return 0
}

// judge closes the account of a leaf whose last octet has passed and reports whether it is offered as
// an attachment. Text that is shown is offered too when it carries a file name, when it is too long
// to be shown whole, and when it could not be read as its header says.
func (t *tally) judge(c *content) bool {
	l, room := c.leaf, t.room(c.leaf)
	offer := l.named() || c.octets > room || c.visible && (l.fault != faultNone || c.damaged())
	switch l.role {
	case rolePlain:
		t.plain += min(c.octets, room)
	case roleHTML:
		t.html += min(c.octets, room)
	case roleFile:
		offer = true
	}
	if offer {
		t.offered++
	}
	return offer
}
