package bridge

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// frame cuts what a peer sends into commands, contents of DATA and chunks of BDAT, before go-smtp sees
// any of it. go-smtp is handed one command at a time, so that it never holds octets behind a command:
// nothing of a message can be taken for a command, nor the other way round.
type frame struct {
	in      *bufio.Reader // of the wire
	handed  []byte        // what go-smtp reads next
	chunk   int64         // octets of a chunk that go-smtp reads after it
	content *content      // of a DATA that was answered 354, until go-smtp has been told of its end
	command command       // the last one
	since   time.Time     // when waiting for the command began; zero in contents and chunks
	faults  int           // lines that were no command
}

// Bounds of commands inside TLS.
const (
	// maxCommand is the longest command line, in octets. RFC 5321 section 4.5.3.1.4 asks for 512, the
	// extensions that we offer add some 1 200 more.
	maxCommand = 2048
	maxFaults  = 10
	// frameBuffer is what is read at once, in octets: one record of TLS.
	frameBuffer = 16 << 10
)

// command is one line, without its end.
type command struct {
	verb string // upper case
	rest string // what follows the verb and a space
}

func parseCommand(line string) command {
	verb, rest, _ := strings.Cut(line, " ")
	return command{strings.ToUpper(verb), rest}
}

// newFrame begins a connection above TLS.
func (c *peerConn) newFrame() {
	c.in = bufio.NewReaderSize(&wire{peerConn: c}, frameBuffer)
}

// Read reads for go-smtp.
func (c *peerConn) Read(b []byte) (int, error) {
	if len(c.handed) == 0 && c.chunk > 0 {
		n, err := c.in.Read(b[:min(int64(len(b)), c.chunk)])
		c.chunk -= int64(n)
		return n, err
	}
	if len(c.handed) == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, c.handed)
	c.handed = c.handed[n:]
	return n, nil
}

// next finds what go-smtp reads next. Of the content of DATA, which the session has read, go-smtp gets
// the end alone; what the session left is skipped first.
func (c *peerConn) next() error {
	if c.content != nil {
		if _, err := io.Copy(io.Discard, c.content); errors.Is(err, io.ErrUnexpectedEOF) {
			return io.EOF // which the session was told of
		} else if err != nil {
			return err
		}
		c.content, c.handed = nil, []byte(".\r\n")
		return nil
	}
	c.since = c.server.Now()
	defer func() { c.since = time.Time{} }()
	for !c.ending() {
		line, answer, err := c.line()
		if err != nil {
			return err
		}
		if answer == "" {
			line, answer = c.screen(line)
		}
		if answer == "" {
			c.handed = append(line, "\r\n"...)
			return nil
		}
		c.held = append(append(c.held, answer...), "\r\n"...)
	}
	if err := c.flush(); err != nil {
		return err
	}
	return io.EOF
}

// line reads a command line and takes its end off, or gives the answer to what is none. A line ends with
// CR LF and holds neither of them, nor a NUL (RFC 5321 section 2.3.8); an LF alone ends the connection.
func (c *peerConn) line() (line []byte, answer string, err error) {
	line, err = c.in.ReadSlice('\n')
	long := len(line) > maxCommand
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		line, err = c.in.ReadSlice('\n')
	}
	if err != nil {
		return nil, "", err
	}
	text, whole := bytes.CutSuffix(line, []byte("\r\n"))
	switch {
	case long:
		return nil, c.fault("500 5.5.2 Line too long"), nil
	case !whole: // who let the LF in did not mean what stands behind it as a command
		return nil, c.unframed("500 5.5.2 A command ends with CR LF, closing connection"), nil
	case bytes.ContainsAny(text, "\r\x00"):
		return nil, c.fault("500 5.5.2 A command holds no CR and no NUL"), nil
	}
	return bytes.Clone(text), "", nil
}

// fault counts a line that is no command; after too many of them the connection ends.
func (c *peerConn) fault(answer string) string {
	if c.faults++; c.faults < maxFaults {
		return answer
	}
	c.leave()
	c.server.traceConnection(c.server.base, c.id, c, reasonManyFaults, slog.String("peer", c.peer.Name))
	return "421 4.7.0 Too many errors, closing connection"
}

// screen answers commands that go-smtp would not answer rightly, and gives it the others in a form that
// it understands.
func (c *peerConn) screen(line []byte) (forward []byte, answer string) {
	c.command = parseCommand(string(line))
	switch c.command.verb {
	case "AUTH":
		return nil, "502 5.5.1 AUTH is not offered" // O64; go-smtp says 523 outside of its own TLS
	case "HELP":
		return nil, "214 2.0.0 See RFC 5321"
	case "STARTTLS":
		return nil, "503 5.5.1 TLS is active" // RFC 3207 section 4.2
	case "MAIL":
		return declaredSize.ReplaceAll(line, []byte("${1}"+unboundedSize)), ""
	case "RCPT":
		return localMailbox.ReplaceAll(line, []byte("${1}@"+c.server.CitizenDomain+">")), ""
	case "BDAT":
		return c.chunked()
	}
	return line, ""
}

// chunked reads BDAT. What follows a command whose size cannot be read is nothing that can be read
// either: the connection ends (RFC 3030 section 2).
func (c *peerConn) chunked() (forward []byte, answer string) {
	m := chunkArguments.FindStringSubmatch(c.command.rest)
	if m == nil {
		return nil, c.unframed("501 5.5.4 BDAT needs a size, closing connection")
	}
	size, err := strconv.ParseUint(m[1], 10, 32) // as much as go-smtp reads
	if err != nil {
		return nil, c.unframed("552 5.3.4 Message too large, closing connection")
	}
	c.chunk = int64(size)
	return fmt.Appendf(nil, "BDAT %d%s", size, m[2]), ""
}

// unframed ends the connection behind an answer, since where the next command begins is not sure.
func (c *peerConn) unframed(answer string) string {
	c.leave()
	c.server.traceConnection(c.server.base, c.id, c, reasonUnframed, slog.String("peer", c.peer.Name))
	return answer
}

var (
	chunkArguments = regexp.MustCompile(`^ *([0-9]{1,20})((?i: +LAST)?) *$`)
	// declaredSize finds a SIZE of ten to twenty digits (RFC 1870 section 3), which go-smtp cannot read.
	declaredSize = regexp.MustCompile(`(?i)( SIZE=)[0-9]{10,20}\b`)
	// localMailbox finds a recipient without a domain: RFC 5321 section 4.1.1.3 allows one.
	localMailbox = regexp.MustCompile(`(?i)^(RCPT +TO: *<(?:postmaster))>`)
)

// unboundedSize is a size that no limit allows and that go-smtp can read.
const unboundedSize = "4294967295"

// path gives the argument of the last MAIL or RCPT as it was sent: what stands between the first pair of
// brackets.
func (c *peerConn) path() string {
	_, rest, _ := strings.Cut(c.command.rest, "<")
	return rest
}
