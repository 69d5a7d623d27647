package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"mesbridge/cmd/mesbridge/demo"
)

// Names of the peers, as the tables have them.
const (
	nameBridge  = "bridge"
	namePostfix = "Postfix"
	namePolicy  = "Postfix+policy"
	nameFloor   = "floor"
)

// peer is a server that takes messages.
type peer struct {
	name    string
	address string
	tls     *tls.Config // of its clients, who keep the sessions of this peer alone
	pids    []int       // of the processes, with everything below them, whose time counts
}

// pki is the trust space that all peers share: the demonstration's.
type pki struct {
	ca     string
	server demo.Pair // the bridge's own certificate
	client demo.ReadyOperator
}

// clientTLS is the settings of one peer's clients.
func (p pki) clientTLS() (*tls.Config, error) {
	authority, err := os.ReadFile(p.ca)
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	pair, err := tls.LoadX509KeyPair(p.client.Cert, p.client.Key)
	if err != nil {
		return nil, fmt.Errorf("read the client's certificate: %w", err)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: "127.0.0.1", RootCAs: pool, Certificates: []tls.Certificate{pair},
		ClientSessionCache: tls.NewLRUClientSessionCache(64),
	}, nil
}

// newPeer returns a peer with settings for its clients.
func (p pki) newPeer(name, address string, pids ...int) (*peer, error) {
	conf, err := p.clientTLS()
	return &peer{name: name, address: address, tls: conf, pids: pids}, err
}

// settled waits until the peer does nothing any more, so that work that it put off is charged to what
// caused it, and does not disturb the next one. It gives up after limit.
func (p *peer) settled(ctx context.Context, limit time.Duration) error {
	const pause, idle = 100 * time.Millisecond, 2 * clockTick
	deadline := time.Now().Add(limit)
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	before, err := processorTime(p.pids...)
	for err == nil && time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		var after time.Duration
		if after, err = processorTime(p.pids...); err == nil && after-before < idle {
			return nil
		}
		before = after
	}
	return err
}

// startFloor starts the floor in a directory of its own.
func startFloor(program, dir string, p pki) (*peer, *child, error) {
	c, err := start(program, "-dir", dir, "-cert", p.server.Cert, "-key", p.server.Key, "-ca", p.ca)
	if err != nil {
		return nil, nil, err
	}
	address, err := c.line()
	if err != nil {
		return nil, nil, err
	}
	one, err := p.newPeer(nameFloor, address, c.pid())
	if err != nil {
		return nil, nil, errors.Join(err, c.stop())
	}
	return one, c, nil
}
