package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// load is what professionals and patients do at two bridges at once. Who is refused for now, or gets no
// answer, comes back with the same message or the same key, at the other bridge in turn: as operators and
// pages do.
type load struct {
	t       *testing.T
	doctor  string
	people  []person
	kills   int
	round   int
	refused atomic.Int64 // tries that were not acknowledged
	read    atomic.Int64 // acknowledged messages looked for at the other bridge

	mu      sync.Mutex
	bridges []*demo
	acked   map[string]string // subject of an acknowledged message -> INS
	replied map[string]string // text of an acknowledged reply -> INS
	last    time.Time         // last acknowledgement
	longest time.Duration     // longest time without one
}

// person is a patient of the crowd, and the conversation that his replies go to.
type person struct {
	INS, Address, Token string
	conversation        string
}

// newLoad reads the file of the crowd.
func newLoad(t *testing.T, a, b *demo, crowd string) *load {
	t.Helper()
	l := &load{t: t, bridges: []*demo{a, b}, doctor: a.Professionals[0].Mailboxes[0], acked: map[string]string{}, replied: map[string]string{}}
	text, err := os.ReadFile(crowd)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &l.people); err != nil || len(l.people) == 0 {
		t.Fatalf("file of the crowd: %v", err)
	}
	return l
}

// bridge is one of the bridges, as it runs now.
func (l *load) bridge(n int) *demo {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bridges[n%len(l.bridges)]
}

// replace puts a bridge that was started again in the place of the one that was killed.
func (l *load) replace(n int, d *demo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bridges[n] = d
}

// open sends everybody a first message by one bridge, and finds it at the other.
func (l *load) open() {
	l.t.Helper()
	for i := range l.people {
		p := &l.people[i]
		l.bridge(0).accepted(l.t, l.doctor, p.Address, note(l.doctor, p.Address, "ouverture", "x"))
		p.conversation = l.bridge(1).as(l.t, p.Token).about("ouverture").ID
	}
}

// Workers of the load.
const (
	loadSenders  = 4
	loadRepliers = 2
	patience     = 2 * time.Minute // of a sender whose message is not acknowledged
)

// job is a message or a reply that is to be acknowledged.
type job struct {
	p       person
	text    string // subject of a message, text of a reply
	reply   bool
	turn    int // which bridge is tried next
	gaveUp  time.Time
	retryAt time.Time
}

// run starts the load; the function that it returns ends it, when everything begun is acknowledged.
func (l *load) run() (stop func()) {
	l.round++
	l.last = time.Now()
	over := make(chan struct{})
	var workers sync.WaitGroup
	for w := range loadSenders + loadRepliers {
		workers.Go(func() { l.work(w, over) })
	}
	return func() { close(over); workers.Wait() }
}

// work makes one job after the other. One that is refused for now waits its turn while others are made; at
// the end, what waits is made.
func (l *load) work(w int, over <-chan struct{}) {
	var waiting []job
	for n := 0; ; n++ {
		select {
		case <-over:
			for len(waiting) > 0 {
				waiting = l.again(waiting)
			}
			return
		default:
		}
		if len(waiting) > 0 && time.Now().After(waiting[0].retryAt) {
			waiting = l.again(waiting)
			continue
		}
		j := job{p: l.people[(w*7+n)%len(l.people)], reply: w >= loadSenders, turn: w + n, gaveUp: time.Now().Add(patience)}
		j.text = fmt.Sprintf("tour %d envoi %d.%d", l.round, w, n)
		waiting = append(waiting, j)
		waiting = append(waiting[len(waiting)-1:], waiting[:len(waiting)-1]...) // first of all
		waiting = l.again(waiting)
	}
}

// retryAfter is how long whoever was refused waits.
const retryAfter = 200 * time.Millisecond

// again tries the first of the jobs that wait, and puts it behind the others when it is not acknowledged.
func (l *load) again(waiting []job) []job {
	j := waiting[0]
	waiting = waiting[1:]
	if l.t.Failed() { // perhaps nothing runs any more
		return waiting
	}
	if time.Now().After(j.gaveUp) {
		l.t.Errorf("%q is not acknowledged for %v", j.text, patience)
		return waiting
	}
	if pause := time.Until(j.retryAt); pause > 0 {
		<-time.After(pause)
	}
	if l.try(j) {
		return waiting
	}
	l.refused.Add(1)
	j.turn++
	j.retryAt = time.Now().Add(retryAfter)
	return append(waiting, j)
}

// try makes one try at one bridge, and looks for some of what was acknowledged at the other one.
func (l *load) try(j job) bool {
	d := l.bridge(j.turn)
	if j.reply {
		status, _ := d.try(http.MethodPost, "/inbox/"+j.p.conversation+"/replies", j.p.Token, j.text, map[string]string{"text": j.text})
		if status == http.StatusCreated {
			l.note(l.replied, j.text, j.p)
		}
		return status == http.StatusCreated
	}
	id := strings.ReplaceAll(j.text, " ", ".") + "@cabinet.test"
	if !d.tryToSend(l.doctor, j.p.Address, note(l.doctor, j.p.Address, j.text, "x", "Message-ID: <"+id+">")) {
		return false
	}
	l.note(l.acked, j.text, j.p)
	if j.turn%5 == 0 {
		l.look(l.bridge(j.turn+1), j.p, j.text)
	}
	return true
}

// note notes an acknowledgement.
func (l *load) note(set map[string]string, what string, p person) {
	l.mu.Lock()
	defer l.mu.Unlock()
	set[what] = p.INS
	now := time.Now()
	l.longest = max(l.longest, now.Sub(l.last))
	l.last = now
}

// look checks that a bridge shows what another one acknowledged; one that does not answer shows nothing wrong.
func (l *load) look(d *demo, p person, subject string) {
	status, body := d.try(http.MethodGet, "/inbox?limit=200", p.Token, "", nil)
	if status != http.StatusOK {
		return
	}
	l.read.Add(1)
	if !bytes.Contains(body, []byte(`"`+subject+`"`)) {
		l.t.Errorf("%q was acknowledged by one bridge, and the other does not show it", subject)
	}
}

// tryToSend sends a message over a connection of its own and reports whether it was acknowledged. Unlike
// send it takes a lost connection for what it is under a kill: no answer.
func (d *demo) tryToSend(from, to, message string) bool {
	conf, err := d.clientTLS(d.operatorOf(from))
	if err != nil {
		return false
	}
	conn, err := net.DialTimeout("tcp", d.SMTP, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	client, err := smtp.NewClientStartTLS(conn, conf)
	if err != nil {
		return false
	}
	return client.SendMail(from, []string{to}, strings.NewReader(message)) == nil
}

// try makes a call and returns its status, 0 when there was no answer, and its body.
func (d *demo) try(method, path, token, key string, body any) (int, []byte) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequest(method, d.HTTP+"/api/v1"+path, content)
	if err != nil {
		return 0, nil
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", strings.ReplaceAll(key, " ", "-"))
	}
	client := http.Client{Timeout: 10 * time.Second}
	res, err := client.Do(r)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil
	}
	return res.StatusCode, text
}

// check compares what was acknowledged with what both bridges show, and waits for the replies.
func (l *load) check() {
	l.t.Helper()
	subjects, texts := map[string]int{}, map[string]int{}
	for _, p := range l.people {
		shown := make([]string, 2)
		for n := range shown {
			shown[n] = l.everything(l.bridge(n).as(l.t, p.Token), p, subjects, texts)
		}
		if shown[0] != shown[1] {
			l.t.Errorf("the bridges show one patient's mailbox differently:\n%s\n%s", shown[0], shown[1])
		}
	}
	for what, count := range map[string]map[string]int{"message": subjects, "reply": texts} {
		for name, n := range count {
			if n != 2 { // once at each bridge
				l.t.Errorf("%s %q is there %d times at two bridges", what, name, n)
			}
		}
	}
	for subject := range l.acked {
		if subjects[subject] != 2 {
			l.t.Errorf("%q was acknowledged and is there %d times", subject, subjects[subject])
		}
	}
	for text := range l.replied {
		if texts[text] != 2 {
			l.t.Errorf("%q was acknowledged and is there %d times", text, texts[text])
		}
	}
	copies := l.arrived()
	l.t.Logf("%d messages and %d replies acknowledged, all there once; %d tries refused or unanswered, longest time without an answer %v; "+
		"%d looked for at the other bridge; %d copies of replies beyond the first, %d bridges killed",
		len(l.acked), len(l.replied), l.refused.Load(), l.longest.Round(time.Millisecond), l.read.Load(), copies, l.kills)
}

// everything counts the subjects of a patient's inbox, and the replies in his conversation, and returns all that
// the API shows of it.
func (l *load) everything(a api, p person, subjects, texts map[string]int) string {
	l.t.Helper()
	var all strings.Builder
	for cursor := ""; ; {
		status, body, _ := a.do(http.MethodGet, "/inbox?limit=200&cursor="+cursor, nil)
		var page list[conversation]
		if err := json.Unmarshal(body, &page); err != nil || status != http.StatusOK {
			l.t.Fatalf("inbox: status %d, %v", status, err)
		}
		all.Write(body)
		for _, c := range page.Items {
			if c.Subject != "ouverture" {
				subjects[c.Subject]++
			}
		}
		if page.Next == nil {
			break
		}
		cursor = *page.Next
	}
	for _, m := range a.open(p.conversation).Messages {
		if m.Mine {
			texts[strings.TrimSpace(m.Text)]++
		}
	}
	return all.String()
}

// arrived waits until every acknowledged reply is in the operator's Maildir, and returns how many came more
// than once: copies of one are the same, octet by octet.
func (l *load) arrived() (copies int) {
	l.t.Helper()
	d := l.bridge(0)
	dir := filepath.Join(d.OperatorMaildirs, strings.ToLower(l.doctor), "new")
	await(l.t, "arrival of every acknowledged reply", func() bool {
		first := map[string]string{}
		var bodies []string
		copies = 0
		for _, f := range maildir(l.t, dir) {
			raw, err := os.ReadFile(f)
			if err != nil {
				l.t.Fatal(err)
			}
			id := headerOf(l.t, raw).Get("Message-Id")
			if before, twice := first[id]; twice {
				copies++
				if before != string(raw) {
					l.t.Fatal("two copies of one reply differ")
				}
				continue
			}
			first[id] = string(raw)
			_, body, _ := strings.Cut(string(raw), "\r\n\r\n")
			bodies = append(bodies, strings.TrimSpace(body))
		}
		for text := range l.replied {
			if !slices.Contains(bodies, text) {
				return false
			}
		}
		return true
	})
	return copies
}
