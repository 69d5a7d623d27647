package trust_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mesbridge/bridge/trust"
	"mesbridge/bridge/trust/trusttest"
)

// identity makes an identity of the space.
func (s space) identity(t testing.TB, own tls.Certificate, r *trust.Revocation, now func() time.Time) *trust.Identity {
	t.Helper()
	id, err := trust.NewIdentity(own, s.Chain(), r, now)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// handshake connects a client to a server over loopback and returns what the server saw, and the
// client's error.
func handshake(t *testing.T, server, client *tls.Config) (tls.ConnectionState, error) {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	seen := make(chan tls.ConnectionState, 1)
	go func() {
		defer close(seen)
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		tc := tls.Server(c, server)
		if tc.HandshakeContext(t.Context()) != nil {
			return
		}
		seen <- tc.ConnectionState()
		_, _ = tc.Write([]byte("x")) // lets the client take a session ticket
		_, _ = io.Copy(io.Discard, tc)
	}()
	d := tls.Dialer{Config: client}
	c, err := d.DialContext(t.Context(), "tcp", ln.Addr().String())
	if err == nil {
		_, err = io.ReadFull(c, make([]byte, 1))
		if cerr := c.Close(); cerr != nil {
			t.Log(cerr)
		}
	}
	return <-seen, err
}

// anyone accepts whatever server it meets, and shows cert.
func anyone(cert tls.Certificate) *tls.Config {
	c := &tls.Config{InsecureSkipVerify: true}
	if cert.Leaf != nil {
		c.Certificates = []tls.Certificate{cert}
	}
	return c
}

// TestIdentity_peerCertificates covers O51, O55, O61 and O62 in both directions: as a server the
// handshake completes and Peer says why a certificate does not count; as a client it fails.
func TestIdentity_peerCertificates(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	foreign := trusttest.New(t, at)
	name := trusttest.Name("smtp.ch-exemple.fr", "1990000001", "CH")
	revoked := s.Issue(t, name)
	revocation := loadRevocation(t, s.PKI, s.CRL(t, revoked.Leaf))
	now := newClock(at).now
	for label, tt := range map[string]struct {
		cert tls.Certificate
		want trust.Fault
	}{
		"good":               {s.operator, ""},
		"server usage alone": {s.Issue(t, name, trusttest.Usage(x509.ExtKeyUsageServerAuth)), ""},
		"client usage alone": {s.Issue(t, name, trusttest.Usage(x509.ExtKeyUsageClientAuth)), ""},
		"mail usage":         {s.Issue(t, name, trusttest.Usage(x509.ExtKeyUsageEmailProtection)), trust.FaultUsage},
		"expired":            {s.Issue(t, name, s.Expired), trust.FaultExpired},
		"not yet valid":      {s.Issue(t, name, func(c *x509.Certificate) { c.NotBefore = at.Add(time.Second) }), trust.FaultExpired},
		"revoked":            {revoked, trust.FaultRevoked},
		"another authority":  {foreign.Issue(t, name), trust.FaultUntrusted},
		"RSA of 1024 bits":   {s.IssueKey(t, name, trusttest.RSAKey(t, 1024)), trust.FaultWeak},
		"RSA of 2048 bits":   {s.IssueKey(t, name, trusttest.RSAKey(t, 2048)), ""},
	} {
		t.Run(label, func(t *testing.T) {
			t.Parallel()
			ours := s.identity(t, s.own, revocation, now)
			state, err := handshake(t, ours.ServerConfig(), anyone(tt.cert))
			if err != nil {
				t.Fatalf("the handshake failed, so that nobody could read why: %v", err)
			}
			peer := ours.Peer(state)
			if peer.Fault != tt.want || (peer.DN != "") != (tt.want == "") || (peer.Name != "") != (tt.want == "") {
				t.Errorf("as server: %q %q %q (%v), want %q", peer.Fault, peer.DN, peer.Name, peer.Err, tt.want)
			}
			_, err = handshake(t, &tls.Config{Certificates: []tls.Certificate{tt.cert}, MinVersion: tls.VersionTLS12}, ours.ClientConfig("another.host.fr"))
			var refused *trust.PeerError
			if tt.want == "" && err != nil || tt.want != "" && (!errors.As(err, &refused) || refused.Fault != tt.want) {
				t.Errorf("as client: %v, want %q", err, tt.want)
			}
		})
	}
	ours := s.identity(t, s.own, revocation, now)
	state, err := handshake(t, ours.ServerConfig(), anyone(tls.Certificate{}))
	if peer := ours.Peer(state); err != nil || peer.Fault != trust.FaultAbsent {
		t.Errorf("without certificate: %q, %v", peer.Fault, err)
	}
	late := s.identity(t, s.own, revocation, newClock(at.AddDate(0, 1, 0)).now)
	if peer := late.Peer(tls.ConnectionState{PeerCertificates: []*x509.Certificate{s.operator.Leaf}}); peer.Fault != trust.FaultRevocationUnknown || !peer.Fault.Temporary() {
		t.Errorf("with an ended revocation list: %q", peer.Fault)
	}
}

// TestIdentity_sameCertificate_expires covers O51: what was found good is not good for ever.
func TestIdentity_sameCertificate_expires(t *testing.T) {
	t.Parallel()
	s, c := newSpace(t), newClock(at)
	ours := s.identity(t, s.own, nil, c.now)
	state := tls.ConnectionState{PeerCertificates: []*x509.Certificate{s.operator.Leaf}}
	end := s.operator.Leaf.NotAfter
	for _, tt := range []struct {
		at   time.Time
		want trust.Fault
	}{
		{at, ""},
		{end, ""},
		{end.Add(time.Second), trust.FaultExpired},
		{s.operator.Leaf.NotBefore.Add(-time.Second), trust.FaultExpired},
		{at, ""},
	} {
		c.set(tt.at)
		if p := ours.Peer(state); p.Fault != tt.want {
			t.Errorf("at %v: %q, want %q", tt.at, p.Fault, tt.want)
		}
	}
}

// TestIdentity_sentIntermediate_isNotUsed covers O48 and O49: only authorities that the administrator
// provided count, whatever chain a peer sends.
func TestIdentity_sentIntermediate_isNotUsed(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	rootOnly, err := trust.NewIdentity(s.own, []*x509.Certificate{s.Root}, nil, newClock(at).now)
	if err != nil {
		t.Fatal(err)
	}
	state, err := handshake(t, rootOnly.ServerConfig(), anyone(s.operator))
	if err != nil || len(state.PeerCertificates) != 2 {
		t.Fatalf("the peer did not send its chain: %v", err)
	}
	if peer := rootOnly.Peer(state); peer.Fault != trust.FaultUntrusted {
		t.Errorf("a range of certificates that nobody provided counts: %q", peer.Fault)
	}
}

// TestIdentity_resumed_isJudgedAgain covers O63: a session that was resumed after the certificate was
// withdrawn.
func TestIdentity_resumed_isJudgedAgain(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	name := filepath.Join(t.TempDir(), "a.crl")
	write := func(data []byte) {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(s.CRL(t))
	revocation, err := trust.LoadRevocation([]string{name}, s.Chain())
	if err != nil {
		t.Fatal(err)
	}
	ours := s.identity(t, s.own, revocation, newClock(at).now)
	server, client := ours.ServerConfig(), anyone(s.operator)
	client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	client.Time = newClock(at).now
	for i, want := range []trust.Fault{"", trust.FaultRevoked} {
		state, err := handshake(t, server, client)
		if err != nil || state.DidResume != (i == 1) {
			t.Fatalf("connection %d: resumed %v, %v", i, state.DidResume, err)
		}
		if peer := ours.Peer(state); peer.Fault != want {
			t.Errorf("connection %d: %q, want %q", i, peer.Fault, want)
		}
		write(s.CRL(t, s.operator.Leaf))
		if err := revocation.Reload(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestIdentity_versionsAndSuites covers O59 and O60.
func TestIdentity_versionsAndSuites(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	rsaOwn := s.IssueKey(t, trusttest.Name("smtps1.patient.exemple.fr", "3", "CNAM"), trusttest.RSAKey(t, 2048))
	server := s.identity(t, rsaOwn, nil, newClock(at).now).ServerConfig()
	for label, tt := range map[string]struct {
		change func(*tls.Config)
		works  bool
	}{
		"TLS 1.3": {func(*tls.Config) {}, true},
		"TLS 1.2": {func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }, true},
		"TLS 1.1": {func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }, false},
		"CBC": {func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}
		}, false},
		"static RSA": {func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
		}, false},
		"P-521 alone": {func(c *tls.Config) { c.CurvePreferences = []tls.CurveID{tls.CurveP521} }, false},
	} {
		client := anyone(s.operator)
		tt.change(client)
		if _, err := handshake(t, server, client); (err == nil) != tt.works {
			t.Errorf("%s: %v", label, err)
		}
	}
}

func TestLoadIdentity_files(t *testing.T) {
	t.Parallel()
	s := newSpace(t)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f := trust.Files{
		Certificate:     write("cert.pem", trusttest.CertificatePEM(s.own.Leaf)),
		Key:             write("key.pem", trusttest.KeyPEM(t, s.own)),
		Authorities:     write("ca.pem", trusttest.CertificatePEM(s.Chain()...)),
		RevocationLists: []string{write("a.crl", s.CRL(t, s.operator.Leaf))},
	}
	id, err := trust.LoadIdentity(f, newClock(at).now)
	if err != nil {
		t.Fatal(err)
	}
	if dn, err := trust.CertificateDN(s.own.Leaf); err != nil || id.DN() != dn || len(id.Authorities()) != 2 || !id.Certificate().Equal(s.own.Leaf) {
		t.Errorf("read %q, %d authorities, %v", id.DN(), len(id.Authorities()), err)
	}
	if peer := id.Peer(tls.ConnectionState{PeerCertificates: []*x509.Certificate{s.operator.Leaf}}); peer.Fault != trust.FaultRevoked {
		t.Errorf("the revocation list is not used: %q", peer.Fault)
	}
	for label, change := range map[string]func(*trust.Files){
		"key of another":     func(f *trust.Files) { f.Key = write("other.pem", trusttest.KeyPEM(t, s.operator)) },
		"no root":            func(f *trust.Files) { f.Authorities = write("issuer.pem", trusttest.CertificatePEM(s.Issuer)) },
		"no authorities":     func(f *trust.Files) { f.Authorities = filepath.Join(dir, "none.pem") },
		"no revocation list": func(f *trust.Files) { f.RevocationLists = []string{filepath.Join(dir, "none.crl")} },
	} {
		broken := f
		change(&broken)
		if _, err := trust.LoadIdentity(broken, newClock(at).now); err == nil {
			t.Errorf("%s: loaded", label)
		}
	}
}
