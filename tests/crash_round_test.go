package tests

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// newCrash makes the data, opens one conversation for each pair, and puts the sink in the place of the
// operators.
func newCrash(t *testing.T, random *rand.Rand, external bool) *crash {
	t.Helper()
	c := &crash{
		crashWorld: &crashWorld{t: t, random: random, dir: t.TempDir(), kills: map[crashTarget]int{}},
		t:          t, acked: make(chan struct{}, 1), taken: make(chan struct{}, 1),
	}
	if external {
		c.external = startRedis(t)
	}
	c.begin()
	c.live = startDemoOn(t, c.dir, c.redis())
	c.addLanes()
	c.sink = newCrashSink(t, c.live, c.life, func() { tick(c.taken) })
	c.flags = c.sink.routes()
	c.stop()
	c.start()
	return c
}

// tick leaves a sign, unless one is there.
func tick(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// addLanes makes a lane of each of two professionals, of different operators, with each of four patients.
func (c *crash) addLanes() {
	c.t.Helper()
	for i, p := range c.live.Patients[:4] {
		for j, d := range c.live.Professionals[:2] {
			l := &crashLane{
				t: c.t, name: fmt.Sprintf("p%dd%d", i, j), random: rand.New(rand.NewPCG(c.random.Uint64(), 1)), live: c.live,
				box: d.Mailboxes[0], who: c.live.operatorOf(d.Mailboxes[0]), patient: c.caller(p.Token), doctor: c.caller(d.Token),
			}
			l.blocked, l.patient.address, l.patient.ins = known(false), p.Address, p.INS
			if got := l.carryOut(l.opening(l.name + ".0")); got != answerYes {
				c.t.Fatalf("the first message of %s is not taken", l.name)
			}
			l.contact = contactNamed(c.live.as(c.t, p.Token), familyName(d.Name))
			l.exchange = exchangeWith(c.live.as(c.t, d.Token), l.box, p.INS)
			c.lanes = append(c.lanes, l)
		}
	}
}

// renewTokens takes the tokens of the present start: those of before are lost with redis.
func (c *crash) renewTokens() {
	const professionals = 2
	for i, l := range c.lanes {
		l.patient.token = c.live.Patients[i/professionals].Token
		l.doctor.token = c.live.Professionals[i%professionals].Token
	}
}

// caller makes a caller with connections of its own.
func (c *crash) caller(token string) crashCaller {
	return crashCaller{
		ctx: context.WithoutCancel(c.t.Context()), token: token,
		client: &http.Client{Timeout: crashPatience, Transport: &http.Transport{}},
	}
}

// contactNamed returns the id of the patient's contact with a family name.
func contactNamed(a api, name string) string {
	a.t.Helper()
	var page list[struct{ ID, Name string }]
	a.want(http.StatusOK, &page, http.MethodGet, "/inbox/contacts", nil)
	for _, c := range page.Items {
		if familyName(c.Name) == name {
			return c.ID
		}
	}
	a.t.Fatalf("no contact %s among %d", name, len(page.Items))
	return ""
}

// exchangeWith returns the id of a mailbox's exchange with a patient, as soon as the list has it.
func exchangeWith(a api, box, ins string) (id string) {
	a.t.Helper()
	await(a.t, "exchange in the list of the mailbox", func() bool {
		var page list[struct {
			ID      string
			Patient struct{ INS string }
		}]
		a.want(http.StatusOK, &page, http.MethodGet, "/exchanges?mailbox="+box, nil)
		for _, e := range page.Items {
			if e.Patient.INS == ins {
				id = e.ID
			}
		}
		return id != ""
	})
	return id
}

// patients lists the tokens of the patients under load.
func (c *crash) patients() (tokens []string) {
	for _, l := range c.lanes {
		if !slices.Contains(tokens, l.patient.token) {
			tokens = append(tokens, l.patient.token)
		}
	}
	return tokens
}

// round loads the bridge and kills the target in the middle. A bridge that lives on must serve again by
// itself, while the load goes on.
func (c *crash) round(target crashTarget) {
	c.t.Helper()
	stop := make(chan struct{})
	var load sync.WaitGroup
	for _, l := range c.lanes {
		l.live = c.live
		load.Go(func() { l.run(stop, func() { tick(c.acked) }) })
	}
	load.Go(func() { c.sealUntil(stop, c.live.Ops) })
	c.awaitMoment()
	c.kill(target)
	if target == killRedis && !c.awaitSigns(c.acked, 20, 2*time.Minute) {
		c.t.Errorf("the bridge does not serve again after its redis came back\n%s", c.live.output)
	}
	close(stop)
	load.Wait()
	for _, l := range c.lanes {
		if c.live == nil {
			l.hangUp()
		}
		l.patient.client.CloseIdleConnections()
		l.doctor.client.CloseIdleConnections()
	}
}

// awaitMoment waits for a moment that the seed draws: after a time, after some answers, or right when the
// sink answers 250.
func (c *crash) awaitMoment() {
	c.t.Helper()
	switch c.random.IntN(3) {
	case 0:
		<-time.After(time.Duration(50+c.random.Int64N(900)) * time.Millisecond)
	case 1:
		c.awaitSigns(c.acked, 1+c.random.IntN(60), 5*time.Second)
	case 2:
		c.awaitSigns(c.taken, 1+c.random.IntN(12), 5*time.Second)
		<-time.After(time.Duration(c.random.Int64N(int64(5 * time.Millisecond))))
	}
}

// awaitSigns waits for n signs, and reports whether they came in time.
func (c *crash) awaitSigns(signs <-chan struct{}, n int, limit time.Duration) bool {
	late := time.After(limit)
	for range n {
		select {
		case <-signs:
		case <-late:
			return false
		}
	}
	return true
}

// sealUntil has the journal sealed again and again, so that kills fall into it.
func (c *crash) sealUntil(stop <-chan struct{}, ops string) {
	for {
		select {
		case <-stop:
			return
		case <-time.After(crashPause):
		}
		r, err := http.NewRequestWithContext(context.WithoutCancel(c.t.Context()), http.MethodPost, ops+"/journal/round", nil)
		if err != nil {
			c.t.Error(err)
			return
		}
		if res, err := http.DefaultClient.Do(r); err == nil {
			_ = res.Body.Close()
			c.seals++
		}
	}
}

// settle sends the commands again that got no answer, so that no doubt is left.
func (c *crash) settle() {
	for _, l := range c.lanes {
		l.live = c.live
		if again := l.waiting; again != nil {
			l.repeats++
			if got := l.carryOut(again); got != answerYes && got != answerNo {
				c.t.Errorf("%s: %s is not answered by a bridge that runs", l.name, again.what)
			}
		}
	}
}

// commands tells what became of the load's commands so far.
func (c *crash) commands() string {
	var yes, no, late, repeats int
	for _, l := range c.lanes {
		yes, no, late, repeats = yes+l.yes, no+l.no, late+l.late, repeats+l.repeats
	}
	return fmt.Sprintf("%d acknowledged, %d refused, %d unanswered, %d sent again", yes, no, late, repeats)
}
