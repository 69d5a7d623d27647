package tests

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKill_whileRebuilding kills `mesbridge rebuild` again and again, from its beginning to its end, over a
// store that is empty, half made, or whole. A bridge on what it left behind refuses to start and says why, or
// serves what was there, every conversation and right of it. The last rebuild ends, and the state is what it
// was.
func TestKill_whileRebuilding(t *testing.T) {
	t.Parallel()
	const patients, kills = 300, 6
	r := startRedis(t)
	c := startCrowd(t, "unix://"+r.door, patients)
	doctor := c.Professionals[0].Mailboxes[0]
	for i, p := range c.crowd[:12] {
		c.accepted(t, doctor, p.Address, note(doctor, p.Address, fmt.Sprintf("Message %d", i), "x"))
		a := c.as(t, p.Token)
		if i%3 == 0 {
			c.accepted(t, doctor, p.Address, note(doctor, p.Address, "[FIN]", ""))
		}
		if i%4 == 0 {
			a.want(http.StatusOK, nil, http.MethodPut, "/inbox/contacts/"+contactNamed(a, familyName(c.Professionals[0].Name))+"/block", nil)
		}
	}
	before := c.states(12)
	c.stop()
	rebuild := func() (time.Duration, string) {
		began := time.Now()
		code, text := mesbridge(t, "rebuild", "--data", c.dir, "--redis", c.redis)
		if code != 0 {
			t.Fatalf("rebuild ends with %d:\n%s", code, text)
		}
		return time.Since(began), text
	}
	r.kill()
	r.become("")
	r.run()
	whole, _ := rebuild()
	refused, served := 0, 0
	for n := range kills {
		if n%3 == 1 { // the first goes over a store that is whole
			r.kill()
			r.become("")
			r.run()
		}
		cutRebuild(t, c, whole*time.Duration(n+1)/(kills+1))
		code, text := c.startUntilReady()
		switch {
		case code == 1 && strings.Contains(text, "mesbridge rebuild"):
			refused++
		case code == 0: // it served until it was told to end
			served++
			c.again()
			c.same(before)
			c.stop()
		default:
			t.Errorf("a start after a rebuild that was cut ends with %d:\n%s", code, text)
		}
	}
	_, text := rebuild()
	c.again()
	c.same(before)
	t.Logf("whole in %v; after %d kills the bridge refused %d times and served %d times; %s", whole.Round(time.Millisecond), kills, refused, served, text)
}

// cutRebuild runs a rebuild and kills it after a while.
func cutRebuild(t *testing.T, c *crowdDemo, after time.Duration) {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), bin, "rebuild", "--data", c.dir, "--redis", c.redis)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-time.After(after) // a part of what a whole one takes
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// startUntilReady starts the bridge, and ends it in order once it serves. It returns how it ended and what it
// said.
func (c *crowdDemo) startUntilReady() (code int, output string) {
	c.t.Helper()
	bin, err := binary()
	if err != nil {
		c.t.Fatal(err)
	}
	ready := filepath.Join(c.t.TempDir(), "ready.json")
	out := &strings.Builder{}
	cmd := exec.CommandContext(c.t.Context(), bin, "demo", "--data", c.dir, "--redis", c.redis, "--ready", ready,
		"--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--ops", "127.0.0.1:0")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	await(c.t, "end of the start", func() bool {
		select {
		case <-ended:
			return true
		default:
		}
		_, err := os.Stat(ready)
		return err == nil
	})
	_ = cmd.Process.Signal(syscall.SIGTERM) // one that has ended hears nothing
	<-ended
	return cmd.ProcessState.ExitCode(), out.String()
}

// states reads what the first patients see.
func (c *crowdDemo) states(n int) []string {
	c.t.Helper()
	all := make([]string, n)
	for i, p := range c.crowd[:n] {
		a := c.as(c.t, p.Token)
		for _, path := range []string{"/inbox", "/inbox/contacts", "/account"} {
			_, b, _ := a.do(http.MethodGet, path, nil)
			all[i] += string(b)
		}
	}
	return all
}

// same compares what they see now. Logins are lost with redis; the demonstration hands out new tokens.
func (c *crowdDemo) same(before []string) {
	c.t.Helper()
	for i, now := range c.states(len(before)) {
		if now != before[i] {
			c.t.Errorf("patient %d: before\n%s\nnow\n%s", i, before[i], now)
		}
	}
}
