package redisstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore"
)

// cutting fails every command after the first ones, in a pipeline too, as a killed process does.
type cutting struct{ left int }

var errCut = errors.New("cut off")

func (c *cutting) spend() error {
	if c.left--; c.left < 0 {
		return errCut
	}
	return nil
}

func (c *cutting) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *cutting) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if err := c.spend(); err != nil {
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

func (c *cutting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			if err := c.spend(); err != nil {
				return err
			}
			if err := next(ctx, []redis.Cmder{cmd}); err != nil {
				return err
			}
		}
		return nil
	}
}

// Wherever a Clear is cut off, the store is whole or its shard is behind its journal (D17): a patient without
// his ends and blocks is never served.
func TestClear_cutOff_isBehind(t *testing.T) {
	t.Parallel()
	for steps := 0; ; steps += 5 {
		store, mini := openMini(t)
		if _, err := store.Commit(t.Context(), patient, simple("op-1")); err != nil {
			t.Fatal(err)
		}
		whole := len(mini.Keys())
		client := redis.NewClient(&redis.Options{Addr: mini.Addr(), MaxRetries: -1})
		t.Cleanup(func() { _ = client.Close() })
		client.AddHook(&cutting{left: steps})
		err := redisstore.New(client, redisstore.Options{}).Clear(t.Context())
		head, _ := store.Head(t.Context(), patient.Shard())
		if left := len(mini.Keys()); left < whole && head > 0 {
			t.Errorf("cut after %d steps: %d of %d keys are left, and the head with them", steps, left, whole)
		}
		if err == nil {
			if steps < 256 || head > 0 {
				t.Errorf("done in %d steps, head %d", steps, head)
			}
			return
		}
	}
}
