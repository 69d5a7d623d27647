package redisclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrReplicas means that too few replicas said in time that they hold a write. The master has it: the
// same command again finds it done, and waits again.
var ErrReplicas = errors.New("too few replicas hold the write")

// hold is the hook of one node. It lets WAIT follow each write on the connection that the write took,
// for WAIT counts what its own connection wrote, and only there it is sure that the master is the same.
type hold struct {
	client   *redis.Client
	replicas int
	timeout  time.Duration
	reload   func(context.Context) // asks the cluster for its masters; nil: there is no cluster
}

var _ redis.Hook = (*hold)(nil)

// held are the commands that are answered for. What they leave out is either no write, or one whose loss
// harms nobody: a session of a browser (a transaction), the end of one, what trimming forgot. Scripts that
// only read are called by their names with _RO.
func held(cmd redis.Cmder) bool {
	switch cmd.Name() {
	case "eval", "evalsha", "set", "zadd":
		return true
	}
	return false
}

// DialHook asks a cluster for its masters when one cannot be reached: go-redis does so by itself only
// when its interval is over.
func (h *hold) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := next(ctx, network, addr)
		if err != nil && h.reload != nil {
			h.reload(ctx)
		}
		return conn, err
	}
}

// ProcessHook turns a write into a pipeline of one, to which the other hook adds.
func (h *hold) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if h.replicas == 0 || !held(cmd) {
			return next(ctx, cmd)
		}
		pipe := h.client.Pipeline()
		_ = pipe.Process(ctx, cmd)
		_, err := pipe.Exec(ctx)
		if cmd.Err() != nil {
			err = cmd.Err()
		}
		return err
	}
}

// ProcessPipelineHook adds a WAIT to what holds a write. A transaction is left as it is.
func (h *hold) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		transaction := slices.ContainsFunc(cmds, func(c redis.Cmder) bool { return c.Name() == "multi" })
		if h.replicas == 0 || transaction || !slices.ContainsFunc(cmds, held) {
			return next(ctx, cmds)
		}
		wait := redis.NewIntCmd(ctx, "wait", h.replicas, h.timeout.Milliseconds())
		err := next(ctx, append(slices.Clip(cmds), wait))
		if wait.Err() == nil && wait.Val() >= int64(h.replicas) {
			return err
		}
		return errors.Join(err, h.withdraw(cmds, wait))
	}
}

// withdraw takes back the success of the writes that were not waited for to the end.
func (h *hold) withdraw(cmds []redis.Cmder, wait *redis.IntCmd) error {
	err := fmt.Errorf("%w: %d of %d", ErrReplicas, wait.Val(), h.replicas)
	if wait.Err() != nil {
		err = fmt.Errorf("%w: %w", ErrReplicas, wait.Err())
	}
	withdrawn := false
	for _, c := range cmds {
		if done := c.Err() == nil || errors.Is(c.Err(), redis.Nil); done && held(c) {
			c.SetErr(err)
			withdrawn = true
		}
	}
	if !withdrawn { // they failed by themselves
		return nil
	}
	return err
}
