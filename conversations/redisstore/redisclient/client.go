package redisclient

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// Options say where Redis is and what its writes wait for.
type Options struct {
	// URL is the one server: unix:///PATH, redis://HOST:PORT or rediss://HOST:PORT. With Nodes it is not
	// looked at.
	URL string
	// Nodes are addresses of nodes of a Redis Cluster, HOST:PORT. One that answers is enough: it tells the
	// others.
	Nodes []string

	User, Password string      // empty: those of URL, or none
	TLS            *tls.Config // nil: none, but for a rediss URL

	// Replicas is how many replicas must hold a write before it is answered, and WaitTimeout how long
	// that may take. 0: a write is answered when its master has it.
	Replicas    int
	WaitTimeout time.Duration

	// OnConnect is called with each new connection before anything else uses it; the connection is not used
	// when it fails. Nil: nothing is called.
	OnConnect func(ctx context.Context, c *redis.Conn) error
}

// ErrURL means that the URL of the server is none. The cause could quote a password.
var ErrURL = errors.New("not a URL of redis")

// Settings of the connections, measured on a cluster whose master was killed under load: with the
// defaults of go-redis a client did not come back within eleven seconds, with these after the four that
// the election took.
const (
	dialTimeout = time.Second
	// readTimeout is how long a server may be silent. One that is stopped is taken for dead by its
	// cluster after cluster-node-timeout, a few seconds.
	readTimeout = 3 * time.Second
	// topologyEvery is how often the masters are asked for; a failed dial asks at once.
	topologyEvery = time.Second
	// poolSize is for one node: the server syncs once for all commands that wait together.
	poolSize = 64
)

// New returns a client, which the caller closes. It makes no call.
func New(o Options) (redis.UniversalClient, error) {
	if len(o.Nodes) > 0 {
		return newCluster(o), nil
	}
	single, err := redis.ParseURL(o.URL)
	if err != nil {
		return nil, ErrURL
	}
	if o.User != "" {
		single.Username = o.User
	}
	if o.Password != "" {
		single.Password = o.Password
	}
	if o.TLS != nil && single.Network != "unix" {
		single.TLSConfig = o.TLS
	}
	single.OnConnect = o.OnConnect
	return One(single, o.Replicas, o.WaitTimeout), nil
}

// One returns a client of one server by options of go-redis.
func One(single *redis.Options, replicas int, timeout time.Duration) *redis.Client {
	single.ContextTimeoutEnabled = true
	if replicas > 0 {
		single.ReadTimeout = readTimeout + timeout
	}
	c := redis.NewClient(single)
	c.AddHook(&hold{client: c, replicas: replicas, timeout: timeout})
	return c
}

// newCluster returns a client of a cluster. Reads go to masters only.
func newCluster(o Options) *redis.ClusterClient {
	cluster := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: o.Nodes, OnConnect: o.OnConnect, Username: o.User, Password: o.Password, TLSConfig: o.TLS, PoolSize: poolSize,
		ContextTimeoutEnabled: true, DialTimeout: dialTimeout, DialerRetries: 1, ReadTimeout: readTimeout + o.WaitTimeout,
		ClusterStateReloadInterval: topologyEvery, FailingTimeoutSeconds: 1, MaxRedirects: 3, MaxRetryBackoff: 100 * time.Millisecond,
		// A command goes where its key is. The policies would ask every node for what some do, and
		// refuse the WAIT that follows a pipeline.
		DisableRoutingPolicies: true,
	})
	cluster.OnNewNode(func(node *redis.Client) {
		node.AddHook(&hold{
			client: node, replicas: o.Replicas, timeout: o.WaitTimeout,
			reload: func(ctx context.Context) { cluster.ReloadState(ctx) },
		})
	})
	return cluster
}
