package tests

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/servertest"
)

// redisServer is a redis-server of the test's own, behind a door that can be held shut.
type redisServer struct {
	t       *testing.T
	data    string // directory of its files
	socket  string // its own
	door    string // what the bridge dials
	process servertest.Process

	mu   sync.Mutex
	held chan struct{} // nil: the door is open
}

// startRedis runs a server that syncs each write, and the door.
func startRedis(t *testing.T) *redisServer {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis") //nolint:usetesting // its path is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &redisServer{t: t, data: filepath.Join(dir, "data"), socket: filepath.Join(dir, "own"), door: filepath.Join(dir, "door")}
	var config net.ListenConfig
	door, err := config.Listen(t.Context(), "unix", r.door)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close(); r.kill() })
	go r.serve(door)
	r.run()
	return r
}

// run starts the server and waits until it answers.
func (r *redisServer) run() {
	r.t.Helper()
	if err := os.MkdirAll(r.data, 0o700); err != nil {
		r.t.Fatal(err)
	}
	client := r.client()
	defer client.Close()
	r.process.Start(r.t, exec.Command("redis-server", "--port", "0", "--unixsocket", r.socket, "--dir", r.data,
		"--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction"),
		func(ctx context.Context) bool { return client.Ping(ctx).Err() == nil }, func() string { return "it keeps no log" })
}

// client speaks with the server behind the door.
func (r *redisServer) client() *redis.Client {
	return redis.NewClient(&redis.Options{Network: "unix", Addr: r.socket, MaxRetries: -1})
}

func (r *redisServer) kill() { r.process.Kill() }

// configure sets a setting of the running server.
func (r *redisServer) configure(name, value string) {
	r.t.Helper()
	client := r.client()
	defer client.Close()
	if err := client.ConfigSet(r.t.Context(), name, value).Err(); err != nil {
		r.t.Fatal(err)
	}
}

// hold lets nothing through the door any more, without a sign of it: a network that swallows everything.
func (r *redisServer) hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = make(chan struct{})
}

// release opens the door again.
func (r *redisServer) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.held)
	r.held = nil
}

// pass waits while the door is held.
func (r *redisServer) pass() {
	r.mu.Lock()
	held := r.held
	r.mu.Unlock()
	if held != nil {
		<-held
	}
}

func (r *redisServer) serve(door net.Listener) {
	for {
		conn, err := door.Accept()
		if err != nil {
			return
		}
		go r.carry(conn)
	}
}

// carry joins one connection to the server, as long as there is one.
func (r *redisServer) carry(conn net.Conn) {
	defer conn.Close()
	var d net.Dialer
	server, err := d.DialContext(r.t.Context(), "unix", r.socket)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(conn, server)
		_ = conn.Close()
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		r.pass()
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// copyTo keeps the files of a server that does not run.
func (r *redisServer) copyTo(dir string) {
	r.t.Helper()
	if err := os.CopyFS(dir, os.DirFS(r.data)); err != nil {
		r.t.Fatal(err)
	}
}

// become puts the files of dir in the place of the server's own, which does not run.
func (r *redisServer) become(dir string) {
	r.t.Helper()
	if err := os.RemoveAll(r.data); err != nil {
		r.t.Fatal(err)
	}
	if dir == "" {
		return
	}
	if err := os.CopyFS(r.data, os.DirFS(dir)); err != nil {
		r.t.Fatal(err)
	}
}
