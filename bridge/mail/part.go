package mail

import (
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
	kept pieces
}

func (h *held) Write(p []byte) (int, error) {
	if !h.sure && h.leaf.leaf.fault != faultBoundary && h.leaf.octets > h.room {
		h.sure = true
	}
	if !h.sure {
		h.kept.add(p)
		return len(p), nil
	}
	if err := h.release(); err != nil {
		return 0, err
	}
	return h.out.Write(p)
}

// release writes what was kept.
func (h *held) release() error {
	kept := h.kept
	h.kept = nil
	for _, p := range kept {
		if _, err := h.out.Write(p); err != nil {
			return err
		}
	}
	return nil
}

// pieceSize is the room of one of pieces, in octets.
const pieceSize = 64 << 10

// pieces are octets in pieces of one size, so that keeping n of them takes little more than n.
type pieces [][]byte

func (b *pieces) add(p []byte) {
	for len(p) > 0 {
		if n := len(*b); n == 0 || len((*b)[n-1]) == pieceSize {
			*b = append(*b, make([]byte, 0, pieceSize))
		}
		last := &(*b)[len(*b)-1]
		n := min(len(p), pieceSize-len(*last))
		*last = append(*last, p[:n]...)
		p = p[n:]
	}
}
