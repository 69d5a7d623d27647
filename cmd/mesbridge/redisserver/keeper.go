package redisserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Pauses before a dead child is started again: they double from the first to the last, and start
// anew after a child that lived for settled.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 5 * time.Second
	settled    = time.Minute
)

// keeper owns the child process.
type keeper struct {
	program, dir string
	log          *slog.Logger

	once  sync.Once
	quit  chan struct{} // closed when the child is to end
	ended chan struct{} // closed when it has ended and is not started again
	died  chan error    // takes the end of the first child

	mu    sync.Mutex
	child *os.Process
}

// keep runs the child, again and again, until quit. The goroutine stays on its thread for the whole
// life of the child, since the kernel sends the death signal when that thread ends, not the process.
func (k *keeper) keep() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(k.ended)
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		begun := time.Now()
		err := k.runChild()
		if k.stopping() {
			return
		}
		select {
		case k.died <- err:
		default: // only the first end is asked for
		}
		if time.Since(begun) > settled {
			pause = firstPause
		}
		k.log.Error("redis-server ended; starting it again", "error", err, "pause", pause)
		select {
		case <-k.quit:
			return
		case <-time.After(pause):
		}
	}
}

// runChild runs one child to its end.
func (k *keeper) runChild() error {
	cmd := k.command()
	if err := k.begin(cmd); err != nil {
		return err
	}
	err := cmd.Wait()
	k.mu.Lock()
	k.child = nil
	k.mu.Unlock()
	if err != nil {
		return fmt.Errorf("run redis-server: %w; see %s", err, filepath.Join(k.dir, logName))
	}
	return nil
}

// begin starts the child, unless it is to end already.
func (k *keeper) begin(cmd *exec.Cmd) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopping() {
		return errors.New("told to end")
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start redis-server: %w", err)
	}
	k.child = cmd.Process
	return nil
}

// stopping reports whether the child is to end.
func (k *keeper) stopping() bool {
	select {
	case <-k.quit:
		return true
	default:
		return false
	}
}

// Packing returns the options by which the server keeps the hashes of a patient in one piece of memory each,
// which is a third of what they take by its defaults: records are larger than the 64 bytes that those allow.
// From some 50 conversations on, a hash is spread out, so that no lookup has more than 512 fields to pass.
func Packing() []string {
	return []string{"--hash-max-listpack-entries", "512", "--hash-max-listpack-value", "4096"}
}

// command is the child: everything on disk before it answers, nothing evicted, no TCP port.
func (k *keeper) command() *exec.Cmd {
	//nolint:gosec,noctx // the program is redis-server; it ends by Stop and with its parent, not with a context
	cmd := exec.Command(k.program, append([]string{
		"--daemonize", "no", "--port", "0", "--unixsocket", socketName, "--unixsocketperm", "700", "--dir", ".",
		"--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction",
		"--loglevel", "warning", "--logfile", logName,
	}, Packing()...)...)
	cmd.Dir = k.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Pdeathsig: syscall.SIGTERM, // ends with the bridge, even when that is killed
		Setpgid:   true,            // an interrupt of the terminal goes to the bridge alone, which stops in order
	}
	return cmd
}

// stop ends the child and waits for it; it may be called more than once.
func (k *keeper) stop(ctx context.Context) error {
	k.once.Do(func() { close(k.quit) })
	k.signal(syscall.SIGTERM)
	select {
	case <-k.ended:
		return nil
	case <-ctx.Done():
	case <-time.After(stopTime):
	}
	k.signal(syscall.SIGKILL)
	<-k.ended
	return errors.New("redis-server did not end in time and was killed")
}

// signal sends s to the child, if there is one.
func (k *keeper) signal(s os.Signal) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.child != nil {
		_ = k.child.Signal(s) // it may have ended just now
	}
}

// listening reports whether a server accepts connections on the socket.
func listening(socket string) bool {
	conn, err := net.DialTimeout("unix", socket, answerTime) //nolint:noctx // bounded by its timeout
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
