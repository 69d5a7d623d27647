package bridge_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"mesbridge/bridge"
)

// TestCut covers finding 1 and O80: a message that a lost connection cut is never taken for whole,
// however the connection was lost and however the message was sent.
func TestCut(t *testing.T) {
	t.Parallel()
	losses := map[string]func(*client){
		"close_notify": func(c *client) {
			if tc, ok := c.Conn.(*tls.Conn); ok {
				tc.CloseWrite()
			}
		},
		"close": func(c *client) { c.Close() },
		"reset": func(c *client) {
			if tc, ok := c.Conn.(*tls.Conn); ok {
				if tcp, ok := tc.NetConn().(*net.TCPConn); ok {
					tcp.SetLinger(0)
					tcp.Close()
				}
			}
		},
	}
	text := message("corps du message\r\n")
	for how, begin := range map[string]string{
		"BDAT LAST":       fmt.Sprintf("BDAT %d LAST\r\n%s", len(text)+1000, text),
		"BDAT, no LAST":   fmt.Sprintf("BDAT %d\r\n%s", len(text), text),
		"BDAT, in middle": fmt.Sprintf("BDAT %d\r\n%s", len(text)+1000, text),
		"DATA":            "DATA\r\n" + text,
		"DATA, last dot":  "DATA\r\n" + text + ".",
		"DATA, last CR":   "DATA\r\n" + text + ".\r",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			for loss, lose := range losses {
				stored, lost := b.inbox.stored(), strings.Count(b.log.String(), "connection-lost")
				c := b.secure(t, b.operator)
				c.envelope(doctor, alice)
				c.write(begin)
				if strings.HasPrefix(how, "DATA") {
					c.want(c.reply(), "354 ")
				} else { // a reset may overtake what was sent before it
					b.until(t, func() bool { return b.inbox.stored() == stored+len(text) })
				}
				lose(c)
				b.until(t, func() bool { return strings.Count(b.log.String(), "connection-lost") > lost })
				if got, _ := b.inbox.taken(); len(got) != 0 {
					t.Errorf("%s: a message that was cut is in the inbox", loss)
				}
			}
		})
	}
}

// TestHalfClose: a whole message is taken also from a peer that closes its side right behind it.
func TestHalfClose(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := message("corps du message\r\n")
	for i, whole := range []string{fmt.Sprintf("BDAT %d LAST\r\n%s", len(text), text), "DATA\r\n" + text + ".\r\n"} {
		c := b.secure(t, b.operator)
		c.envelope(doctor, alice)
		c.write(whole)
		if tc, ok := c.Conn.(*tls.Conn); !ok || tc.CloseWrite() != nil {
			t.Fatal("no half-close")
		}
		if i == 1 {
			c.want(c.reply(), "354 ")
		}
		c.want(c.reply(), "250 2.0.0")
	}
	if got, _ := b.inbox.taken(); len(got) != 2 {
		t.Errorf("%d messages", len(got))
	}
}

// TestIdle covers finding 3: the deadline moves with the octets, a silent peer is told.
func TestIdle(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *bridge.Config) { c.IdleTimeout = 300 * time.Millisecond })
	silent := b.secure(t, b.operator)
	silent.want(silent.reply(), "421 4.4.2")
	silent.ended()

	inData := b.secure(t, b.operator)
	inData.envelope(doctor, alice)
	inData.want(inData.do("DATA"), "354 ")
	inData.want(inData.reply(), "451 4.4.2")
	inData.ended()

	inChunk := b.secure(t, b.operator)
	inChunk.envelope(doctor, alice)
	inChunk.write("BDAT 1000 LAST\r\nFrom: ")
	inChunk.want(inChunk.reply(), "421 4.4.2")
	inChunk.ended()

	steady := b.secure(t, b.operator)
	steady.envelope(doctor, alice)
	steady.want(steady.do("DATA"), "354 ")
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for _, line := range strings.SplitAfter(message(strings.Repeat("une ligne\r\n", 12)), "\n") { // a second
		<-tick.C
		steady.write(line)
	}
	steady.write(".\r\n")
	steady.want(steady.reply(), "250 2.0.0")
	if got, _ := b.inbox.taken(); len(got) != 1 {
		t.Errorf("%d messages", len(got))
	}
}

// TestMessageTimeout: a peer that never ends cannot hold a transaction for ever.
func TestMessageTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *bridge.Config) { c.MessageTimeout = 300 * time.Millisecond })
	c := b.secure(t, b.operator)
	c.envelope(doctor, alice)
	c.want(c.do("DATA"), "354 ")
	c.write(message(""))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			if _, err := io.WriteString(c.Conn, "une ligne\r\n"); err != nil {
				return
			}
		}
	}()
	c.want(c.reply(), "451 4.4.2")
	<-done
}

// TestPipelining covers RFC 2920 and RFC 3030: commands in one packet are answered one by one.
func TestPipelining(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.write("MAIL FROM:<" + doctor + ">\r\nRCPT TO:<nobody@" + citizens + ">\r\nRCPT TO:<" + alice + ">\r\nDATA\r\n")
	for _, want := range []string{"250 2.0.0", "553 5.1.3", "250 2.0.0", "354 "} {
		c.want(c.reply(), want)
	}
	text := message("corps du message\r\n")
	c.write(text + ".\r\n")
	c.want(c.reply(), "250 2.0.0")
	whole := "MAIL FROM:<" + doctor + "> BODY=8BITMIME\r\nRCPT TO:<" + alice + ">\r\n" + fmt.Sprintf("BDAT %d LAST\r\n%s", len(text), text)
	c.write(strings.Repeat(whole, 3) + "QUIT\r\n")
	for range 3 {
		for range 3 {
			c.want(c.reply(), "250 2.0.0")
		}
	}
	c.want(c.reply(), "221 2.0.0")
	if got, _ := b.inbox.taken(); len(got) != 4 {
		t.Errorf("%d messages", len(got))
	}
}

// TestRSET: what was begun is dropped, in BDAT too, and the next message is not touched by it.
func TestRSET(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.envelope(doctor, alice)
	c.write("BDAT 7\r\nFrom: x")
	c.want(c.reply(), "250 ")
	c.want(c.do("RSET"), "250 2.0.0")
	c.want(c.do("DATA"), "503 5.5.1")
	c.envelope(doctor, alice)
	text := message("corps du message\r\n")
	c.want(c.send(text), "250 2.0.0")
	c.want(c.do("EHLO again"), "250 ")
	c.want(c.do("RCPT TO:<"+alice+">"), "503 5.5.1")
	if _, bodies := b.inbox.taken(); len(bodies) != 1 || bodies[0] != text {
		t.Errorf("stored %q", bodies)
	}
}

// TestShutdown covers finding 8: idle peers hear 421, an open transaction ends as it would have, and
// nobody begins another.
func TestShutdown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.inbox.gate = make(chan struct{})
	inClear, idle, between, sending := b.dial(t), b.secure(t, b.operator), b.secure(t, b.operator), b.secure(t, b.operator)
	between.envelope(doctor, alice)
	sending.envelope(doctor, alice)
	sending.want(sending.do("DATA"), "354 ")
	sending.write(message("corps du message\r\n") + ".\r\n")
	ended := make(chan error, 1)
	go func() { ended <- b.server.Shutdown(context.Background()) }()
	idle.want(idle.reply(), "421 ")
	idle.ended()
	inClear.want(inClear.reply(), "421 4.3.2")
	inClear.ended()
	if c, err := net.Dial("tcp", b.addr); err == nil {
		c.Close()
		t.Error("a new connection was taken")
	}
	close(b.inbox.gate)
	sending.want(sending.reply(), "250 2.0.0")
	sending.want(sending.reply(), "421 ")
	sending.ended()
	between.want(between.do("RCPT TO:<"+alice+">"), "250 2.0.0")
	between.write("RSET\r\nMAIL FROM:<" + doctor + ">\r\n")
	between.want(between.reply(), "250 2.0.0")
	between.want(between.reply(), "421 4.3.2")
	between.ended()
	for what, c := range map[string]chan error{"Shutdown": ended, "Serve": b.served} {
		if err := <-c; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got, _ := b.inbox.taken(); len(got) != 1 {
		t.Errorf("%d messages", len(got))
	}
}

// TestShutdown_late: what does not end in time is cut, and was not acknowledged.
func TestShutdown_late(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.envelope(doctor, alice)
	c.want(c.do("DATA"), "354 ")
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	if err := b.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	if err := <-b.served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	c.want(c.reply(), "421 4.3.2")
	c.ended()
	again, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.server.Serve(context.Background(), again); err != nil {
		t.Errorf("Serve after Shutdown: %v", err)
	}
	if c, err := net.Dial("tcp", again.Addr().String()); err == nil {
		c.Close()
		t.Error("a listener is open after Shutdown")
	}
}
