package config

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Redis says where the state is and what its writes wait for.
type Redis struct {
	Server      string        `yaml:"server" doc:"managed: a redis-server that the bridge starts and owns, in dataDir. Otherwise the URL of a server that syncs every write: unix:///PATH, redis://HOST:PORT or rediss://HOST:PORT. With nodes it is not looked at."`
	Nodes       []string      `yaml:"nodes" may:"empty" doc:"Nodes of a Redis Cluster, HOST:PORT; one that answers tells the others."`
	User        string        `yaml:"user" may:"empty" doc:"User of its access list; empty: the default one."`
	Password    SecretFile    `yaml:"password" may:"empty" doc:"File that holds the password."`
	CA          File          `yaml:"ca" may:"empty" doc:"Chain that the servers' certificates must come from, PEM, never the system's. With it, connections are TLS."`
	Certificate File          `yaml:"certificate" may:"empty" doc:"Our certificate for them, PEM, when they ask for one."`
	Key         SecretFile    `yaml:"key" may:"empty" doc:"Its key."`
	Bridges     int           `yaml:"bridges" doc:"How many bridges share it. Until so many have started once, and while one of them is away for less than a day, the journal of what they lack stays there."`
	Replicas    int           `yaml:"replicas" may:"empty" doc:"How many replicas must hold a write before it is acknowledged; fewer in time is 451 or 503, and the sender's retry finds its operation (D17). 0 only for one server."`
	WaitTimeout time.Duration `yaml:"waitTimeout" doc:"How long they may take. Set min-replicas-to-write on the servers to the same number, so that they refuse at once."`
}

// Managed is the value of Redis.Server for a server of our own.
const Managed = "managed"

// Managed reports whether the server is our own.
func (r Redis) Managed() bool { return r.Server == Managed && len(r.Nodes) == 0 }

// clusterScheme begins the short form of a cluster: redis-cluster://HOST:PORT,HOST:PORT?replicas=1&bridges=2
const clusterScheme = "redis-cluster://"

// errServer says what may stand for a server.
var errServer = errors.New("write managed, unix:///PATH, redis://HOST:PORT or rediss://HOST:PORT")

// ParseRedis reads the short form of the command line: managed, the URL of one server, or
// redis-cluster://HOST:PORT,HOST:PORT?replicas=1&bridges=2 (1 when left out).
func ParseRedis(text string) (Redis, error) {
	r := Default().Redis
	rest, cluster := strings.CutPrefix(text, clusterScheme)
	if !cluster {
		r.Server = text
		return r, errors.Join(r.faults("")...)
	}
	nodes, query, _ := strings.Cut(rest, "?")
	r.Nodes, r.Replicas = strings.Split(nodes, ","), 1
	values, err := url.ParseQuery(query)
	for name, value := range map[string]*int{"replicas": &r.Replicas, "bridges": &r.Bridges} {
		if err == nil && values.Has(name) {
			*value, err = strconv.Atoi(values.Get(name))
		}
	}
	if err != nil {
		return r, fmt.Errorf("write %sHOST:PORT,HOST:PORT?replicas=1&bridges=2", clusterScheme)
	}
	return r, errors.Join(r.faults("")...)
}

// Bounds of the wait for replicas.
const (
	mostReplicas = 5
	mostBridges  = 64
	leastWait    = 50 * time.Millisecond
	mostWait     = 10 * time.Second // a sender's own patience is longer
)

// faults tells what is wrong; prefix stands before the names.
func (r Redis) faults(prefix string) []error {
	var errs []error
	for _, n := range r.Nodes {
		errs = append(errs, addressFault(prefix+"nodes", n))
	}
	u, err := url.Parse(r.Server)
	single := err == nil && (u.Scheme == "unix" && strings.HasPrefix(u.Path, "/") || (u.Scheme == "redis" || u.Scheme == "rediss") && u.Host != "")
	if r.Server != Managed && !single {
		errs = append(errs, fmt.Errorf("%sserver: %w", prefix, errServer))
	}
	least := 0
	switch {
	case len(r.Nodes) > 0:
		least = 1
	case r.Managed() && r.Replicas != 0:
		errs = append(errs, fmt.Errorf("%sreplicas: a server of our own has none", prefix))
	}
	if r.Replicas < least || r.Replicas > mostReplicas {
		errs = append(errs, fmt.Errorf("%sreplicas: write a number from %d to %d: on a cluster, what no replica holds is lost with its master", prefix, least, mostReplicas))
	}
	if r.Bridges < 1 || r.Bridges > mostBridges || r.Managed() && r.Bridges > 1 {
		errs = append(errs, fmt.Errorf("%sbridges: write a number from 1 to %d; a server of our own has one", prefix, mostBridges))
	}
	if r.WaitTimeout < leastWait || r.WaitTimeout > mostWait {
		errs = append(errs, fmt.Errorf("%swaitTimeout: write a time from %v to %v", prefix, leastWait, mostWait))
	}
	if (r.Certificate == "") != (r.Key == "") {
		errs = append(errs, fmt.Errorf("%scertificate: write certificate and key, or neither", prefix))
	}
	if r.Certificate != "" && r.CA == "" {
		errs = append(errs, fmt.Errorf("%sca: name the chain of the servers' certificates", prefix))
	}
	return errs
}
