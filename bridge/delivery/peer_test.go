package delivery

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Replies of a script that are not replies.
const (
	hang = "hang" // say nothing more
	drop = "drop" // close the connection
)

// script is how a peer answers. An empty reply stands for the usual one.
type script struct {
	tls      *tls.Config // nil: STARTTLS is not offered
	greeting string
	startTLS string
	ehlo     string // reply to EHLO after TLS
	mail     func(n int) string
	rcpt     func(n int) string
	data     func(n int) string
	final    func(n int) string // n counts transactions of the peer from 1
	closes   bool               // closes the connection after each message
}

// always answers the same each time.
func always(reply string) func(int) string { return func(int) string { return reply } }

// transaction is what a peer was given.
type transaction struct {
	mail, rcpt, data string
	client           string // common name of the client's certificate
	clear            bool
}

// peer is a mail server of a few lines, written from RFC 5321 and independent of go-smtp.
type peer struct {
	script
	t  testing.TB
	at string

	cut chan struct{} // gets a value for each message whose final dot did not come

	mu      sync.Mutex
	kept    []transaction // once the final dot came, acknowledged or not
	tallied tally
}

// tally is what a peer counted.
type tally struct {
	sessions, open, most int // in all, now, and at once
	mails                int // MAIL commands
	names                []string
}

func newPeer(t testing.TB, s script) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{script: s, t: t, at: l.Addr().String(), cut: make(chan struct{}, 10)}
	var all sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			all.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return p
}

func (p *peer) count(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *peer) received() []transaction {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.kept)
}

func (p *peer) tally() tally {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.tallied
	all.names = slices.Clone(all.names)
	return all
}

// conversation is one connection of a peer.
type conversation struct {
	*peer
	conn net.Conn
	in   *bufio.Reader
	nth  int // number of its last MAIL among all of the peer
	transaction
}

func (p *peer) serve(conn net.Conn) {
	defer conn.Close()
	p.count(func() { p.tallied.sessions++; p.tallied.open++; p.tallied.most = max(p.tallied.most, p.tallied.open) })
	defer p.count(func() { p.tallied.open-- })
	c := &conversation{peer: p, conn: conn, in: bufio.NewReader(conn), transaction: transaction{clear: true}}
	if !c.say(p.greeting, "220 mx.test ready") {
		return
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil || !c.answer(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

// say sends a reply and reports whether the conversation goes on.
func (c *conversation) say(reply, usual string) bool {
	switch reply {
	case hang:
		_, _ = io.Copy(io.Discard, c.in)
		return false
	case drop:
		return false
	case "":
		reply = usual
	}
	_, err := io.WriteString(c.conn, reply+"\r\n")
	return err == nil
}

func (c *conversation) answer(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		c.count(func() { c.tallied.names = append(c.tallied.names, rest) })
		if c.clear && c.tls == nil {
			return c.say("", "250-mx.test\r\n250 SIZE 1000000")
		}
		if c.clear {
			return c.say("", "250-mx.test\r\n250-SIZE 1000000\r\n250 STARTTLS")
		}
		return c.say(c.ehlo, "250-mx.test\r\n250-8BITMIME\r\n250-SIZE 26214400\r\n250 ENHANCEDSTATUSCODES")
	case "STARTTLS":
		return c.secure()
	case "MAIL":
		c.count(func() { c.tallied.mails++; c.nth = c.tallied.mails })
		c.mail = line
		return c.say(c.pick(c.script.mail, c.nth), "250 2.1.0 ok")
	case "RCPT":
		c.rcpt = line
		return c.say(c.pick(c.script.rcpt, c.nth), "250 2.1.5 ok")
	case "DATA":
		return c.message()
	case "QUIT":
		c.say("", "221 2.0.0 bye")
		return false
	}
	return c.say("", "502 5.5.1 what?")
}

func (c *conversation) pick(f func(int) string, n int) string {
	if f == nil {
		return ""
	}
	return f(n)
}

func (c *conversation) secure() bool {
	if !c.say(c.startTLS, "220 go ahead") || c.startTLS != "" {
		return c.startTLS != hang && c.startTLS != drop
	}
	t := tls.Server(c.conn, c.tls)
	if err := t.Handshake(); err != nil {
		return false
	}
	if peers := t.ConnectionState().PeerCertificates; len(peers) > 0 {
		c.client = peers[0].Subject.CommonName
	}
	c.conn, c.in, c.clear = t, bufio.NewReader(t), false
	return true
}

// message reads up to the dot and undoes dot-stuffing (RFC 5321 section 4.5.2).
func (c *conversation) message() bool {
	if reply := c.pick(c.script.data, c.nth); reply != "" {
		return c.say(reply, "")
	}
	c.say("", "354 go on")
	var text strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			c.cut <- struct{}{}
			return false
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	c.transaction.data = text.String() //nolint:staticcheck // data alone is the reply of the script
	var n int
	c.count(func() { c.kept = append(c.kept, c.transaction); n = len(c.kept) })
	return c.say(c.pick(c.final, n), fmt.Sprintf("250 2.0.0 kept as %d", n)) && !c.closes
}

// short are timeouts for peers that hang: long enough for every step before, on a busy machine.
func short() Timeouts {
	const d = time.Second
	return Timeouts{Dial: d, Greeting: d, Command: d, Block: d, Final: d}
}
