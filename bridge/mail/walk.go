package mail

import (
	"bytes"
	"io"
	"strings"
)

// visitor is told what a walk finds, in the order of the message.
type visitor interface {
	// header gets the message's own header block and its fields, valid during the call only.
	header(block []byte, fields []field, damaged bool) error
	// begin starts a leaf and returns where its encoded octets go; nil to skip them.
	begin(l *leaf) io.Writer
	// end ends the leaf begun last.
	end() error
	// drop forgets the leaf begun last: it was the preamble of a multipart, which no one is meant to
	// read (RFC 2046 section 5.1.1).
	drop()
}

// walker takes a message in chunks of any size and splits it into leaves, in one pass, in linear time
// and without recursion. Line ends may be CRLF or LF. It keeps one header block, the boundaries of
// the open multiparts and at most one line that may be a delimiter.
type walker struct {
	limits Limits
	strict bool // exceeding a limit is an error; otherwise the rest becomes one leaf
	visit  visitor
	err    error

	inHeader bool
	block    []byte  // header block being gathered
	line     int     // offset of its unfinished line
	fields   []field // reused between headers

	parts    int
	groups   int // multipart/alternatives so far
	levels   []level
	open     bool // a leaf is open
	preamble bool // and it is the preamble of the innermost level
	sink     io.Writer

	carry []byte // octets that may begin a delimiter, from its preceding line end
	ghost int    // how many of the first octets of carry stand for a line end that was never there
}

// level is one multipart that the walk is in.
type level struct {
	delimiter   []byte // two hyphens and the boundary
	fallback    string // media type of its parts without one
	alternative int
	closed      bool // its closing delimiter was seen
}

// Room for the header of most messages, in octets and in fields.
const (
	usualHeader = 2 << 10
	usualFields = 24
)

// Bounds of a delimiter line, in octets. RFC 2046 allows a boundary of 70.
const (
	maxBoundary  = 990
	maxDelimiter = 1100
)

func newWalker(limits Limits, strict bool, v visitor) *walker {
	return &walker{
		limits: limits, strict: strict, visit: v, inHeader: true,
		block:  make([]byte, 0, usualHeader),
		fields: make([]field, 0, usualFields),
	}
}

// Write walks over p. It fails with the first error of the visitor or of the limits, for good.
func (w *walker) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && w.err == nil {
		if w.inHeader {
			p = w.gather(p)
		} else {
			p = w.scan(p)
		}
	}
	if w.err != nil {
		return 0, w.err
	}
	return n, nil
}

// Close ends the message: what is open is ended as it stands.
func (w *walker) Close() error {
	for w.err == nil && (w.inHeader || len(w.carry) > 0) {
		switch {
		case w.inHeader:
			w.endHeader()
		case isCandidate(w.carry) && w.delimit():
		default:
			w.release()
		}
	}
	w.endLeaf(false)
	return w.err
}

// fail keeps the first error.
func (w *walker) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// gather takes one line of a header, or what there is of it, and returns the rest of p.
func (w *walker) gather(p []byte) []byte {
	n := lineLength(p)
	w.block = append(w.block, p[:n]...)
	line := w.block[w.line:]
	switch {
	case len(w.block) > w.limits.MaxHeaderBytes && w.strict:
		w.fail(ErrHeaderTooLarge)
	case p[n-1] == '\n' && (isBlank(line) || bytes.HasPrefix(line, []byte("--"))),
		len(w.block) > w.limits.MaxHeaderBytes:
		w.endHeader()
	case p[n-1] == '\n':
		w.line = len(w.block)
	}
	return p[n:]
}

// endHeader reads the gathered block and starts the part that it describes. What follows the fields
// in the block is the start of the body.
func (w *walker) endHeader() {
	fields, rest, damaged := splitHeader(w.fields[:0], w.block)
	w.fields, w.inHeader = fields, false
	if w.parts == 0 {
		if err := w.visit.header(w.block, fields, damaged); err != nil {
			w.fail(err)
			return
		}
	}
	w.startPart(fields)
	w.atLineStart()
	if rest < len(w.block) && w.err == nil {
		body := bytes.Clone(w.block[rest:]) // the block is used again for the next header
		_, _ = w.Write(body)                // w.err keeps the error
	}
}

// startPart opens the multipart or the leaf that fields describe.
func (w *walker) startPart(fields []field) {
	fallback, alternative := "text/plain", 0
	if n := len(w.levels); n > 0 {
		fallback, alternative = w.levels[n-1].fallback, w.levels[n-1].alternative
	}
	l := describe(fields, fallback)
	l.alternative = alternative
	w.parts++
	if w.parts > w.limits.MaxParts {
		w.beyond(ErrTooManyParts)
		w.levels = nil // nothing is a delimiter any more
		return
	}
	if !strings.HasPrefix(l.mediaType, "multipart/") {
		w.begin(l)
		return
	}
	boundary := strings.TrimRight(l.params.token("boundary"), asciiSpace)
	switch {
	case boundary == "" || len(boundary) > maxBoundary:
		w.begin(undivided())
	case len(w.levels) >= w.limits.MaxDepth:
		w.beyond(ErrTooDeep)
	default:
		w.push(l, boundary)
	}
}

// beyond starts a leaf that takes everything from here on as a file, or fails with err.
func (w *walker) beyond(err error) {
	if w.strict {
		w.fail(err)
		return
	}
	w.begin(&leaf{mediaType: "application/octet-stream", role: roleFile, fault: faultLimit})
}

// push enters a multipart. Its preamble is a leaf until the first part comes; without one it is all
// there is.
func (w *walker) push(l *leaf, boundary string) {
	in := level{delimiter: []byte("--" + boundary), fallback: "text/plain", alternative: l.alternative}
	switch l.mediaType {
	case "multipart/digest":
		in.fallback = "message/rfc822"
	case "multipart/alternative":
		if in.alternative == 0 {
			w.groups++
			in.alternative = w.groups
		}
	}
	w.levels = append(w.levels, in)
	w.begin(undivided())
	w.preamble = true
}

// undivided is a multipart whose parts cannot be told apart.
func undivided() *leaf {
	return &leaf{mediaType: "text/plain", role: rolePlain, fault: faultBoundary}
}

func (w *walker) begin(l *leaf) {
	w.open, w.preamble = true, false
	w.sink = w.visit.begin(l)
}

// endLeaf ends the open leaf, if any. entered tells that a part of its own multipart follows.
func (w *walker) endLeaf(entered bool) {
	if !w.open {
		return
	}
	w.open, w.sink = false, nil
	if w.preamble && entered {
		w.visit.drop()
	} else if w.err == nil {
		w.fail(w.visit.end())
	}
}

// emit hands content of the open leaf on.
func (w *walker) emit(p []byte) {
	if w.sink == nil || len(p) == 0 || w.err != nil {
		return
	}
	if _, err := w.sink.Write(p); err != nil {
		w.fail(err)
	}
}
