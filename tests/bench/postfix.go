package main

import (
	"context"
	_ "embed" // its settings are kept as files
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"
)

// postfix is a private Postfix: its own settings, queue and ports, one master for both ways to be asked.
type postfix struct {
	*child
	plain, policy string // addresses
}

// postfixSettings fill the templates of its files.
type postfixSettings struct {
	Dir    string // everything of this instance
	Plain  string // port without a filter
	Policy string // port whose messages are shown to the filter
	Milter string // address of the filter
	Domain string // of the mailboxes that mail is sent on to; all other mail is dropped once queued
	Sink   string // port of the server for them
	CA     string
	Cert   string
	Key    string
}

//go:embed postfix-main.cf
var mainCF string

//go:embed postfix-master.cf
var masterCF string

// whyNoPostfix tells why there cannot be one here; empty when there can.
func whyNoPostfix() string {
	switch _, err := exec.LookPath("postconf"); {
	case err != nil:
		return "it is not installed (apt-get install postfix)"
	case os.Geteuid() != 0:
		return "its master must be started by root"
	}
	return ""
}

// startPostfix starts one in a directory that it can enter, and waits until it answers on both ports.
func startPostfix(ctx context.Context, s postfixSettings) (*postfix, error) {
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	s.Plain, s.Policy = ports[0], ports[1]
	settings := filepath.Join(s.Dir, "etc")
	master, err := preparePostfix(ctx, settings, s)
	if err != nil {
		return nil, err
	}
	c, err := start(master, "-c", settings, "-d")
	if err != nil {
		return nil, err
	}
	c.drain()
	p := &postfix{c, net.JoinHostPort("127.0.0.1", s.Plain), net.JoinHostPort("127.0.0.1", s.Policy)}
	err = c.await(ctx, func() (bool, error) { return greets(p.plain) && greets(p.policy), nil })
	if err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return p, nil
}

// preparePostfix makes everything that a Postfix needs before its start, and returns its master program.
func preparePostfix(ctx context.Context, settings string, s postfixSettings) (string, error) {
	data := filepath.Join(s.Dir, "data")
	err := errors.Join(
		os.MkdirAll(settings, 0o755), os.MkdirAll(filepath.Join(s.Dir, "queue"), 0o755), os.MkdirAll(data, 0o755),
		fillFile(filepath.Join(settings, "main.cf"), mainCF, s), fillFile(filepath.Join(settings, "master.cf"), masterCF, s),
	)
	if err != nil {
		return "", fmt.Errorf("write the settings of Postfix: %w", err)
	}
	out, err := exec.CommandContext(ctx, "postconf", "-c", settings, "-h", "daemon_directory", "mail_owner").Output()
	if err != nil {
		return "", fmt.Errorf("find Postfix: %w", err)
	}
	daemons, name, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	owner, err := user.Lookup(name)
	if err != nil {
		return "", fmt.Errorf("find the user of Postfix: %w", err)
	}
	number, err := strconv.Atoi(owner.Uid)
	if err = errors.Join(err, os.Chown(data, number, -1)); err != nil {
		return "", fmt.Errorf("give Postfix its directory: %w", err)
	}
	// It makes the directories of the queue and gives them to its users.
	if out, err := exec.CommandContext(ctx, "postfix", "-c", settings, "check").CombinedOutput(); err != nil {
		return "", fmt.Errorf("prepare Postfix: %w\n%s", err, out)
	}
	return filepath.Join(daemons, "master"), nil
}

// greets reports whether a mail server answers at an address.
func greets(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	var greeting [3]byte
	_, err = c.Read(greeting[:])
	return errors.Join(err, c.Close()) == nil && string(greeting[:]) == "220"
}

// freePorts finds ports that nobody listens on.
func freePorts(n int) ([]string, error) {
	var ports []string
	var listeners []net.Listener
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a port: %w", err)
		}
		listeners = append(listeners, l)
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	for _, l := range listeners {
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	return ports, nil
}

// fillFile writes a file from its template.
func fillFile(path, text string, values any) error {
	t, err := template.New(filepath.Base(path)).Parse(text)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(t.Execute(f, values), f.Close())
}
