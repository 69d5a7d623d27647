package tests

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestCrash kills the bridge at a random moment under load, starts it again on the same data, and checks
// that what was acknowledged is there once: messages from professionals by their subject, replies of the
// patient in the operator's Maildir (at least once, and byte-identical when repeated).
func TestCrash(t *testing.T) {
	t.Parallel()
	rounds := 4
	if os.Getenv("SOAK") != "" {
		rounds = 200
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("%d rounds, seed %d", rounds, seed)
	c := crash{random: rand.New(rand.NewPCG(seed, 1)), acked: map[string]bool{}, replied: map[string]bool{}}
	dir := t.TempDir()
	for round := range rounds {
		d := startDemo(t, dir)
		c.check(t, d)
		c.load(t, d, round)
	}
	d := startDemo(t, dir)
	c.check(t, d)
	c.checkReplies(t, d)
	t.Logf("%d messages acknowledged, %d replies acknowledged, all there", len(c.acked), len(c.replied))
}

type crash struct {
	random  *rand.Rand
	mu      sync.Mutex
	acked   map[string]bool // subjects answered 250
	replied map[string]bool // texts answered 201
}

// load sends until the bridge is killed under it.
func (c *crash) load(t *testing.T, d *demo, round int) {
	t.Helper()
	doctor := d.Professionals[0].Mailboxes[0]
	patient := d.Patients[0]
	d.accepted(t, doctor, patient.Address, note(doctor, patient.Address, fmt.Sprintf("ouverture %d", round), "x"))
	c.note(c.acked, fmt.Sprintf("ouverture %d", round))
	conversation := d.as(t, patient.Token).about(fmt.Sprintf("ouverture %d", round)).ID
	killed := make(chan struct{})
	var senders sync.WaitGroup
	for s := range 4 {
		senders.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-killed:
					return
				default:
				}
				subject := fmt.Sprintf("tour %d envoi %d.%d", round, s, n)
				if d.tryToSend(doctor, patient.Address, note(doctor, patient.Address, subject, "x")) {
					c.note(c.acked, subject)
				}
			}
		})
	}
	senders.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-killed:
				return
			default:
			}
			text := fmt.Sprintf("réponse %d.%d", round, n)
			if d.tryToReply(conversation, patient.Token, text) {
				c.note(c.replied, text)
			}
		}
	})
	<-time.After(time.Duration(200+c.random.Int64N(1500)) * time.Millisecond) // a seeded chance, printed, picks the moment of the kill
	d.kill()
	close(killed)
	senders.Wait()
}

func (c *crash) note(set map[string]bool, what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set[what] = true
}

// check reads the whole inbox: every acknowledged subject is there, and none twice.
func (c *crash) check(t *testing.T, d *demo) {
	t.Helper()
	a := d.as(t, d.Patients[0].Token)
	seen := map[string]int{}
	for cursor := ""; ; {
		var page list[conversation]
		a.want(http.StatusOK, &page, http.MethodGet, "/inbox?limit=200&cursor="+cursor, nil)
		for _, line := range page.Items {
			seen[line.Subject]++
		}
		if page.Next == nil {
			break
		}
		cursor = *page.Next
	}
	for subject := range c.acked {
		if seen[subject] != 1 {
			t.Fatalf("%q was acknowledged and is there %d times", subject, seen[subject])
		}
	}
	for subject, n := range seen {
		if n != 1 {
			t.Fatalf("%q is there %d times", subject, n)
		}
	}
}

// checkReplies waits until every acknowledged reply is in the Maildir; copies of one must be identical.
func (c *crash) checkReplies(t *testing.T, d *demo) {
	t.Helper()
	dir := filepath.Join(d.OperatorMaildirs, strings.ToLower(d.Professionals[0].Mailboxes[0]), "new")
	await(t, "arrival of every acknowledged reply", func() bool {
		copies := map[string]string{}
		for _, f := range maildir(t, dir) {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			id := headerOf(t, b).Get("Message-Id")
			if first, twice := copies[id]; twice && first != string(b) {
				t.Fatalf("two copies of one reply differ")
			}
			copies[id] = string(b)
		}
		all := strings.Builder{}
		for _, m := range copies {
			_, body, _ := strings.Cut(m, "\r\n\r\n")
			all.WriteString(strings.ReplaceAll(body, "=C3=A9", "é"))
		}
		for text := range c.replied {
			if !strings.Contains(all.String(), text+"\r\n") {
				return false
			}
		}
		return true
	})
}

func maildir(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}
