package redistest

import (
	"context"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redisclient"
)

// Nodes is a cluster of several masters, each with its replicas, on loopback. It ends with the test.
type Nodes struct {
	Servers []*Server // the first ones were masters at the start
}

// nodeTimeout is after how long a silent node counts as failed, in ms: short, so that a replica takes over
// soon, and longer than a busy machine lets a node wait.
const nodeTimeout = "2000"

// Valkey returns the program of Valkey, and skips the test on a machine without it.
func Valkey(t testing.TB) string {
	t.Helper()
	const program = "valkey-server"
	if _, err := exec.LookPath(program); err != nil {
		t.Skip("skipped: no valkey-server in PATH; on Debian 12: apt-get install -t bookworm-backports valkey-server")
	}
	return program
}

// StartProgram is Start for a program that speaks as redis-server does.
func StartProgram(t testing.TB, program string, args ...string) *Server {
	t.Helper()
	return start(t, program, args...)
}

// StartNodes runs a cluster of program (empty: redis-server) with as many masters, and replicas of each. It
// returns when every replica has what its master has: before, a killed master has no heir.
func StartNodes(t testing.TB, program string, masters, replicas int, args ...string) *Nodes {
	t.Helper()
	n := &Nodes{}
	for range masters * (1 + replicas) {
		n.Servers = append(n.Servers, startNode(t, program, args...))
	}
	first := n.Servers[0]
	for i, s := range n.Servers {
		n.do(t, s, "cluster", "set-config-epoch", i+1)
		if i < masters {
			n.do(t, s, "cluster", "addslotsrange", i*slots/masters, (i+1)*slots/masters-1)
		}
		host, port, _ := net.SplitHostPort(s.Addr)
		n.do(t, first, "cluster", "meet", host, port)
	}
	for i, s := range n.Servers {
		s.await(t, "the nodes to know each other", func(ctx context.Context) bool {
			return strings.Count(n.ask(ctx, s, "cluster", "nodes"), " connected") == len(n.Servers)
		})
		if i >= masters {
			n.do(t, s, "cluster", "replicate", n.ask(t.Context(), n.Servers[i%masters], "cluster", "myid"))
		}
	}
	n.AwaitWhole(t, masters, replicas)
	return n
}

// slots is how many slots a cluster has.
const slots = 16384

// startNode runs one node, which belongs to no cluster yet.
func startNode(t testing.TB, program string, args ...string) *Server {
	t.Helper()
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	s := &Server{
		Addr: addr, dir: t.TempDir(), program: program,
		args: append([]string{
			"--bind", "127.0.0.1", "--port", port, "--cluster-enabled", "yes", "--cluster-node-timeout", nodeTimeout,
			"--cluster-require-full-coverage", "no", "--cluster-allow-replica-migration", "no", "--repl-diskless-sync-delay", "0",
			"--min-replicas-max-lag", "2",
		}, args...),
	}
	s.run(t)
	t.Cleanup(s.Kill)
	return s
}

// AwaitWhole waits until the cluster serves all slots with so many masters, and each has its replicas in step.
func (n *Nodes) AwaitWhole(t testing.TB, masters, replicas int) {
	t.Helper()
	for _, s := range n.Servers {
		s.await(t, "a whole cluster", func(ctx context.Context) bool {
			info := n.ask(ctx, s, "cluster", "info")
			if !strings.Contains(info, "cluster_state:ok") || !strings.Contains(info, "cluster_size:"+strconv.Itoa(masters)) {
				return false
			}
			replication := n.ask(ctx, s, "info", "replication")
			if strings.Contains(replication, "role:master") {
				return strings.Count(replication, "state=online") >= replicas
			}
			return strings.Contains(replication, "master_link_status:up")
		})
	}
}

// Addrs are the addresses of all nodes.
func (n *Nodes) Addrs() []string {
	addrs := make([]string, len(n.Servers))
	for i, s := range n.Servers {
		addrs[i] = s.Addr
	}
	return addrs
}

// Client returns a client with the program's own settings, whose writes wait for so many replicas.
func (n *Nodes) Client(t testing.TB, replicas int) redis.UniversalClient {
	t.Helper()
	c, err := redisclient.New(redisclient.Options{Nodes: n.Addrs(), Replicas: replicas, WaitTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Flush removes every key.
func (n *Nodes) Flush(t testing.TB) {
	t.Helper()
	for _, s := range n.Masters(t) {
		n.do(t, s, "flushall")
	}
}

// Masters are the nodes that are masters now, as far as they answer.
func (n *Nodes) Masters(t testing.TB) []*Server {
	t.Helper()
	var masters []*Server
	for _, s := range n.Servers {
		if s.process.Runs() && strings.Contains(n.ask(t.Context(), s, "info", "replication"), "role:master") {
			masters = append(masters, s)
		}
	}
	return masters
}

// MasterOf is the node that serves a key.
func (n *Nodes) MasterOf(t testing.TB, key string) *Server {
	t.Helper()
	for _, s := range n.Masters(t) {
		c := direct(s)
		err := c.Exists(t.Context(), key).Err()
		_ = c.Close()
		if err == nil {
			return s
		}
	}
	t.Fatal("no master serves the key")
	return nil
}

// Continue runs a node again that was killed, on the same files.
func (n *Nodes) Continue(t testing.TB, s *Server) {
	t.Helper()
	s.run(t)
}

// do sends one command to one node.
func (n *Nodes) do(t testing.TB, s *Server, args ...any) {
	t.Helper()
	c := direct(s)
	defer func() { _ = c.Close() }()
	if err := c.Do(t.Context(), args...).Err(); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}

// ask is do with an answer, empty when there is none.
func (n *Nodes) ask(ctx context.Context, s *Server, args ...any) string {
	c := direct(s)
	defer func() { _ = c.Close() }()
	text, _ := c.Do(ctx, args...).Text()
	return text
}

// direct is a client of one node, which follows no redirection.
func direct(s *Server) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.Addr, MaxRetries: -1, DialerRetries: 1, ContextTimeoutEnabled: true, PoolSize: 1, Protocol: 2})
}

// FreePort returns a port of this machine that was free a moment ago.
func FreePort(t testing.TB) string {
	t.Helper()
	_, port, _ := net.SplitHostPort(freeAddr(t))
	return port
}
