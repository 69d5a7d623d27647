package tests

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
)

// clientTLS is the client side of mutual TLS with a credential.
func (d *demo) clientTLS(who credential) (*tls.Config, error) {
	ca, err := os.ReadFile(d.PKI.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	host, _, err := net.SplitHostPort(d.SMTP)
	if err != nil {
		return nil, err
	}
	conf := &tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12}
	if who.Cert != "" {
		cert, err := tls.LoadX509KeyPair(who.Cert, who.Key)
		if err != nil {
			return nil, err
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return conf, nil
}
