package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/emersion/go-smtp"
	"github.com/redis/go-redis/v9"

	"mesbridge/cmd/mesbridge/redisserver"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

// run takes messages until ctx ends, after writing its address to out.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("floor", flag.ContinueOnError)
	dir := flags.String("dir", "", "directory of log and Redis")
	cert := flags.String("cert", "", "certificate, PEM")
	key := flags.String("key", "", "its key, PEM")
	ca := flags.String("ca", "", "authority of the clients, PEM")
	if err := flags.Parse(args); err != nil {
		return err
	}
	conf, err := serverTLS(*cert, *key, *ca)
	if err != nil {
		return err
	}
	program, found := redisserver.Find()
	if !found {
		return errors.New("the program redis-server is missing")
	}
	store, err := redisserver.Start(ctx, program, filepath.Join(*dir, "redis"), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Network: store.Network, Addr: store.Addr})
	bytes, err := openLog(*dir)
	if err != nil {
		return errors.Join(err, stopAll(store, client))
	}
	err = serve(ctx, conf, &depot{log: bytes, client: client, script: redis.NewScript(script)}, out)
	return errors.Join(err, bytes.close(), stopAll(store, client))
}

// stopAll ends the client and then the server.
func stopAll(store *redisserver.Server, client *redis.Client) error {
	return errors.Join(client.Close(), store.Stop(context.Background()))
}

// serverTLS asks every client for a certificate of the authority.
func serverTLS(cert, key, ca string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	text, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair},
		ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}, nil
}

// serve runs the mail server until ctx ends.
func serve(ctx context.Context, conf *tls.Config, d *depot, out io.Writer) error {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{depot: d}, nil }))
	s.Domain, s.TLSConfig = "floor", conf
	s.MaxMessageBytes, s.MaxLineLength = 26_214_400, 64<<10
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("open a port: %w", err)
	}
	if _, err := fmt.Fprintln(out, l.Addr()); err != nil {
		return errors.Join(fmt.Errorf("tell the address: %w", err), l.Close())
	}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if err := s.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
