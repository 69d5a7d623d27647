package servertest

import (
	"context"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// timeout bounds the wait for a server to answer, the reading of its files included.
const timeout = 30 * time.Second

// Process is one server of a test, or none. The zero value is none.
type Process struct{ cmd *exec.Cmd }

// Start runs cmd and waits until answers says yes. What log returns explains a failed start.
func (p *Process) Start(t testing.TB, cmd *exec.Cmd, answers func(context.Context) bool, log func() string) {
	t.Helper()
	// A test that panics or is killed runs no clean-up: its servers end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", filepath.Base(cmd.Path), err)
	}
	p.cmd = cmd
	Await(t, "an answer of "+filepath.Base(cmd.Path), answers, log)
}

// Runs reports whether the process was started and not killed since.
func (p *Process) Runs() bool { return p.cmd != nil }

// Kill ends the process with SIGKILL and waits for its end. Without a process it does nothing.
func (p *Process) Kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
}

// Await asks every few milliseconds until the answer is yes.
func Await(t testing.TB, what string, ready func(context.Context) bool, log func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ready(ctx) {
		select {
		case <-ctx.Done():
			t.Fatalf("waited %v for %s:\n%s", timeout, what, log())
		case <-tick.C:
		}
	}
}
