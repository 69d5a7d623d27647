package redisserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	socketName = "redis.sock"
	logName    = "redis.log"
	// maxSocketPath is the size of sun_path on Linux without its final zero, in bytes.
	maxSocketPath = 107
	// askEvery is the pause between two questions to a server that starts.
	askEvery = 10 * time.Millisecond
	// answerTime bounds one answer of a server on the same machine.
	answerTime = 2 * time.Second
	// stopTime is what a server gets to write its file and end before it is killed.
	stopTime = 10 * time.Second
)

// Server is a running Redis.
type Server struct {
	// Network and Addr are what a client dials.
	Network, Addr string
	// Survives tells whether what is written outlives this process.
	Survives bool

	stop func(context.Context) error
}

// Stop ends the server after it has written everything. When ctx ends first, the server is killed,
// which loses nothing that it had answered.
func (s *Server) Stop(ctx context.Context) error { return s.stop(ctx) }

// Find returns the path of the redis-server program, or false when this machine has none.
func Find() (string, bool) {
	path, err := exec.LookPath("redis-server")
	return path, err == nil
}

// Start runs the program as a child on dir and returns when it answers, its data loaded. A server that
// a killed bridge left on the socket is told to end, and waited for. The child is started again when
// it dies, until Stop; until it answers again, clients see a refused connection.
//
// The caller holds the lock of the data directory that dir lies in.
func Start(ctx context.Context, program, dir string, log *slog.Logger) (*Server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make redis directory: %w", err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find redis directory: %w", err)
	}
	socket := filepath.Join(dir, socketName)
	if over := len(socket) - maxSocketPath; over > 0 {
		return nil, fmt.Errorf("the path of the data directory is %d bytes too long for a unix socket; choose a shorter one", over)
	}
	client := redis.NewClient(&redis.Options{
		Network: "unix", Addr: socket, MaxRetries: -1, DialerRetries: 1,
		DialTimeout: answerTime, ReadTimeout: stopTime, WriteTimeout: answerTime, PoolSize: 1,
	})
	defer func() { _ = client.Close() }()
	if err = endLeftover(ctx, client, log); err != nil {
		return nil, err
	}
	k := &keeper{program: program, dir: dir, log: log, quit: make(chan struct{}), ended: make(chan struct{}), died: make(chan error, 1)}
	go k.keep()
	if err = awaitAnswer(ctx, client, k.died); err != nil {
		return nil, errors.Join(err, k.stop(ctx))
	}
	return &Server{Network: "unix", Addr: socket, Survives: true, stop: k.stop}, nil
}

// endLeftover ends a server that still listens on the socket.
func endLeftover(ctx context.Context, client *redis.Client, log *slog.Logger) error {
	if !listening(client.Options().Addr) {
		return nil
	}
	log.Warn("ending a redis-server that an earlier bridge left behind")
	// The answer to SHUTDOWN is the end of the connection, which comes when the process is gone.
	_ = client.ShutdownNoSave(ctx).Err()
	if listening(client.Options().Addr) {
		return errors.New("a redis-server of an earlier run still answers in the data directory and does not end; stop it by hand")
	}
	return nil
}

// awaitAnswer returns when the server answers; it fails when the first child died or ctx ended.
func awaitAnswer(ctx context.Context, client *redis.Client, died <-chan error) error {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for !listening(client.Options().Addr) || client.Ping(ctx).Err() != nil {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for redis-server: %w", context.Cause(ctx))
		case err := <-died:
			return fmt.Errorf("redis-server ended at once: %w", err)
		case <-tick.C:
		}
	}
	return nil
}
