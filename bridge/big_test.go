package bridge_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"mesbridge/bridge"
	"mesbridge/bridge/heaptest"
)

// bigMemory is what two messages of the largest size may take at once, in octets: far less than one
// of them, or something holds a message whole.
const bigMemory = 12 << 20

// TestData_largest covers D19 at its real size, G10 in small, and O80: messages of exactly 26 214 400
// octets pass in pieces.
func TestData_largest(t *testing.T) { // not parallel: it measures the heap
	b := newBench(t)
	b.inbox.discard = true
	clients := []*client{b.secure(t, b.operator), b.secure(t, b.operator)}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	stop := heaptest.Watch(2 * time.Millisecond)
	var sending sync.WaitGroup
	for i, c := range clients {
		c.envelope(doctor, alice)
		data := i == 0
		if data {
			c.want(c.do("DATA"), "354 ")
		}
		sending.Go(func() { c.largest(data) })
	}
	sending.Wait()
	for _, c := range clients {
		c.want(c.reply(), "250 2.0.0")
	}
	high := stop() - before.HeapAlloc
	messages, _ := b.inbox.taken()
	if len(messages) != len(clients) || messages[0].Bytes != bridge.DefaultMaxMessageBytes || b.inbox.stored() != 2*bridge.DefaultMaxMessageBytes {
		t.Errorf("%d messages, %d octets", len(messages), b.inbox.stored())
	}
	t.Logf("two messages of %d octets: %d kB above the %d kB before", bridge.DefaultMaxMessageBytes, high>>10, before.HeapAlloc>>10)
	if high > bigMemory {
		t.Errorf("they took %d octets of memory, more than %d", high, bigMemory)
	}
}

// largest writes a message with an attachment of exactly the largest size, by DATA or in one chunk.
func (c *client) largest(data bool) {
	document, contentType := withAttachment()
	end := []byte("\r\n--limite--\r\n")
	head := []byte(message(document[:len(document)-len(end)+2], contentType, "Content-Transfer-Encoding: 7bit"))
	begin, last := fmt.Sprintf("BDAT %d LAST\r\n", bridge.DefaultMaxMessageBytes), ""
	if data {
		begin, last = "", ".\r\n"
	}
	line := append(bytes.Repeat([]byte("x"), 998), "\r\n"...)
	rest := bridge.DefaultMaxMessageBytes - len(head) - len(end)
	pieces := []io.Reader{bytes.NewReader([]byte(begin)), bytes.NewReader(head)}
	for ; rest > len(line); rest -= len(line) {
		pieces = append(pieces, bytes.NewReader(line))
	}
	pieces = append(pieces, bytes.NewReader(line[len(line)-rest:]), bytes.NewReader(end), bytes.NewReader([]byte(last)))
	if _, err := io.Copy(c.Conn, io.MultiReader(pieces...)); err != nil {
		c.t.Errorf("write: %v", err)
	}
}
