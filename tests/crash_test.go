package tests

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// crash is one bridge under load that is killed again and again.
type crash struct {
	*crashWorld
	t     *testing.T
	lanes []*crashLane
	sink  *crashSink
	acked chan struct{} // a sign for each command that was answered
	taken chan struct{} // a sign for each 250 of the sink
	seals int           // rounds of sealing under load
}

// TestCrash kills the bridge, its redis, or both with SIGKILL at random moments, under load: mail of
// several operators over TLS, replies, ends and blocks by the API, replies that leave, segments that are
// sealed. A server of somebody else's is lost now and then, and the state rebuilt. After each kill, what was acknowledged is there, once, and every state is what a simple model
// says; what was not answered was made or not, and is made once when it is sent again. In the end every
// reply that was acknowledged has arrived, a repeat is explained by a kill between the peer's 250 and our
// record, and the audit chain verifies. CRASH_SEED and CRASH_ROUNDS set seed and size.
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds := setting(t, "CRASH_ROUNDS", 10)
	if os.Getenv("SOAK") != "" {
		rounds = setting(t, "CRASH_ROUNDS", 200)
	}
	seed := uint64(setting(t, "CRASH_SEED", int(time.Now().UnixNano())))
	t.Logf("%d rounds, CRASH_SEED=%d", rounds, seed)
	own := (rounds*3 + 4) / 5
	for kind, n := range map[string]int{"managed": own, "external": rounds - own} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			runCrash(t, rand.New(rand.NewPCG(seed, uint64(len(kind)))), kind == "external", n)
		})
	}
}

// setting reads a number from the environment.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func runCrash(t *testing.T, random *rand.Rand, external bool, rounds int) {
	t.Helper()
	c := newCrash(t, random, external)
	order := crashOrder(random, rounds, external)
	for round, target := range order {
		began := time.Now()
		c.round(target)
		if c.live == nil {
			c.start()
			c.renewTokens()
		}
		c.check(false)
		t.Logf("round %d, %s: %s; %v", round+1, target, c.commands(), time.Since(began).Round(time.Millisecond))
	}
	c.settle()
	c.check(true)
	arrived, stopped := c.awaitReplies()
	c.check(true)
	c.foreignReplies(t)
	c.stop()
	if code, text := mesbridge(t, "audit", "verify", "--data", c.dir); code != 0 || !strings.Contains(text, "intact: ") {
		t.Errorf("verify ends with %d:\n%s", code, text)
	}
	a := c.accounts(t, sentByJournal(t, c.dir))
	t.Logf("kills %v, %d more while starting; %d processes; %d rounds sealed under load", c.kills, c.early, len(c.lives), c.seals)
	t.Logf("commands: %s", c.commands())
	t.Logf("replies: %d arrived, %d stopped by a block, %d recorded as sent", arrived, stopped, a.recorded)
	t.Logf("wire: %d messages, %d of them without an outcome; of the others, %d copies beyond the first, %d kills between a 250 and its record",
		a.messages, a.notices, a.extra, a.windows)
}

// crashOrder draws what each round kills: each target about as often.
func crashOrder(random *rand.Rand, rounds int, external bool) (order []crashTarget) {
	targets := []crashTarget{killBridge, killRedis, killBoth}
	if external {
		targets = append(targets, killLost)
	}
	for n := range rounds {
		order = append(order, targets[n%len(targets)])
	}
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}
