package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Times that a child gets.
const (
	startTime = 2 * time.Minute
	stopTime  = 30 * time.Second
)

// child is a program that this one started, and ends.
type child struct {
	name   string
	cmd    *exec.Cmd
	out    *bufio.Reader
	errors *bytes.Buffer // read it after the end
	ended  chan struct{} // closed at the end
	err    error         // of the end
}

// start starts a program in a group of its own, so that an interrupt at the terminal reaches it through
// us. The kernel ends it when the thread that started it ends, hence main stays on its thread.
func start(program string, args ...string) (*child, error) {
	c := &child{name: filepath.Base(program), cmd: exec.Command(program, args...), errors: &bytes.Buffer{}, ended: make(chan struct{})}
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	c.cmd.Stderr = c.errors
	read, write := io.Pipe()
	c.cmd.Stdout, c.out = write, bufio.NewReader(read)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	go func() {
		c.err = c.cmd.Wait()
		_ = write.Close()
		close(c.ended)
	}()
	return c, nil
}

// pid is the process's id.
func (c *child) pid() int { return c.cmd.Process.Pid }

// line reads the next line of what the program prints; later lines are thrown away.
func (c *child) line() (string, error) {
	text, err := c.out.ReadString('\n')
	if err != nil {
		<-c.ended
		return "", fmt.Errorf("%s ended at once: %w\n%s", c.name, c.err, c.errors)
	}
	c.drain()
	return strings.TrimSpace(text), nil
}

// drain throws away what the program prints from now on.
func (c *child) drain() {
	go func() { _, _ = io.Copy(io.Discard, c.out) }()
}

// await asks every few milliseconds until ready says yes, or fails.
func (c *child) await(ctx context.Context, ready func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		switch done, err := ready(); {
		case err != nil:
			return fmt.Errorf("start %s: %w", c.name, err)
		case done:
			return nil
		}
		select {
		case <-c.ended:
			return fmt.Errorf("%s ended at once: %w\n%s", c.name, c.err, c.errors)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", c.name, ctx.Err())
		case <-tick.C:
		}
	}
}

// stop ends the program as an operator would.
func (c *child) stop() error {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended before
	late := time.NewTimer(stopTime)
	defer late.Stop()
	select {
	case <-c.ended:
		if c.err != nil && !endedBy(c.err, syscall.SIGTERM) {
			return fmt.Errorf("%s ended: %w\n%s", c.name, c.err, c.errors)
		}
		return nil
	case <-late.C:
		return errors.Join(fmt.Errorf("%s did not end in %s", c.name, stopTime), c.cmd.Process.Kill())
	}
}

// endedBy reports whether a process ended by a signal.
func endedBy(err error, s syscall.Signal) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == s
}

// build compiles programs of this module into dir.
func build(ctx context.Context, dir string, packages ...string) error {
	args := append([]string{"build", "-trimpath", "-o", dir + "/"}, packages...)
	if out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", strings.Join(packages, ", "), err, out)
	}
	return nil
}
