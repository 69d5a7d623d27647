package mail

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/microcosm-cc/bluemonday"

	"mesbridge/bridge/xdm"
	"mesbridge/conversations"
)

// Codec reads stored messages for display and composes new ones. It is safe for concurrent use.
type Codec struct {
	limits    Limits
	display   *bluemonday.Policy
	documents *xdm.Reader
	fetching  chan struct{} // a place for each embedded file on its way
}

var _ conversations.Mail = (*Codec)(nil)

// NewCodec returns a Codec. Give it the limits that Intake had, or the attachments may not agree.
func NewCodec(limits Limits) *Codec {
	return &Codec{
		limits: limits, display: displayPolicy(), documents: newDocuments(), fetching: make(chan struct{}, maxEmbedded),
	}
}

// View implements [conversations.Mail]. It fails only when raw cannot be read to its end.
//
// Parts that are shown are put together in the order they stand: Text always holds all of them, HTML
// holds all of them when any is HTML, and is empty otherwise. Of a multipart/alternative, Text takes
// the plain form and HTML the other one.
func (c *Codec) View(raw io.Reader) (conversations.View, error) {
	v := &viewer{codec: c, tally: tally{limit: c.limits.MaxTextBytes}, documents: documents{Message: c.documents.Message()}}
	defer v.documents.Close()
	if err := c.walk(raw, v); err != nil {
		return conversations.View{}, err
	}
	v.fillPictures()
	v.view.Text, v.view.HTML = assemble(v.shown)
	v.view.Notices = v.notices
	return v.view, nil
}

// walk takes a visitor through a whole message.
func (c *Codec) walk(raw io.Reader, v visitor) error {
	w := newWalker(c.limits, false, v)
	if _, err := io.Copy(w, raw); err != nil {
		return fmt.Errorf("walk message: %w", err)
	}
	return w.Close()
}

// viewer builds a view while a message passes.
type viewer struct {
	codec   *Codec
	tally   tally
	view    conversations.View
	notices notices
	shown   []passage
	pics    pictures

	documents documents

	leaf *content
	sum  hash.Hash // of the decoded octets of the leaf
	size counter   // of the same
	kept *capped   // the same, as far as they are shown
}

// header implements visitor.
func (v *viewer) header(_ []byte, _ []field, damaged bool) error {
	if damaged {
		v.notices.add(noticeHeader)
	}
	return nil
}

// begin implements visitor.
func (v *viewer) begin(l *leaf) io.Writer {
	v.sum, v.size, v.kept = sha256.New(), 0, &capped{room: v.tally.room(l)}
	if l.role == roleFile && l.contentID != "" {
		v.kept.room = maxPicture + 1
	}
	v.leaf = newContent(l, v.documents.begin(l, io.MultiWriter(v.sum, &v.size, v.kept)))
	return v.leaf
}

// drop implements visitor.
func (v *viewer) drop() {}

// end implements visitor.
func (v *viewer) end() error {
	if err := v.leaf.close(); err != nil {
		return err
	}
	room := v.tally.room(v.leaf.leaf)
	if v.tally.judge(v.leaf) {
		v.attach()
	}
	switch l := v.leaf.leaf; {
	case l.role != roleFile:
		v.show(room)
	case l.contentID != "":
		v.pics.add(l.contentID, v.kept.octets)
	}
	return nil
}

// attach lists the leaf that just ended as an attachment.
func (v *viewer) attach() {
	l := v.leaf.leaf
	p := conversations.Part{
		Index: len(v.view.Attachments), Name: l.name(v.tally.offered), Type: l.mediaType, Bytes: int64(v.size),
	}
	v.sum.Sum(p.SHA256[:0])
	v.documents.describe(&p, &v.notices)
	v.view.Attachments = append(v.view.Attachments, p)
	if l.role != roleFile {
		return
	}
	switch {
	case l.fault == faultLimit:
		v.notices.add(noticeLimit)
	case l.fault == faultEncoding:
		v.notices.add(noticeUnknownFile(p.Name))
	case v.leaf.damaged():
		v.notices.add(noticeDamagedFile(p.Name))
	}
	v.notices.add(l.formatNotice())
}

// show adds the leaf that just ended to what is shown, and tells what is wrong with it. room is how
// many of its octets may be shown.
func (v *viewer) show(room int64) {
	l := v.leaf.leaf
	if !v.leaf.visible {
		return
	}
	switch {
	case l.fault == faultBoundary:
		v.notices.add(noticeBoundary)
	case l.fault == faultEncoding:
		v.notices.add(noticeEncoding)
	case v.leaf.damaged():
		v.notices.add(noticeDamaged)
	}
	if v.leaf.octets > room {
		v.notices.add(noticeLong)
	}
	var p passage
	var sure bool
	if l.role == roleHTML {
		p, sure = v.readPage()
	} else {
		p.text, sure = toUTF8(v.kept.octets, l.params.token("charset"))
		p.text = cleanText(readFlow(l.params).join(cleanText(p.text)))
	}
	if !sure {
		v.notices.add(noticeCharset)
	}
	p.alternative = l.alternative
	v.shown = place(v.shown, p)
}

// readPage reads the HTML leaf that just ended.
func (v *viewer) readPage() (p passage, sure bool) {
	source, sure := htmlSource(v.kept.octets, v.leaf.leaf)
	read, err := readHTML(source, &v.pics)
	if read.images {
		v.notices.add(noticeImages)
	}
	if read.missing {
		v.notices.add(noticePictures)
	}
	if err != nil {
		v.notices.add(noticeHTML)
	}
	p.spoken = cleanText(read.text)
	if p.spoken != "" || read.inside {
		p.html = strings.TrimSpace(v.codec.display.Sanitize(read.source))
	}
	return p, sure
}

// fillPictures writes the pictures into the pages, now that all parts have passed.
func (v *viewer) fillPictures() {
	for i := range v.shown {
		filled, missing := v.pics.fill(v.shown[i].html)
		v.shown[i].html = filled
		if missing {
			v.notices.add(noticePictures)
		}
	}
}
