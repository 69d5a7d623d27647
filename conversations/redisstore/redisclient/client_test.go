package redisclient_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"mesbridge/conversations/redisstore/redisclient"
	"mesbridge/conversations/redisstore/redistest"
)

// writePair makes a certificate of this machine, its own authority, and returns files and chain.
func writePair(t *testing.T) (cert, key string, chain *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	chain = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	chain.AddCert(parsed)
	return cert, key, chain
}

// ping connects once and tells how that went.
func ping(t *testing.T, o redisclient.Options) error {
	t.Helper()
	c, err := redisclient.New(o)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return c.Ping(t.Context()).Err()
}

// A server that asks for a certificate and a password gets both; who lacks one is not let in.
func TestNew_certificateAndPassword(t *testing.T) {
	t.Parallel()
	cert, key, chain := writePair(t)
	port := redistest.FreePort(t)
	redistest.Start(t, "--tls-port", port, "--bind", "127.0.0.1", "--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert,
		"--tls-auth-clients", "yes", "--user", "default", "on", "nopass", "-@all", "+ping", "--user", "bridge", "on", ">secret", "~*", "&*", "+@all")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	whole := redisclient.Options{
		URL: "rediss://127.0.0.1:" + port, User: "bridge", Password: "secret",
		TLS: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: chain, Certificates: []tls.Certificate{pair}},
	}
	if err := ping(t, whole); err != nil {
		t.Errorf("with all: %v", err)
	}
	for name, spoil := range map[string]func(*redisclient.Options){
		"wrong password": func(o *redisclient.Options) { o.Password = "other" },
		"no certificate": func(o *redisclient.Options) { o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: chain} },
		"other authority": func(o *redisclient.Options) {
			o.TLS = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool(), Certificates: o.TLS.Certificates}
		},
	} {
		o := whole
		spoil(&o)
		if ping(t, o) == nil {
			t.Errorf("%s: let in", name)
		}
	}
}

func TestNew_noURL_quotesNothing(t *testing.T) {
	t.Parallel()
	_, err := redisclient.New(redisclient.Options{URL: "redis://user:secret@host:port"})
	if !errors.Is(err, redisclient.ErrURL) || err.Error() != redisclient.ErrURL.Error() {
		t.Errorf("%v, want ErrURL alone: the URL holds a password", err)
	}
}

// A single master has replicas too. A write that is no write, a write of a pipeline, and one that failed by
// itself are told apart.
func TestHold_singleMaster(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	c, err := redisclient.New(redisclient.Options{URL: "unix://" + server.Socket, Replicas: 1, WaitTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	ctx := t.Context()
	if err := c.Set(ctx, "k", "v", 0).Err(); !errors.Is(err, redisclient.ErrReplicas) {
		t.Errorf("SET: %v, want ErrReplicas", err)
	}
	if v, err := c.Get(ctx, "k").Result(); err != nil || v != "v" {
		t.Errorf("GET: %q, %v: the master has it, and a reading does not wait", v, err)
	}
	if err := c.Eval(ctx, "return redis.call('LPUSH', KEYS[1], 'x')", []string{"k"}).Err(); !redis.HasErrorPrefix(err, "WRONGTYPE") {
		t.Errorf("a script that fails: %v, want its own error", err)
	}
	if err := c.EvalShaRO(ctx, "0000000000000000000000000000000000000000", []string{"k"}).Err(); !redis.HasErrorPrefix(err, "NOSCRIPT") {
		t.Errorf("a script that reads: %v", err)
	}
	var get *redis.StringCmd
	var add *redis.IntCmd
	_, err = c.Pipelined(ctx, func(p redis.Pipeliner) error {
		get, add = p.Get(ctx, "k"), p.ZAdd(ctx, "z", redis.Z{Member: "m"})
		return nil
	})
	if !errors.Is(err, redisclient.ErrReplicas) || !errors.Is(add.Err(), redisclient.ErrReplicas) || get.Err() != nil {
		t.Errorf("pipeline: %v; ZADD: %v, GET: %v", err, add.Err(), get.Err())
	}
	_, err = c.SetArgs(ctx, "k", "w", redis.SetArgs{Mode: "NX", Get: true}).Result()
	if !errors.Is(err, redisclient.ErrReplicas) {
		t.Errorf("SET NX of what is there: %v; who wrote it may not be held either", err)
	}
}
