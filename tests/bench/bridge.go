package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"mesbridge/cmd/mesbridge/demo"
)

// bridge is the demonstration that is measured.
type bridge struct {
	*child
	ready  demo.Ready
	crowd  []demo.ReadyPatient
	redis  *redis.Client // of the managed server: only to count and weigh
	number atomic.Uint64 // of the last letter
	got    []atomic.Int64
	other  atomic.Int64 // accepted for people who are not in the crowd
}

// startBridge starts the demonstration on a directory and waits until it is ready.
func startBridge(ctx context.Context, program, dir string) (*bridge, error) {
	ready, list := filepath.Join(dir, "ready.json"), filepath.Join(dir, "patients.json")
	data := filepath.Join(dir, "bridge")
	c, err := start(program, "demo", "--data", data, "--ready", ready,
		"--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--ops", "127.0.0.1:0",
		"--patients", strconv.Itoa(peopleCount), "--patients-file", list)
	if err != nil {
		return nil, err
	}
	c.drain()
	b := &bridge{child: c}
	err = c.await(ctx, func() (bool, error) {
		_, err := os.Stat(ready)
		return err == nil, nil
	})
	if err == nil {
		err = errors.Join(readJSON(ready, &b.ready), readJSON(list, &b.crowd))
	}
	if err == nil && (b.ready.Redis != "managed" || len(b.crowd) != peopleCount) {
		err = fmt.Errorf("the bridge runs on a %s redis with %d patients; install redis-server", b.ready.Redis, len(b.crowd))
	}
	if err != nil {
		return nil, errors.Join(err, c.stop())
	}
	b.redis = redis.NewClient(&redis.Options{Network: "unix", Addr: filepath.Join(data, "redis", "redis.sock")})
	b.got = make([]atomic.Int64, len(b.crowd))
	return b, nil
}

// close ends the bridge.
func (b *bridge) close() error { return errors.Join(b.redis.Close(), b.stop()) }

// pki is the trust space of the demonstration.
func (b *bridge) pki() pki {
	home := filepath.Dir(b.ready.PKI.CA)
	return pki{
		ca: b.ready.PKI.CA, client: b.ready.PKI.Operators[0],
		server: demo.Pair{Cert: filepath.Join(home, "bridge.pem"), Key: filepath.Join(home, "bridge.key")},
	}
}

// domain is the one that the load's professionals write from.
func (b *bridge) domain() string { return b.ready.PKI.Operators[0].Domains[0] }

// post is the way of the load.
func (b *bridge) post() post { return toPatients(b.domain(), demo.CitizenDomain) }

// toCrowd makes the next letter for the next of the crowd, in an order in which one patient does not
// follow himself, and counts what the bridge accepts.
func (b *bridge) toCrowd(l *letter) func() {
	const stride = 7919 // a prime: everybody has his turn
	n := b.number.Add(1)
	to := int(n * stride % uint64(len(b.crowd)))
	l.write(n, int(n%senders), b.crowd[to].INS)
	return func() { b.got[to].Add(1) }
}

// toOthers makes the next letter for the crowd at a peer that keeps nothing.
func (b *bridge) toOthers(l *letter) func() {
	b.toCrowd(l)
	return func() {}
}

// toOne makes letters for one patient of the cast.
func (b *bridge) toOne(patient string) func(*letter) func() {
	return func(l *letter) func() {
		n := b.number.Add(1)
		l.write(n, int(n%senders), patient)
		return func() { b.other.Add(1) }
	}
}

// get calls the API and reads its answer into target.
func (b *bridge) get(ctx context.Context, token, path string, target any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.ready.HTTP+"/api/v1"+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", path, res.Status)
	}
	return json.NewDecoder(res.Body).Decode(target)
}

func readJSON(file string, target any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, target)
}
