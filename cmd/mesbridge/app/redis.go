package app

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/cmd/mesbridge/config"
	"mesbridge/conversations/redisstore/redisclient"
)

// Kinds of Redis, as the ready file names them, beside URLs.
const (
	managedRedis  = "managed"
	embeddedRedis = "embedded"
)

// startRedis starts our own server, or takes what the settings name.
func (a *App) startRedis(ctx context.Context) error {
	redis.SetLogger(redisLog{a.Log.With("part", "redis")})
	c := a.Config.Redis
	if c.Managed() {
		server, err := a.ownRedis(ctx)
		if err != nil {
			return err
		}
		a.onStop("redis", 15*time.Second, server.Stop)
		a.client = redisclient.One(&redis.Options{Network: server.Network, Addr: server.Addr, OnConnect: a.recognise}, 0, 0)
	} else {
		o, err := redisOptions(c)
		if err != nil {
			return err
		}
		o.OnConnect = a.recognise
		if a.client, err = redisclient.New(o); err != nil {
			return fmt.Errorf("the setting redis.server: %w", err)
		}
		a.redisKind = c.Server
		if len(c.Nodes) > 0 {
			a.redisKind = "redis-cluster://" + strings.Join(c.Nodes, ",")
		}
	}
	a.onStop("redis connections", time.Second, func(context.Context) error { return a.client.Close() })
	if err := a.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("reach redis: %w", err)
	}
	return nil
}

// shared reports whether other bridges may use the same store.
func (a *App) shared() bool { return a.redisKind != managedRedis && a.redisKind != embeddedRedis }

// redisOptions reads what the settings name.
func redisOptions(c config.Redis) (redisclient.Options, error) {
	o := redisclient.Options{URL: c.Server, Nodes: c.Nodes, User: c.User, Replicas: c.Replicas, WaitTimeout: c.WaitTimeout}
	if c.Password != "" {
		password, err := c.Password.Read()
		if err != nil {
			return o, fmt.Errorf("read the password of redis: %w", err)
		}
		o.Password = strings.TrimSpace(string(password))
	}
	if c.CA == "" {
		return o, nil
	}
	chain, err := os.ReadFile(string(c.CA))
	if err != nil {
		return o, fmt.Errorf("read redis.ca: %w", err)
	}
	o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	if !o.TLS.RootCAs.AppendCertsFromPEM(chain) {
		return o, errors.New("read redis.ca: no certificate in it")
	}
	if c.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(string(c.Certificate), string(c.Key))
		if err != nil {
			return o, fmt.Errorf("read redis.certificate: %w", err)
		}
		o.TLS.Certificates = []tls.Certificate{pair}
	}
	return o, nil
}

// bridgeName names this bridge among those that share a store: by machine and data directory, so that a copy
// of the directory elsewhere is another bridge.
func bridgeName(dataDir string) (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("name this bridge: %w", err)
	}
	dir, err := filepath.Abs(dataDir)
	if err != nil {
		return "", fmt.Errorf("name this bridge: %w", err)
	}
	sum := sha256.Sum256([]byte(host + "\x00" + dir))
	return hex.EncodeToString(sum[:8]), nil
}

// redisLog passes on what go-redis tells of its connections.
type redisLog struct{ log *slog.Logger }

// Printf implements the logger of go-redis.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.WarnContext(ctx, "redis client", "detail", fmt.Sprintf(format, args...))
}
