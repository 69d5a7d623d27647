package tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crowdPatient is one of the demonstration's many patients.
type crowdPatient struct{ INS, Address, Token string }

// crowdDemo is a demonstration with many patients, which is killed and started again on the same data.
type crowdDemo struct {
	*demo
	t     *testing.T
	redis string
	flags []string
	file  string // of the crowd; written anew by each start with the flags
	crowd []crowdPatient
}

func startCrowd(t *testing.T, redis string, patients int) *crowdDemo {
	t.Helper()
	file := filepath.Join(t.TempDir(), "patients.json")
	c := &crowdDemo{t: t, redis: redis, file: file, flags: []string{"--patients", fmt.Sprint(patients), "--patients-file", file}}
	c.demo = startDemoOn(t, t.TempDir(), redis, c.flags...)
	c.readCrowd()
	return c
}

// again starts it again; its people have new tokens when redis lost theirs.
func (c *crowdDemo) again() {
	c.t.Helper()
	c.demo = startDemoOn(c.t, c.dir, c.redis, c.flags...)
	c.readCrowd()
}

func (c *crowdDemo) readCrowd() {
	c.t.Helper()
	b, err := os.ReadFile(c.file)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal(b, &c.crowd); err != nil {
		c.t.Fatal(err)
	}
}

// each does something for the first n patients, some at a time.
func (c *crowdDemo) each(n int, do func(i int, p crowdPatient)) {
	var all sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i, p := range c.crowd[:n] {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(i, p)
		})
	}
	all.Wait()
}

// caller calls the API while the bridge may be killed.
func (c *crowdDemo) caller(token string) crashCaller {
	return crashCaller{ctx: c.t.Context(), client: &http.Client{Timeout: crashPatience}, token: token}
}

// closing is one visit of the clinic that is closed while the bridge is killed.
type closing struct {
	thread string
	event  map[string]any
	done   bool // acknowledged
}

// TestKill_whileEpisodesClose kills the bridge while a clinic closes the episodes of 100 patients, half of
// them at once and half at one announced instant, and again at that instant. What was acknowledged holds;
// the same event again makes the rest; every conversation is ended once, with one last message (D24).
func TestKill_whileEpisodesClose(t *testing.T) {
	t.Parallel()
	const patients = 100
	c := startCrowd(t, "managed", patients)
	clinic := c.Clinics[0]
	visits := make([]closing, patients)
	path := func(i int) string { return fmt.Sprintf("/facilities/%s/episodes/visit%d", clinic.FINESS, i) }
	caller := c.caller(clinic.Token)
	c.each(patients, func(i int, p crowdPatient) {
		to := map[string]any{"ins": p.INS}
		visit := fmt.Sprintf("visit%d", i)
		opened := caller.call(c.demo, http.MethodPut, path(i), "", map[string]any{"state": "open", "eventId": "o", "patient": to}, http.StatusOK)
		written := caller.call(c.demo, http.MethodPost, "/conversations", "", map[string]any{
			"mailbox": clinic.Mailboxes[0], "patient": to, "subject": "Séjour", "text": "Bonjour", "episode": map[string]any{"finess": clinic.FINESS, "visit": visit},
		}, http.StatusCreated)
		if opened.kind != answerYes || written.kind != answerYes {
			t.Errorf("visit %d: %s, %s", i, opened.text, written.text)
		}
		visits[i] = closing{thread: written.id, event: map[string]any{"state": "closed", "eventId": "c", "lastMessage": "Bon retour"}}
	})
	instant := time.Now().Add(15 * time.Second)
	close := func(kill int64) (acknowledged int64) {
		var count atomic.Int64
		c.each(patients, func(i int, _ crowdPatient) {
			v := &visits[i]
			if i%2 == 1 && v.event["graceDays"] == nil {
				v.event["graceDays"], v.event["source"] = time.Until(instant).Hours()/24, "adt"
			}
			got := caller.call(c.demo, http.MethodPut, path(i), "", v.event, http.StatusOK)
			if got.kind == answerWrong || got.kind == answerNo {
				t.Errorf("visit %d: %s", i, got.text)
			}
			v.done = v.done || got.kind == answerYes
			if v.done && count.Add(1) == kill {
				c.kill()
			}
		})
		return count.Load()
	}
	first := close(37)
	c.again()
	for i, v := range visits {
		if state := stateOf(caller, c.demo, path(i)); v.done && i%2 == 0 && state != "closed" {
			t.Errorf("visit %d was acknowledged as closed and is %q", i, state)
		}
	}
	if n := close(-1); n != patients {
		t.Errorf("%d of %d events are taken the second time", n, patients)
	}
	<-time.After(time.Until(instant)) // the announced ends come now
	c.kill()
	c.again()
	c.each(patients, func(i int, p crowdPatient) { c.awaitEnd(p, visits[i].thread, 2+i%2) })
	t.Logf("%d of %d events were acknowledged before the kill", first, patients)
}

func stateOf(caller crashCaller, d *demo, path string) string {
	var e episode
	caller.read(d, path, &e)
	return e.State
}

// awaitEnd waits until a conversation is ended by its episode, and checks its messages.
func (c *crowdDemo) awaitEnd(p crowdPatient, thread string, messages int) {
	caller := c.caller(p.Token)
	var seen conversation
	last := 0
	for deadline := time.Now().Add(90 * time.Second); last == 0 && time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
		caller.read(c.demo, "/inbox/"+thread, &seen) // the end holds from its instant on; its message follows
		for _, m := range seen.Messages {
			if strings.Contains(m.Text, "Bon retour") {
				last++
			}
		}
	}
	if seen.State != "ended" || seen.Ended == nil || seen.Ended.How != "episode" || last != 1 || len(seen.Messages) != messages {
		c.t.Errorf("%s: state %s, %d messages, want %d, %d of them the last one", thread, seen.State, len(seen.Messages), messages, last)
	}
}

// TestKill_whileAccountsAreErased kills the bridge while patients erase their accounts. Each account is then
// whole or gone; what was acknowledged is gone; of what is gone no file is left, and nobody can write to it
// (O117, D16).
func TestKill_whileAccountsAreErased(t *testing.T) {
	t.Parallel()
	const patients, kills = 24, 3
	c := startCrowd(t, "managed", patients)
	doctor := c.Professionals[0].Mailboxes[0]
	large := strings.Repeat("une ligne d'un dossier\r\n", 5000) // a file of its own in the store of bodies
	for _, p := range c.crowd {
		c.accepted(t, doctor, p.Address, note(doctor, p.Address, "Dossier", large))
	}
	files := bodyFiles(t, c.dir)
	c.flags = nil // a start with the flag would enrol who is gone anew
	acknowledged := make([]bool, patients)
	erase := map[string]any{"command": "erase", "confirm": "erase"}
	for round := range kills {
		var done atomic.Int64
		c.each(patients*(round+1)/kills, func(i int, p crowdPatient) {
			if got := c.caller(p.Token).call(c.demo, http.MethodPost, "/account", "", erase, http.StatusOK); got.kind == answerYes {
				acknowledged[i] = true
			}
			if done.Add(1) == int64(2+3*round) {
				c.kill()
			}
		})
		if !hasEnded(c.demo) {
			c.kill()
		}
		c.again()
	}
	gone := 0
	for i, p := range c.crowd {
		switch state := c.accountOf(p); {
		case state == "purged", state == "terms-not-accepted": // what he accepted is gone too
			gone++
			if got := c.send(t, c.operatorOf(doctor), doctor, []string{p.Address}, note(doctor, p.Address, "Encore", "x")); !strings.HasPrefix(got, "550 5.1.1") {
				t.Errorf("mail to an erased account is answered %q", got)
			}
		case acknowledged[i], state != "active":
			t.Errorf("account %d is %q; erasure acknowledged: %v", i, state, acknowledged[i])
		default:
			c.as(t, p.Token).about("Dossier")
		}
	}
	await(t, "end of the erased bodies", func() bool { return bodyFiles(t, c.dir) == files-gone })
	if code, text := mesbridge(t, "audit", "verify", "--data", c.dir, "--ops", strings.TrimPrefix(c.Ops, "http://")); code != 0 {
		t.Errorf("verify ends with %d:\n%s", code, text)
	}
	t.Logf("%d of %d accounts are erased, after %d kills", gone, patients, kills)
}

// accountOf tells the state of an account; that of one that is gone is the code by which its holder is refused.
func (c *crowdDemo) accountOf(p crowdPatient) string {
	status, text, err := c.caller(p.Token).do(c.demo, http.MethodGet, "/account", "", nil)
	var account struct{ State, Code string }
	if err != nil || json.Unmarshal(text, &account) != nil {
		c.t.Errorf("account: %d %v", status, err)
	}
	return account.State + account.Code
}

// bodyFiles counts the bodies that are files.
func bodyFiles(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "store", "bodies", "??", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
