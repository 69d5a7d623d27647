package demo

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"testing"
	"time"

	"mesbridge/bridge/directory"
	"mesbridge/bridge/trust"
	"mesbridge/conversations"
	"mesbridge/rules"
)

var noon = time.Date(2026, time.May, 12, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string, at time.Time) *Space {
	t.Helper()
	s, err := OpenSpace(dir, People(), at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func list(t *testing.T, s *Space, at time.Time) *trust.List {
	t.Helper()
	chain, err := trust.LoadAuthorities(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(s.WhiteList)
	if err != nil {
		t.Fatal(err)
	}
	dn, err := trust.CertificateDN(leaf(t, s.Bridge))
	if err != nil {
		t.Fatal(err)
	}
	l, err := trust.Verify(data, trust.Options{
		Chain: chain, Now: at, OwnDomain: CitizenDomain, OwnDNs: []trust.DN{dn},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func leaf(t *testing.T, p Pair) *x509.Certificate {
	t.Helper()
	certs, _, err := readPair(p)
	if err != nil {
		t.Fatal(err)
	}
	return certs[0]
}

// judge gives the fault that the bridge finds in a certificate.
func judge(t *testing.T, s *Space, p Pair, at time.Time) trust.Fault {
	t.Helper()
	id, err := trust.LoadIdentity(trust.Files{
		Certificate: s.Bridge.Cert, Key: s.Bridge.Key, Authorities: s.CA, RevocationLists: []string{s.CRL},
	}, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	certs, _, err := readPair(p)
	if err != nil {
		t.Fatal(err)
	}
	return id.Peer(tls.ConnectionState{PeerCertificates: certs, HandshakeComplete: true}).Fault
}

// Section 20 of operator.md: each certificate is good or bad for exactly the reason in its name.
func TestOpenSpace_certificates(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), noon)
	l := list(t, s, noon)
	for _, m := range s.Operators {
		if f := judge(t, s, m.Pair, noon); f != "" {
			t.Errorf("%s: fault %s", m.Name, f)
		}
		for _, d := range m.Domains {
			if !l.Allows(d, leaf(t, m.Pair)) {
				t.Errorf("%s may not speak for %s", m.Name, d)
			}
		}
	}
	for _, c := range []struct {
		name    string
		fault   trust.Fault
		listed  bool
		allowed bool
	}{
		{Expired, trust.FaultExpired, true, true},
		{Revoked, trust.FaultRevoked, true, true},
		{ForeignCA, trust.FaultUntrusted, true, true},
		{NoMatch, "", true, false},
		{Unlisted, "", false, false},
	} {
		m := s.bad(c.name)
		if len(m.Domains) != 1 {
			t.Fatalf("%s is missing", c.name)
		}
		if f := judge(t, s, m.Pair, noon); f != c.fault {
			t.Errorf("%s: fault %q, want %q", c.name, f, c.fault)
		}
		if l.Listed(m.Domains[0]) != c.listed || l.Allows(m.Domains[0], leaf(t, m.Pair)) != c.allowed {
			t.Errorf("%s: listed %t, allowed %t", c.name, l.Listed(m.Domains[0]), l.Allows(m.Domains[0], leaf(t, m.Pair)))
		}
	}
	if l.Knows(leaf(t, s.bad(Unlisted).Pair)) {
		t.Error("the unlisted certificate is listed somewhere (O72)")
	}
}

func TestOpenSpace_again_keepsCertificatesAndRenewsLists(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir, noon)
	serials := map[string]string{}
	for _, m := range append(first.Operators, first.Bad...) {
		serials[m.Name] = leaf(t, m.Pair).SerialNumber.String()
	}
	later := noon.AddDate(1, 0, 0)
	second := open(t, dir, later)
	for _, m := range append(second.Operators, second.Bad...) {
		if serials[m.Name] != leaf(t, m.Pair).SerialNumber.String() {
			t.Errorf("%s has a new certificate", m.Name)
		}
	}
	if got := list(t, second, later).Generated(); !got.Equal(later) {
		t.Errorf("list generated at %v, want %v", got, later)
	}
	if f := judge(t, second, second.Operators[0].Pair, later); f != "" {
		t.Errorf("after a year: fault %s", f)
	}
	if f := judge(t, second, second.bad(Revoked).Pair, later); f != trust.FaultRevoked {
		t.Errorf("after a year: fault %q, want revoked", f)
	}
}

func TestOpenSpace_keyLost_isNotSilentlyReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, noon)
	if err := os.WriteFile(s.Bridge.Key, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSpace(dir, People(), noon); err == nil {
		t.Error("a damaged key is replaced in silence")
	}
}

func TestOpenSpace_secretsAreForThisUserAlone(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), noon)
	for _, m := range append(s.Operators, s.Bad...) {
		info, err := os.Stat(m.Key)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("key of %s has mode %v", m.Name, info.Mode().Perm())
		}
	}
}

// I113: contacts are named from the directory, by the family name of the cast.
func TestOpenSpace_directoryKnowsTheCast(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), noon)
	var table directory.Table
	sum, err := table.LoadFile(s.Directory)
	if err != nil || sum.Skipped != 0 {
		t.Fatalf("load: %+v, %v", sum, err)
	}
	cast := People()
	for _, p := range cast.Professionals[:2] {
		a, err := rules.ParseAddress(p.Mailboxes[0])
		if err != nil {
			t.Fatal(err)
		}
		m := table.Mailbox(a)
		if m.Kind != rules.Personal || m.Person != p.ID || m.Name != "Dr "+p.Name() {
			t.Errorf("%s: kind %s, name %q", p.Name(), m.Kind, m.Name)
		}
	}
	if found, _, err := table.Search(conversations.MailboxQuery{Name: "oeuvr", Profession: "medecin", Place: "Dijon"}, "", 5); err != nil || len(found) != 1 || found[0].Name != "Dr Bastien OEUVRARD" {
		t.Errorf("a colleague is not found: %d, %v", len(found), err) // I208
	}
	for _, c := range cast.Clinics {
		for _, box := range c.Mailboxes {
			a, err := rules.ParseAddress(box.Address)
			if err != nil {
				t.Fatal(err)
			}
			if m := table.Mailbox(a); m.Kind != box.Kind || m.Structure != "1"+c.FINESS || m.Name != box.Service {
				t.Errorf("%s: kind %s, structure %s, name %q", box.Address, m.Kind, m.Structure, m.Name)
			}
		}
	}
	if want := 7 + len(colleagues()); table.Len() != want {
		t.Errorf("%d mailboxes, want %d: the organisational one is not a person's", table.Len(), want)
	}
}

func TestOpenSpace_fileWhereADirectoryShouldBe_fails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/pki"
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSpace(dir, People(), noon); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
