package bridge_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"mesbridge/bridge"
	"mesbridge/conversations"
	"mesbridge/rules"
)

// handClock is a clock that a test moves.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func newHandClock() *handClock { return &handClock{now: time.Now()} }

func (h *handClock) read() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *handClock) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// TestRates covers D35 and O169: a sender may send in bursts, then at his rate, and cannot use up what
// others of his operator may send; the operator's limit is apart; the trace names the limit.
func TestRates(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	b := newBenchOn(t, func(d *bridge.Deps) { d.Now = clock.read }, func(c *bridge.Config) {
		c.Rates = bridge.Rates{OperatorPerMinute: 12, SenderPerMinute: 3, SenderBurst: 5}
	})
	c := b.secure(t, b.operator)
	mail := func(sender, want string) {
		t.Helper()
		c.want(c.do("MAIL FROM:<"+sender+">"), want)
		c.want(c.do("RSET"), "250 ")
	}
	for range 5 {
		mail(doctor, "250 ")
	}
	for range 20 { // 4.7.1 does not count for O71, and costs the operator nothing
		mail(strings.ToUpper(doctor), "451 4.7.1 Too many messages, try again later")
	}
	clock.move(20 * time.Second) // one more for him, and eleven for the operator
	mail(doctor, "250 ")
	mail(doctor, "451 4.7.1")
	for range 4 {
		mail("secretariat@ch-exemple.mssante.fr", "250 ")
	}
	for range 6 {
		mail("", "250 ") // counts for the operator alone
	}
	mail("", "451 4.7.1")
	mail("x@commun.mssante.fr", "451 4.7.1")
	log := b.log.String()
	if strings.Count(log, "reason=rate-limit-sender rule=D35") != 21 || strings.Count(log, "reason=rate-limit-operator rule=D35") != 2 {
		t.Error("the traces do not name the limits")
	}
	other := b.secure(t, b.second)
	other.want(other.do("MAIL FROM:<x@commun.mssante.fr>"), "250 ") // another operator of the same domain
}

// TestRates_off: without limits nothing is counted (D35).
func TestRates_off(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.secure(t, b.operator)
	c.write(strings.Repeat("MAIL FROM:<"+doctor+">\r\nRSET\r\n", 3000))
	for range 6000 {
		c.want(c.reply(), "250 ")
	}
}

// matricule makes a valid matricule of n.
func matricule(n int) string {
	body := fmt.Sprintf("1%012d", 530_275_000_000+n)
	var value int
	fmt.Sscan(body, &value)
	return fmt.Sprintf("%s%02d", body, 97-value%97)
}

// TestEnumeration covers the last sentences of D18: more than 50 recipients in an hour who cannot be
// reached, and more than 30 percent, and the sender is told nothing more for the time being; others are not
// concerned; one alarm.
func TestEnumeration(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	b := newBenchOn(t, func(d *bridge.Deps) {
		d.Now, d.Pause = clock.read, func(context.Context, time.Duration) {}
	}, func(c *bridge.Config) { c.MaxRecipients = 1000 })
	for n := range 60 {
		kind := conversations.KindMailboxUnknown
		if n%2 == 0 {
			kind = conversations.KindUnreachable // blocked or closed: both count
		}
		b.inbox.refused[rules.INS(matricule(n))] = refusal(kind, "D36")
	}
	c := b.secure(t, b.operator)
	open := func(sender string) {
		t.Helper()
		c.want(c.do("RSET"), "250 ")
		c.want(c.do("MAIL FROM:<"+sender+">"), "250 ")
	}
	open(doctor)
	for range 60 { // one who is missed again and again counts once
		c.want(c.do("RCPT TO:<"+matricule(0)+"@"+citizens+">"), "550 5.2.1")
	}
	for n := range 51 {
		c.want(c.do("RCPT TO:<"+matricule(n)+"@"+citizens+">"), "550 5.")
	}
	const stopped = "451 4.7.1 Too many recipients that cannot be reached"
	c.want(c.do("RCPT TO:<"+alice+">"), stopped) // whoever it is
	c.want(c.do("RCPT TO:<"+matricule(55)+"@"+citizens+">"), stopped)
	c.want(c.do("RCPT TO:<1@"+citizens+">"), stopped)
	c.want(c.do("RCPT TO:<postmaster>"), "250 ")
	open("secretariat@ch-exemple.mssante.fr")
	c.want(c.do("RCPT TO:<"+alice+">"), "250 ")
	if n := strings.Count(b.log.String(), "event=alarm reason=recipient-enumeration rule=D18"); n != 1 {
		t.Errorf("%d alarms", n)
	}
	clock.move(30 * time.Minute)
	second := b.secure(t, b.operator) // another connection of the same sender
	second.want(second.do("MAIL FROM:<"+doctor+">"), "250 ")
	second.want(second.do("RCPT TO:<"+alice+">"), stopped)
	clock.move(31 * time.Minute)
	second = b.secure(t, b.operator)
	second.want(second.do("MAIL FROM:<"+doctor+">"), "250 ")
	second.want(second.do("RCPT TO:<"+alice+">"), "250 ")
}

// TestEnumeration_ofMany: who writes to many patients and misses some is not stopped (D18: both bounds).
func TestEnumeration_ofMany(t *testing.T) {
	t.Parallel()
	b := newBenchOn(t, func(d *bridge.Deps) { d.Pause = func(context.Context, time.Duration) {} },
		func(c *bridge.Config) { c.MaxRecipients = 1000 })
	for n := range 60 {
		b.inbox.refused[rules.INS(matricule(n))] = refusal(conversations.KindMailboxUnknown, "R140")
	}
	c := b.secure(t, b.operator)
	c.want(c.do("MAIL FROM:<"+doctor+">"), "250 ")
	for n := 100; n < 300; n++ {
		c.want(c.do("RCPT TO:<"+matricule(n)+"@"+citizens+">"), "250 ")
	}
	for n := range 60 { // 60 of 260
		c.want(c.do("RCPT TO:<"+matricule(n)+"@"+citizens+">"), "550 5.1.1")
	}
	c.want(c.do("RCPT TO:<"+alice+">"), "250 ")
}

// TestRcpt_sameDelay covers D36: what a refusal took to find is not what the peer waits. Whatever the time
// so far, the pause ends at a whole number of steps; other answers do not wait, nor do other peers.
func TestRcpt_sameDelay(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	var mu sync.Mutex
	var pauses []time.Duration
	b := newBenchOn(t, func(d *bridge.Deps) {
		d.Now = clock.read
		d.Pause = func(_ context.Context, p time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			pauses = append(pauses, p)
		}
	}, func(c *bridge.Config) { c.RefusalStep = 10 * time.Millisecond })
	unknown, closed, blocked := matricule(1), matricule(2), matricule(3)
	b.inbox.refused[rules.INS(unknown)] = refusal(conversations.KindMailboxUnknown, "R140")
	b.inbox.refused[rules.INS(closed)] = refusal(conversations.KindUnreachable, "R148")
	b.inbox.refused[rules.INS(blocked)] = refusal(conversations.KindUnreachable, "D13")
	b.inbox.takes = func(ins rules.INS) { // each takes another time to find
		clock.move(map[string]time.Duration{unknown: 87, closed: 97, blocked: 12_000}[string(ins)] * time.Microsecond)
	}
	c := b.secure(t, b.operator)
	c.want(c.do("MAIL FROM:<"+doctor+">"), "250 ")
	for _, to := range []string{unknown, closed, blocked} {
		c.want(c.do("RCPT TO:<"+to+"@"+citizens+">"), "550 5.")
	}
	for _, to := range []string{alice, "1@" + citizens, "x@gmail.com"} {
		c.do("RCPT TO:<" + to + ">")
	}
	mu.Lock()
	defer mu.Unlock()
	want := []time.Duration{10*time.Millisecond - 87*time.Microsecond, 10*time.Millisecond - 97*time.Microsecond, 8 * time.Millisecond}
	if fmt.Sprint(pauses) != fmt.Sprint(want) {
		t.Errorf("pauses %v, want %v", pauses, want)
	}
}

// TestConnections_perOperator: one operator cannot take all places, and a place that is free again is his.
func TestConnections_perOperator(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *bridge.Config) { c.MaxPerOperator = 2 })
	first := b.secure(t, b.operator)
	b.secure(t, b.operator)
	third := b.tls(t, b.operator)
	third.want(third.do("EHLO peer.test"), "421 4.3.2")
	third.ended()
	b.secure(t, b.second)
	first.want(first.do("QUIT"), "221 ")
	first.ended()
	b.until(t, func() bool {
		c := b.tls(t, b.operator)
		defer c.Close()
		return strings.HasPrefix(c.do("EHLO peer.test"), "250")
	})
}
