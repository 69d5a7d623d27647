package redisserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// asParent makes the test binary run as a bridge that owns a server in that directory.
const asParent = "REDISSERVER_TEST_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asParent); dir != "" {
		if err := ownServer(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// ownServer starts a server, says so, and waits to be killed.
func ownServer(dir string) error {
	program, ok := Find()
	if !ok {
		return errors.New("no redis-server")
	}
	s, err := Start(context.Background(), program, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, s.Addr)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// program finds redis-server; the tests of this package are nothing without it.
func program(t *testing.T) string {
	t.Helper()
	p, ok := Find()
	if !ok {
		t.Fatal("redis-server is missing; .ci/setup test installs it")
	}
	return p
}

// shortDir is a directory whose path fits a unix socket.
func shortDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if len(dir) > maxSocketPath-len(socketName)-20 {
		t.Fatalf("temporary directory %q is too long a path", dir)
	}
	return dir
}

func start(t *testing.T, dir string) (*Server, *redis.Client) {
	t.Helper()
	s, err := Start(t.Context(), program(t), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	c := redis.NewClient(&redis.Options{Network: s.Network, Addr: s.Addr})
	t.Cleanup(func() { _ = c.Close() })
	return s, c
}

// pid asks a server for its process.
func pid(t *testing.T, c *redis.Client) int {
	t.Helper()
	info, err := c.Info(t.Context(), "server").Result()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(info) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "process_id:"); ok {
			id, err := strconv.Atoi(n)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
	}
	t.Fatal("no process_id in INFO")
	return 0
}

// eventually waits for a state that nothing announces.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(15 * time.Second)
	defer limit.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatal("not reached in time: " + what)
		}
	}
}

// gone reports whether a process has ended; one that waits for its parent to look counts as ended.
func gone(process int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(process), "stat"))
	if err != nil {
		return true
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(after, "Z") || strings.HasPrefix(after, "X")
}

func TestStart_isSetForDurability(t *testing.T) {
	t.Parallel()
	_, c := start(t, shortDir(t))
	for name, want := range map[string]string{
		"appendonly": "yes", "appendfsync": "always", "save": "", "maxmemory-policy": "noeviction", "port": "0",
		"hash-max-listpack-entries": "512", "hash-max-listpack-value": "4096",
	} {
		got, err := c.ConfigGet(t.Context(), name).Result()
		if err != nil {
			t.Fatal(err)
		}
		if got[name] != want {
			t.Errorf("%s = %q, want %q", name, got[name], want)
		}
	}
	info, err := os.Stat(c.Options().Addr)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("socket mode %v, want 0700", info.Mode().Perm())
	}
}

func TestStart_afterStop_findsTheData(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	s, c := start(t, dir)
	if err := c.Set(t.Context(), "kept", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, c = start(t, dir)
	if got := c.Get(t.Context(), "kept").Val(); got != "1" {
		t.Errorf("after a restart: %q, want 1", got)
	}
}

func TestStart_endsLeftoverServer(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	left := exec.Command(program(t), "--port", "0", "--unixsocket", socketName, "--dir", ".", "--appendonly", "yes", "--save", "")
	left.Dir = dir
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = left.Wait(); close(ended) }()
	t.Cleanup(func() { _ = left.Process.Kill(); <-ended })
	socket := filepath.Join(dir, socketName)
	eventually(t, "leftover server listens", func() bool { return listening(socket) })
	old := redis.NewClient(&redis.Options{Network: "unix", Addr: socket})
	defer old.Close()
	if err := old.Set(t.Context(), "written", "before", 0).Err(); err != nil {
		t.Fatal(err)
	}
	_, c := start(t, dir)
	if !gone(left.Process.Pid) {
		t.Error("the leftover server still runs beside the new one")
	}
	if got := c.Get(t.Context(), "written").Val(); got != "before" {
		t.Errorf("what the leftover server held: %q, want before", got)
	}
}

func TestStart_leftoverThatHangs_isToldNotFoughtOver(t *testing.T) {
	t.Parallel()
	dir := shortDir(t)
	left := exec.Command(program(t), "--port", "0", "--unixsocket", socketName, "--dir", ".", "--save", "")
	left.Dir = dir
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = left.Process.Kill(); _ = left.Wait() })
	socket := filepath.Join(dir, socketName)
	eventually(t, "leftover server listens", func() bool { return listening(socket) })
	if err := left.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), program(t), dir, slog.New(slog.DiscardHandler))
	if err == nil {
		_ = s.Stop(t.Context())
		t.Fatal("two servers on the same data")
	}
	if !strings.Contains(err.Error(), "stop it by hand") {
		t.Errorf("error %q does not say what to do", err)
	}
}

func TestKeeper_childKilled_isStartedAgain(t *testing.T) {
	t.Parallel()
	_, c := start(t, shortDir(t))
	if err := c.Set(t.Context(), "acknowledged", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	first := pid(t, c)
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "server answers again", func() bool {
		return gone(first) && c.Ping(t.Context()).Err() == nil
	})
	if again := pid(t, c); again == first {
		t.Fatal("the killed server answers")
	}
	if got := c.Get(t.Context(), "acknowledged").Val(); got != "1" {
		t.Errorf("after kill -9 of the server: %q, want 1", got)
	}
}

func TestStart_parentKilled_childEnds(t *testing.T) {
	t.Parallel()
	program(t)
	dir := shortDir(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), asParent+"="+dir)
	parent.Stderr = os.Stderr
	in, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err = parent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = parent.Process.Kill() })
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: strings.TrimSpace(addr)})
	defer c.Close()
	child := pid(t, c)
	if err = c.Set(t.Context(), "acknowledged", "1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err = parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	// No waiting for the child: the next start has to cope with one that is still ending.
	_, again := start(t, dir)
	eventually(t, "child of the killed parent ends", func() bool { return gone(child) })
	if got := again.Get(t.Context(), "acknowledged").Val(); got != "1" {
		t.Errorf("after kill -9 of the parent: %q, want 1", got)
	}
}

func TestStart_pathTooLong_saysSo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", maxSocketPath))
	_, err := Start(t.Context(), "redis-server", dir, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "choose a shorter one") {
		t.Errorf("error %v, want one that says what to do", err)
	}
}

func TestStart_programEndsAtOnce_fails(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), "/bin/false", shortDir(t), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "ended at once") {
		t.Errorf("error %v, want one that says that the program ended", err)
	}
}

func TestStartEmbedded_answersAndExpires(t *testing.T) {
	t.Parallel()
	s, err := StartEmbedded()
	if err != nil {
		t.Fatal(err)
	}
	if s.Survives {
		t.Error("the embedded server claims to survive")
	}
	c := redis.NewClient(&redis.Options{Network: s.Network, Addr: s.Addr})
	defer c.Close()
	if err = c.Set(t.Context(), "short", "1", 500*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "key expires", func() bool { return errors.Is(c.Get(t.Context(), "short").Err(), redis.Nil) })
	for range 2 {
		if err = s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestLockDir_secondIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := LockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = LockDir(dir); !errors.Is(err, ErrLocked) {
		t.Errorf("second lock: %v, want ErrLocked", err)
	}
	if err = l.Unlock(); err != nil {
		t.Fatal(err)
	}
	l, err = LockDir(dir)
	if err != nil {
		t.Fatalf("after unlock: %v", err)
	}
	if err = l.Unlock(); err != nil {
		t.Fatal(err)
	}
}
