package tests

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"
)

// postfix is a private Postfix that stands for one operator: its queue sends with the operator's certificate,
// and it takes mail for the operator's domain into Maildirs.
type postfix struct {
	t      *testing.T
	dir    string
	mx     string // where the other operators connect: TLS and a certificate are demanded
	submit string // where this operator's users do, on loopback, in clear
}

// operatorSettings fill the templates of its files.
type operatorSettings struct {
	Dir, Host, Domain, Owner    string
	MX, Submit                  string // ports
	CA, Cert, Key               string
	CitizenDomain, Bridge, Peer string // where mail for patients goes, and whose certificate is expected there
	Mailboxes                   []string
	Policy                      string // address of a policy server asked at RCPT; empty: none
}

// operatorMain is its main.cf. A mailbox that begins with "absent" is taken and then bounces, as behind a
// gateway that does not know its mailboxes.
const operatorMain = `compatibility_level = 3.6
queue_directory = {{.Dir}}/queue
data_directory = {{.Dir}}/data
maillog_file = {{.Dir}}/log
maillog_file_prefixes = {{.Dir}}
myhostname = {{.Host}}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
alias_database =
append_dot_mydomain = no
notify_classes =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = {{if .Policy}}check_policy_service inet:{{.Policy}}{{end}}
smtpd_peername_lookup = no
message_size_limit = 26214400
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = {{.Domain}}
virtual_mailbox_base = {{.Dir}}/mail
virtual_mailbox_maps = inline:{ {{range .Mailboxes}}{ {{.}} = {{.}}/ } {{end}}{ absent@{{.Domain}} = absent/ } }
virtual_uid_maps = static:{{.Owner}}
virtual_gid_maps = static:{{.Owner}}
virtual_minimum_uid = 1
transport_maps = inline:{ { {{.CitizenDomain}} = smtp:[127.0.0.1]:{{.Bridge}} } { absent@{{.Domain}} = unknown: } }
smtpd_tls_security_level = encrypt
smtpd_tls_req_ccert = yes
smtpd_tls_cert_file = {{.Cert}}
smtpd_tls_key_file = {{.Key}}
smtpd_tls_CAfile = {{.CA}}
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = {{.Peer}}
smtp_tls_cert_file = {{.Cert}}
smtp_tls_key_file = {{.Key}}
smtp_tls_CAfile = {{.CA}}
smtp_dns_support_level = disabled
smtp_host_lookup = native
minimal_backoff_time = 5s
maximal_backoff_time = 5s
queue_run_delay = 5s
`

const operatorMaster = `127.0.0.1:{{.MX}} inet n - n - - smtpd
127.0.0.1:{{.Submit}} inet n - n - - smtpd
  -o smtpd_tls_security_level=none
  -o smtpd_tls_req_ccert=no
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       5       1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
proxymap  unix  -       -       n       -       -       proxymap
smtp      unix  -       -       n       -       -       smtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
virtual   unix  -       n       n       -       -       virtual
unknown   unix  -       n       n       -       -       pipe
  user=nobody argv={{.Dir}}/unknown
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
`

// nobodyThere is what mail for an unknown mailbox is piped to: it exits with EX_NOUSER of sysexits.h.
const nobodyThere = "#!/bin/sh\nexit 67\n"

// startPostfix starts one and waits until it answers; the test ends it.
func startPostfix(t *testing.T, s operatorSettings) *postfix {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("Postfix must be started by root")
	}
	if _, err := exec.LookPath("postconf"); err != nil {
		t.Fatal("Postfix is missing: run `make test`, which installs it, or `apt-get install postfix`")
	}
	dir, err := os.MkdirTemp("", "postfix") //nolint:usetesting // the users of Postfix cannot enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s.Dir = dir
	owner, err := user.Lookup("postfix")
	if err != nil {
		t.Fatal(err)
	}
	s.Owner = owner.Uid
	number, err := strconv.Atoi(owner.Uid)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{".", "etc", "queue", "data", "mail"} {
		path := filepath.Join(dir, folder)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"data", "mail"} {
		if err := os.Chown(filepath.Join(dir, folder), number, -1); err != nil {
			t.Fatal(err)
		}
	}
	fillFile(t, filepath.Join(dir, "etc", "main.cf"), operatorMain, s)
	fillFile(t, filepath.Join(dir, "etc", "master.cf"), operatorMaster, s)
	if err := os.WriteFile(filepath.Join(dir, "unknown"), []byte(nobodyThere), 0o755); err != nil {
		t.Fatal(err)
	}
	p := &postfix{t: t, dir: dir, mx: "127.0.0.1:" + s.MX, submit: "127.0.0.1:" + s.Submit}
	p.run()
	return p
}

// run starts its master and waits for both ports.
func (p *postfix) run() {
	p.t.Helper()
	etc := filepath.Join(p.dir, "etc")
	ctx := context.WithoutCancel(p.t.Context())
	if out, err := exec.CommandContext(ctx, "postfix", "-c", etc, "check").CombinedOutput(); err != nil {
		p.t.Fatalf("postfix check: %v\n%s", err, out)
	}
	daemons, err := exec.CommandContext(ctx, "postconf", "-c", etc, "-h", "daemon_directory").Output()
	if err != nil {
		p.t.Fatal(err)
	}
	master := exec.CommandContext(ctx, filepath.Join(strings.TrimSpace(string(daemons)), "master"), "-c", etc, "-d")
	if err := master.Start(); err != nil {
		p.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- master.Wait() }()
	p.t.Cleanup(func() {
		_ = master.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			_ = master.Process.Kill()
		}
		if p.t.Failed() {
			log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
			p.t.Logf("log of Postfix:\n%s", log)
		}
	})
	await(p.t, "greeting of Postfix", func() bool { return greets(p.mx) && greets(p.submit) })
}

// greets reports whether a mail server answers at an address.
func greets(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	var greeting [3]byte
	_, err = c.Read(greeting[:])
	return err == nil && string(greeting[:]) == "220"
}

// freePort finds a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// fillFile writes a file from its template.
func fillFile(t *testing.T, path, text string, values any) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := template.Must(template.New("file").Parse(text)).Execute(f, values); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// received waits for the n-th message in a Maildir and returns the bytes of the one that holds a text.
func (p *postfix) received(mailbox, holds string) string {
	p.t.Helper()
	var found string
	await(p.t, "message in the Maildir that holds "+holds, func() bool {
		files, _ := filepath.Glob(filepath.Join(p.dir, "mail", strings.ToLower(mailbox), "new", "*"))
		for _, f := range files {
			if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), holds) {
				found = string(b)
				return true
			}
		}
		return false
	})
	return found
}

// count tells how many messages of a Maildir hold a text.
func (p *postfix) count(mailbox, holds string) (n int) {
	files, _ := filepath.Glob(filepath.Join(p.dir, "mail", strings.ToLower(mailbox), "new", "*"))
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), holds) {
			n++
		}
	}
	return n
}

// dial opens a conversation of a user of this operator.
func (p *postfix) dial(t *testing.T) *smtpClient {
	t.Helper()
	return dialPlain(t, p.submit)
}

// commonName reads the name in a certificate.
func commonName(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		t.Fatalf("%s holds no PEM", path)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert.Subject.CommonName
}
