package redistest

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/servertest"
)

// Server is one redis-server of a test. It ends with the test.
type Server struct {
	Socket string // path of the unix socket; empty for a cluster
	Addr   string // host and port of a cluster's node; empty otherwise

	dir     string
	args    []string
	program string // empty: redis-server
	process servertest.Process
}

// Start runs a server that answers a write after it is on disk (appendfsync always), reachable on a
// unix socket only. More arguments of redis-server may follow.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return start(t, "", args...)
}

// start is Start for a program.
func start(t testing.TB, program string, args ...string) *Server {
	t.Helper()
	dir := socketDir(t)
	s := &Server{
		Socket:  filepath.Join(dir, "redis.sock"),
		dir:     dir,
		program: program,
		args:    []string{"--port", "0", "--unixsocket", filepath.Join(dir, "redis.sock")},
	}
	s.args = append(s.args, args...)
	s.run(t)
	t.Cleanup(s.Kill)
	return s
}

// StartCluster runs a cluster of one node that serves all slots: it refuses a script whose keys are
// of several slots, as a real cluster does.
func StartCluster(t testing.TB) *Server {
	t.Helper()
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	s := &Server{
		Addr: addr,
		dir:  t.TempDir(),
		args: []string{"--bind", "127.0.0.1", "--port", port, "--cluster-enabled", "yes"},
	}
	s.run(t)
	t.Cleanup(s.Kill)
	c := redis.NewClient(&redis.Options{Addr: addr})
	defer func() { _ = c.Close() }()
	if err := c.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatalf("give the node its slots: %v", err)
	}
	s.await(t, "a cluster that is up", func(ctx context.Context) bool {
		return strings.Contains(c.ClusterInfo(ctx).Val(), "cluster_state:ok")
	})
	return s
}

// poolSize is enough for 50 sessions: the server syncs once for all commands that wait together.
const poolSize = 64

// Client returns a client of the server with the settings that the program uses; the test closes it.
func (s *Server) Client(t testing.TB) redis.UniversalClient {
	t.Helper()
	var c redis.UniversalClient
	if s.Addr != "" {
		c = redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: []string{s.Addr}, PoolSize: poolSize, ContextTimeoutEnabled: true,
		})
	} else {
		c = redis.NewClient(s.Options())
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Options are those of Client for a server on a unix socket.
func (s *Server) Options() *redis.Options {
	return &redis.Options{Network: "unix", Addr: s.Socket, PoolSize: poolSize, ContextTimeoutEnabled: true}
}

// Kill ends the server with SIGKILL and waits for its end. What it acknowledged is on disk.
func (s *Server) Kill() { s.process.Kill() }

// Restart kills the server and runs it again on the same files.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Kill()
	s.run(t)
}

// run starts the process and waits until it accepts commands.
func (s *Server) run(t testing.TB) {
	t.Helper()
	program := cmp.Or(s.program, "redis-server")
	binary, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("%s is missing: install it (apt-get install redis-server)", program)
	}
	args := append([]string{
		"--dir", s.dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--logfile", "redis.log",
	}, s.args...)
	network, addr := "unix", s.Socket
	if s.Addr != "" {
		network, addr = "tcp", s.Addr
	}
	s.process.Start(t, exec.Command(binary, args...), //nolint:gosec,noctx // a test's server, ended by Kill
		func(ctx context.Context) bool { return answers(ctx, network, addr) }, s.log)
}

// answers reports whether a server answers a PING; it does not while it loads its files. It speaks
// the protocol itself, because a client would log each refused connection.
func answers(ctx context.Context, network, addr string) bool {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && line == "+PONG\r\n"
}

// await asks every few milliseconds until the answer is yes.
func (s *Server) await(t testing.TB, what string, ready func(ctx context.Context) bool) {
	t.Helper()
	servertest.Await(t, what, ready, s.log)
}

// log returns what the server wrote, to explain a failed start.
func (s *Server) log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "redis.log"))
	if err != nil {
		return fmt.Sprintf("no log: %v", err)
	}
	return string(text)
}

// maxSocketPath is the longest path of a unix socket that Linux takes, in bytes.
const maxSocketPath = 107

// socketDir returns a directory of the test whose path is short enough for a socket.
func socketDir(t testing.TB) string {
	t.Helper()
	if dir := t.TempDir(); len(dir)+len("/redis.sock") <= maxSocketPath {
		return dir
	}
	dir, err := os.MkdirTemp("", "redis") //nolint:usetesting // its path is too long here
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// clusterBusOffset is what a node adds to its port for the other nodes.
const clusterBusOffset = 10000

// freeAddr returns a loopback address whose port, and the one that the cluster bus derives from it,
// were free a moment ago.
func freeAddr(t testing.TB) string {
	t.Helper()
	var listen net.ListenConfig
	for range 100 {
		l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port //nolint:errcheck,forcetypeassert // a TCP listener
		bus, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(port+clusterBusOffset))
		_ = l.Close()
		if err == nil {
			_ = bus.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no free port for a cluster")
	return ""
}
