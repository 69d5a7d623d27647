package scan

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Scanner speaks with one clamd. It is safe for concurrent use: each message has its own connection.
type Scanner struct {
	network, address string
	timeout          time.Duration
	now              func() time.Time
}

// DefaultTimeout is how long clamd may take to connect, to take octets, and to judge.
const DefaultTimeout = 30 * time.Second

// New returns a scanner. address is the path of a unix socket, which begins with a slash, or HOST:PORT.
// Nothing is dialled yet. A timeout of 0 is the default one.
func New(address string, timeout time.Duration, now func() time.Time) *Scanner {
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	return &Scanner{network: network, address: address, timeout: timeout, now: now}
}

// Words of the protocol; clamd(8). The z asks for answers that end with NUL.
const (
	command   = "zINSTREAM\x00"
	ping      = "zPING\x00"
	pong      = "PONG"
	clean     = "stream: OK"
	prefix    = "stream: "
	foundWord = " FOUND"
)

// maxAnswer bounds an answer, in octets.
const maxAnswer = 1024

// mailField stands before a message: clamd tells mail from other files by the name of its first field, and
// looks into attachments only when it knows that name.
const mailField = "Received: by scan\r\n"

// Stream is one message on its way to clamd. It is not safe for concurrent use.
type Stream struct {
	scanner *Scanner
	conn    net.Conn
	err     error // the first; it stays
}

// Begin starts a message. A failure shows in the verdict.
func (s *Scanner) Begin(ctx context.Context) *Stream {
	t := s.begin(ctx)
	_, _ = t.Write([]byte(mailField))
	return t
}

func (s *Scanner) begin(ctx context.Context) *Stream {
	t := &Stream{scanner: s}
	t.conn, t.err = s.dial(ctx)
	t.send([]byte(command))
	return t
}

func (s *Scanner) dial(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: s.timeout}).DialContext(ctx, s.network, s.address)
	if err != nil {
		return nil, fmt.Errorf("reach clamd: %w", err)
	}
	return conn, nil
}

// Write gives clamd the next octets. It never fails: the message is received whatever clamd does.
func (t *Stream) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil // an empty chunk would end the message
	}
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(min(len(p), 1<<31)))
	t.send(size[:])
	t.send(p)
	return len(p), nil
}

func (t *Stream) send(p []byte) {
	if t.err != nil {
		return
	}
	err := t.conn.SetWriteDeadline(t.scanner.now().Add(t.scanner.timeout))
	if err == nil {
		_, err = t.conn.Write(p)
	}
	if err != nil {
		t.err = fmt.Errorf("write to clamd: %w", err)
	}
}

// Verdict ends the message and gives the name of what clamd found, empty when the message is clean. An
// error means that nobody knows. It never holds anything of the message.
func (t *Stream) Verdict() (found string, err error) {
	t.send(make([]byte, 4)) // the empty chunk
	answer, err := t.answer()
	if err != nil {
		return "", err
	}
	name, infected := strings.CutSuffix(answer, foundWord)
	name, ours := strings.CutPrefix(name, prefix)
	switch {
	case answer == clean:
		return "", nil
	case infected && ours:
		return printable(name), nil
	}
	return "", errors.New("clamd gave another answer than OK or FOUND")
}

// answer reads one answer, up to its NUL.
func (t *Stream) answer() (string, error) {
	if t.err != nil {
		return "", t.err
	}
	if err := t.conn.SetReadDeadline(t.scanner.now().Add(t.scanner.timeout)); err != nil {
		return "", fmt.Errorf("read from clamd: %w", err)
	}
	all, err := io.ReadAll(io.LimitReader(t.conn, maxAnswer)) // clamd closes behind its answer
	if err != nil {
		return "", fmt.Errorf("read from clamd: %w", err)
	}
	answer, whole := strings.CutSuffix(string(all), "\x00")
	if !whole {
		return "", errors.New("clamd ended in the middle of its answer")
	}
	return answer, nil
}

// Close gives the connection back. It may be called again, and before the verdict, which then fails.
func (t *Stream) Close() {
	if t.conn != nil {
		_ = t.conn.Close()
	}
	if t.err == nil {
		t.err = net.ErrClosed
	}
}

// Check scans a file, and gives the name of what was found.
func (s *Scanner) Check(ctx context.Context, r io.Reader) (found string, err error) {
	t := s.begin(ctx)
	defer t.Close()
	if _, err := io.Copy(t, r); err != nil {
		return "", fmt.Errorf("read what is scanned: %w", err)
	}
	return t.Verdict()
}

// Ping reports whether clamd answers.
func (s *Scanner) Ping(ctx context.Context) error {
	conn, err := s.dial(ctx)
	t := &Stream{scanner: s, conn: conn, err: err}
	defer t.Close()
	t.send([]byte(ping))
	answer, err := t.answer()
	if err == nil && answer != pong {
		err = errors.New("clamd does not answer PING")
	}
	return err
}

// maxName bounds the name of a signature in traces, in octets.
const maxName = 100

// printable makes a name fit for a trace.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, name)
	if name == "" {
		return "unnamed"
	}
	return name[:min(len(name), maxName)]
}
