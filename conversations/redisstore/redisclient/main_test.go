package redisclient_test

import (
	"context"
	"os"
	"testing"

	"github.com/redis/go-redis/v9"
)

// silent is a logger of go-redis that says nothing.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// TestMain silences the pool of go-redis, which tells standard error of each refused connection.
func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	os.Exit(m.Run())
}
