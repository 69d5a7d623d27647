package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"mesbridge/cmd/mesbridge/demo/operator"
)

// sink is the demonstration's operator, run here, for Postfix to deliver to.
type sink struct {
	*operator.Server
	dir  string
	port string
}

// openSink starts the same server that the bridge delivers to: mutual TLS, a durable Maildir.
func openSink(dir, domain string, trust pki) (*sink, error) {
	authority, err := os.ReadFile(trust.ca)
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(authority)
	pair, err := tls.LoadX509KeyPair(trust.client.Cert, trust.client.Key)
	if err != nil {
		return nil, fmt.Errorf("read the operator's certificate: %w", err)
	}
	server, err := operator.New(operator.Config{
		Domains: []string{domain}, Dir: dir,
		TLS: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientCAs: clients},
	})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open a port: %w", err), server.Close())
	}
	go func() { _ = server.Serve(eagerListener{l}) }() // ends with Close; a failure shows as mail that does not arrive
	_, port, err := net.SplitHostPort(l.Addr().String())
	return &sink{server, dir, port}, err
}

// eagerListener takes connections that acknowledge at once, for the same reason as the clients do.
type eagerListener struct{ net.Listener }

// Accept takes the next connection.
func (l eagerListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newEager(c)
}
