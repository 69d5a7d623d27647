package mail

import (
	"bytes"
	"errors"
	"io"
)

// errFound ends a walk early.
var errFound = errors.New("attachment found")

// Part implements [conversations.Mail]: it streams the decoded octets of one attachment of [Codec.View]
// and stops reading there, or those of a file that a document of an attachment embeds. It fails with ErrNoPart when there is no such attachment, and with the
// error of raw or of out.
//
// Nothing is kept in memory, but for parts of which only their end tells whether they are an
// attachment at all: text in doubt, up to MaxTextBytes, and the octets of a multipart whose boundary
// never comes.
func (c *Codec) Part(raw io.Reader, index int, out io.Writer) error {
	if e, ok := splitEmbedded(index); ok {
		return c.embedded(raw, e, out)
	}
	x := &extractor{tally: tally{limit: c.limits.MaxTextBytes}, index: index, out: out}
	err := c.walk(raw, x)
	switch {
	case errors.Is(err, errFound):
		return nil
	case err == nil:
		return ErrNoPart
	}
	return err
}

// extractor writes one attachment while a message passes.
type extractor struct {
	tally tally
	index int
	out   io.Writer
	leaf  *content
	held  *held // decoded octets of the leaf when it may be the one
}

func (x *extractor) header([]byte, []field, bool) error { return nil }
func (x *extractor) drop()                              {}

// begin implements visitor.
func (x *extractor) begin(l *leaf) io.Writer {
	x.held = nil
	if x.tally.offered != x.index {
		x.leaf = newContent(l, nil)
		return x.leaf
	}
	x.held = &held{out: x.out, sure: l.role == roleFile || l.named(), room: x.tally.room(l)}
	x.leaf = newContent(l, x.held)
	x.held.leaf = x.leaf
	return x.leaf
}

// end implements visitor.
func (x *extractor) end() error {
	if err := x.leaf.close(); err != nil {
		return err
	}
	offered := x.tally.judge(x.leaf)
	if x.held == nil || !offered {
		return nil
	}
	if err := x.held.release(); err != nil {
		return err
	}
	return errFound
}

// held keeps decoded octets back until it is sure that they are wanted.
type held struct {
	out  io.Writer
	leaf *content
	room int64 // encoded octets beyond which text is an attachment
	sure bool
	kept bytes.Buffer
}

func (h *held) Write(p []byte) (int, error) {
	if !h.sure && h.leaf.leaf.fault != faultBoundary && h.leaf.octets > h.room {
		h.sure = true
	}
	if !h.sure {
		return h.kept.Write(p)
	}
	if err := h.release(); err != nil {
		return 0, err
	}
	return h.out.Write(p)
}

// release writes what was kept.
func (h *held) release() error {
	_, err := h.kept.WriteTo(h.out)
	return err
}
