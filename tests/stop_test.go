package tests

import (
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stopLimit is what docs/operations.md says of a stop in order.
const stopLimit = time.Minute

// TestStop_underLoad: SIGTERM under load loses nothing. Who stands idle hears 421, before and above TLS; a
// message that is half sent is taken when it ends in time, and answered 421 when it does not; every reply
// that an operator took is recorded, so that none leaves twice; the program ends with 0, in time.
func TestStop_underLoad(t *testing.T) {
	t.Parallel()
	c := newCrash(t, rand.New(rand.NewPCG(7, 7)), false)
	lane := c.lanes[0]
	inClear, idle := c.live.dialSMTP(t), c.live.session(t, lane.who)
	prompt, stuck := c.halfSent(lane, "prompt"), c.halfSent(lane, "stuck")
	stop := make(chan struct{})
	var load sync.WaitGroup
	for _, l := range c.lanes {
		l.live = c.live
		load.Go(func() { l.run(stop, func() { tick(c.acked) }) })
	}
	if !c.awaitSigns(c.acked, 60, time.Minute) {
		t.Fatal("nothing is served")
	}
	began := time.Now()
	_ = c.live.cmd.Process.Signal(syscall.SIGTERM)
	inClear.expect("421 4.3.2")
	idle.expect("421")
	if _, err := io.WriteString(prompt.conn, "\r\n.\r\n"); err != nil {
		t.Error(err)
	}
	prompt.expect("250")
	stuck.expect("421 4.3.2")
	err := <-c.live.ended
	c.live.ended <- err
	took := time.Since(began)
	close(stop)
	load.Wait()
	if err != nil || took > stopLimit {
		t.Errorf("it ended after %v with %v\n%s", took, err, c.live.output)
	}
	for _, l := range c.lanes {
		l.hangUp()
	}
	c.live = nil
	c.begin()
	c.live = startDemoOn(t, c.dir, c.redis(), c.flags...)
	c.settle()
	c.check(true)
	arrived, stopped := c.awaitReplies()
	c.foreignReplies(t)
	c.halves(lane, map[string]int{"prompt": 1, "stuck": 0})
	c.stop()
	a := c.accounts(t, sentByJournal(t, c.dir))
	if a.extra > 0 || a.windows > 0 {
		t.Errorf("%d replies left twice, %d were not recorded", a.extra, a.windows)
	}
	t.Logf("%s; %d replies arrived, %d stopped; it took %v", c.commands(), arrived, stopped, took.Round(time.Millisecond))
}

// halfSent begins a message and does not end it.
func (c *crash) halfSent(l *crashLane, subject string) *smtpClient {
	c.t.Helper()
	s := c.live.session(c.t, l.who)
	s.do("250", "MAIL FROM:<%s>", l.box)
	s.do("250", "RCPT TO:<%s>", l.patient.address)
	s.do("354", "DATA")
	if _, err := io.WriteString(s.conn, note(l.box, l.patient.address, subject, "début")); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// halves counts the conversations that halfSent began.
func (c *crash) halves(l *crashLane, want map[string]int) {
	c.t.Helper()
	seen := map[string]int{}
	for _, line := range everyConversation(c.live.as(c.t, l.patient.token)) {
		seen[line.Subject]++
	}
	for subject, n := range want {
		if seen[subject] != n {
			c.t.Errorf("%q is there %d times, want %d", subject, seen[subject], n)
		}
	}
}

// TestStop_slowCaller: a caller of the API who does not end his request in time is cut, and the program
// ends with 0 all the same.
func TestStop_slowCaller(t *testing.T) {
	t.Parallel()
	d := startDemo(t, t.TempDir())
	body, feed := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.HTTP+"/api/v1/verdicts", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+d.Professionals[0].Token)
	r.Header.Set("Content-Type", "application/json")
	go func() {
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
		}
	}()
	if _, err := feed.Write([]byte(`{"mailbox":`)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	d.stop()
	_ = feed.Close()
	if took := time.Since(began); took > stopLimit {
		t.Errorf("it took %v", took)
	}
}
