package redistest

import (
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// OnEach runs a test on the fast fake, on a real redis-server, and on a cluster, which refuses keys of several slots.
func OnEach(t *testing.T, test func(t *testing.T, r redis.UniversalClient)) {
	t.Helper()
	for name, client := range map[string]func(testing.TB) redis.UniversalClient{
		"mini":    Mini,
		"real":    func(t testing.TB) redis.UniversalClient { return Start(t).Client(t) },
		"cluster": func(t testing.TB) redis.UniversalClient { return StartCluster(t).Client(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, client(t))
		})
	}
}

// Mini returns a client of a fast fake of Redis, in this process. The fake has a clock of its own, and is never the
// proof.
func Mini(t testing.TB) redis.UniversalClient {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = client.Close() })
	return client
}
