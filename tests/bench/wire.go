package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long one connection may take for everything; a peer that stalls is an error.
const patience = 2 * time.Minute

// errReply means that a peer refused. The text is the peer's.
var errReply = errors.New("refused")

// wire is a connection that speaks SMTP.
type wire struct {
	net.Conn
	replies *bufio.Reader
	resumed bool
}

// dial connects, makes TLS by STARTTLS, and greets.
func dial(address string, conf *tls.Config) (*wire, error) {
	raw, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: raw}
	if err := w.open(conf); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return w, nil
}

func (w *wire) open(conf *tls.Config) error {
	if err := w.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	eager, err := newEager(w.Conn)
	if err != nil {
		return err
	}
	w.Conn, w.replies = eager, bufio.NewReader(eager)
	if err := errors.Join(w.expect(), w.say("EHLO mesure.test"), w.say("STARTTLS")); err != nil {
		return err
	}
	secure := tls.Client(eager, conf)
	if err := secure.Handshake(); err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	w.resumed = secure.ConnectionState().DidResume
	w.Conn = secure
	w.replies.Reset(secure)
	return w.say("EHLO mesure.test")
}

// say sends a command and reads its reply.
func (w *wire) say(command string) error {
	if _, err := w.Write([]byte(command + "\r\n")); err != nil {
		return err
	}
	return w.expect()
}

// expect reads a reply, which must not be a refusal.
func (w *wire) expect() error {
	for {
		line, err := w.replies.ReadSlice('\n')
		switch {
		case err != nil:
			return fmt.Errorf("read reply: %w", err)
		case len(line) < 4 || line[0] > '3':
			return fmt.Errorf("%w: %s", errReply, strings.TrimSpace(string(line)))
		case line[3] == ' ':
			return nil
		}
	}
}

// send sends a letter, envelope and DATA in one piece (RFC 2920). It returns when the peer answered, and
// how long that took from the first octet of the content.
func (w *wire) send(l *letter) (answered time.Time, took time.Duration, err error) {
	if _, err := w.Write(l.envelope); err != nil {
		return time.Time{}, 0, err
	}
	for range 3 {
		if err := w.expect(); err != nil {
			return time.Time{}, 0, err
		}
	}
	begun := time.Now()
	if _, err := w.Write(l.content); err != nil {
		return time.Time{}, 0, err
	}
	if err := w.expect(); err != nil {
		return time.Time{}, 0, err
	}
	answered = time.Now()
	return answered, answered.Sub(begun), nil
}

// quit says goodbye and closes.
func (w *wire) quit() error {
	return errors.Join(w.say("QUIT"), w.Close())
}

// eager is a connection that acknowledges at once. The kernel goes back to delayed acknowledgements by
// itself, so that it is told after every read.
type eager struct {
	net.Conn
	control func(func(fd uintptr)) error
}

func newEager(c net.Conn) (*eager, error) {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return nil, errors.New("not a TCP connection")
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return nil, err
	}
	e := &eager{Conn: c, control: raw.Control}
	return e, e.acknowledge()
}

// Read reads, and sets TCP_QUICKACK again.
func (e *eager) Read(b []byte) (int, error) {
	n, err := e.Conn.Read(b)
	if err == nil {
		err = e.acknowledge()
	}
	return n, err
}

func (e *eager) acknowledge() error {
	var failed error
	err := e.control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	})
	return errors.Join(err, failed)
}
