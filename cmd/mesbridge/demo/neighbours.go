package demo

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mesbridge/bridge/delivery"
	"mesbridge/cmd/mesbridge/demo/operator"
	"mesbridge/cmd/mesbridge/demo/provider"
)

// neighbours are the servers that are not ours in production: the operators', the mail server of the
// patients' private addresses, and the identity provider.
type neighbours struct {
	servers  delivery.Static // where mail for each operator's domain goes
	sink     string          // the private mail server
	provider *provider.Provider
	boxes    map[string]*operator.Server // who serves each domain

	closers []func() error
}

// Maildirs of a data directory.
const (
	operatorFolder     = "operators"
	notificationFolder = "notifications"
)

// loopback is any free port of this machine.
const loopback = "127.0.0.1:0"

// openNeighbours starts them; failed takes what ends one of them before close.
func openNeighbours(dir string, s *Space, client, editor provider.Client, people []provider.Person, failed func(error)) (*neighbours, error) {
	n := &neighbours{servers: delivery.Static{}, boxes: map[string]*operator.Server{}}
	err := errors.Join(
		n.openOperators(filepath.Join(dir, operatorFolder), s, failed),
		n.openSink(filepath.Join(dir, notificationFolder), failed),
		n.openProvider(client, editor, people, failed),
	)
	if err != nil {
		return nil, errors.Join(err, n.close())
	}
	return n, nil
}

// close stops them.
func (n *neighbours) close() error {
	var errs []error
	for _, c := range n.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

func (n *neighbours) openOperators(dir string, s *Space, failed func(error)) error {
	authorities, err := os.ReadFile(s.CA)
	if err != nil {
		return fmt.Errorf("read authorities: %w", err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(authorities)
	for _, m := range s.Operators {
		cert, err := tls.LoadX509KeyPair(m.Cert, m.Key)
		if err != nil {
			return fmt.Errorf("read certificate of %s: %w", m.Name, err)
		}
		server, address, err := n.mail(operator.Config{
			Domains: m.Domains, Dir: dir,
			TLS: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, ClientCAs: clients},
		}, failed)
		if err != nil {
			return fmt.Errorf("start operator %s: %w", m.Name, err)
		}
		for _, d := range m.Domains {
			n.servers[d], n.boxes[d] = []delivery.Host{{Name: m.Host, Address: address}}, server
		}
	}
	return nil
}

// reroute sends the mail for some of the operators' domains elsewhere.
func (n *neighbours) reroute(routes map[string]string) error {
	for domain, address := range routes {
		hosts, known := n.servers[domain]
		if !known {
			return fmt.Errorf("route %s: no operator of the demonstration serves that domain", domain)
		}
		n.servers[domain] = []delivery.Host{{Name: hosts[0].Name, Address: address}}
	}
	return nil
}

func (n *neighbours) openSink(dir string, failed func(error)) (err error) {
	_, n.sink, err = n.mail(operator.Config{Dir: dir, Plain: true}, failed)
	if err != nil {
		return fmt.Errorf("start private mail server: %w", err)
	}
	return nil
}

// fill has a professional's mailbox take no more mail, or take it again.
func (n *neighbours) fill(mailbox string, full bool) {
	_, domain, _ := strings.Cut(mailbox, "@")
	if server, served := n.boxes[domain]; served {
		server.Fill(mailbox, full)
	}
}

// mail starts a mail server on a free port and returns its address.
func (n *neighbours) mail(c operator.Config, failed func(error)) (server *operator.Server, address string, err error) {
	if server, err = operator.New(c); err != nil {
		return nil, "", err
	}
	n.closers = append(n.closers, server.Close)
	l, err := net.Listen("tcp", loopback) //nolint:noctx // a local port opens at once
	if err != nil {
		return nil, "", err
	}
	go serve(func() error { return server.Serve(l) }, failed)
	return server, l.Addr().String(), nil
}

func (n *neighbours) openProvider(client, editor provider.Client, people []provider.Person, failed func(error)) error {
	l, err := net.Listen("tcp", loopback) //nolint:noctx // a local port opens at once
	if err != nil {
		return fmt.Errorf("start identity provider: %w", err)
	}
	n.provider, err = provider.New(provider.Config{
		BaseURL: "http://" + l.Addr().String(), Client: client, Editor: editor, People: people, Now: time.Now,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("start identity provider: %w", err), l.Close())
	}
	server := &http.Server{Handler: n.provider, ReadHeaderTimeout: 5 * time.Second}
	n.closers = append(n.closers, server.Close)
	go serve(func() error {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}, failed)
	return nil
}

// serve runs a server and tells how it failed, panics included.
func serve(run func() error, failed func(error)) {
	defer func() {
		if r := recover(); r != nil {
			failed(fmt.Errorf("panic of type %T", r))
		}
	}()
	if err := run(); err != nil {
		failed(err)
	}
}

// callbacks are the client of the bridge at the provider.
func callbacks(publicURL, secret string) provider.Client {
	return provider.Client{
		ID: providerClient, Secret: strings.TrimSpace(secret),
		RedirectURIs: []string{
			publicURL + "/oauth/callback/patient", publicURL + "/oauth/callback/professional", publicURL + "/oauth/callback/" + structureKey,
		},
		KeySet:         publicURL + "/oauth/encryption-keys",
		PostLogoutURIs: []string{publicURL + "/"},
	}
}

// providerClient is the bridge's client id at the demonstration's provider.
const providerClient = "mesbridge"

// newcomerLogin is the subject of the person whom nobody enrolled yet.
const newcomerLogin = "demo-newcomer"

// insClaim is the claim by which the demonstration's provider gives the matricule.
const insClaim = "ins"
