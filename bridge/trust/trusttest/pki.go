package trusttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"mesbridge/bridge/trust"
)

// PKI is one authority with its root. Every certificate is valid around At.
type PKI struct {
	At     time.Time
	Root   *x509.Certificate
	Issuer *x509.Certificate

	rootKey, issuerKey *ecdsa.PrivateKey
	serial             int64
}

// New makes a PKI whose names are always the same, so that two of them differ by their keys alone.
func New(t testing.TB, at time.Time) *PKI {
	t.Helper()
	p := &PKI{At: at}
	rootKey, issuerKey := ecKey(t), ecKey(t)
	root := p.template(pkix.Name{CommonName: "AC RACINE TEST", Organization: []string{"TEST"}, Country: []string{"FR"}})
	root.IsCA, root.KeyUsage, root.ExtKeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil
	p.Root = p.create(t, root, root, rootKey.Public(), rootKey)
	p.rootKey, p.issuerKey = rootKey, issuerKey
	p.Issuer = p.authority(t, "AC TEST ORGANISATIONS", issuerKey)
	return p
}

// Sibling makes another issuing authority under the same root.
func (p *PKI) Sibling(t testing.TB, commonName string) *PKI {
	t.Helper()
	other := &PKI{At: p.At, Root: p.Root, rootKey: p.rootKey, issuerKey: ecKey(t), serial: 1000}
	other.Issuer = other.authority(t, commonName, other.issuerKey)
	return other
}

// authority makes an issuing authority under the root.
func (p *PKI) authority(t testing.TB, commonName string, key *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	c := p.template(pkix.Name{CommonName: commonName, Organization: []string{"TEST"}, Country: []string{"FR"}})
	c.IsCA, c.KeyUsage, c.ExtKeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil
	return p.create(t, c, p.Root, key.Public(), p.rootKey)
}

// Chain lists the authorities, as an administrator would provide them.
func (p *PKI) Chain() []*x509.Certificate { return []*x509.Certificate{p.Root, p.Issuer} }

// Change alters the template of a certificate before it is issued.
type Change func(*x509.Certificate)

// Expired makes a certificate that ended before At.
func (p *PKI) Expired(c *x509.Certificate) { c.NotAfter = p.At.Add(-time.Hour) }

// ListAt names a place of revocation lists in a certificate.
func ListAt(urls ...string) Change {
	return func(c *x509.Certificate) { c.CRLDistributionPoints = urls }
}

// ResponderAt names an OCSP responder in a certificate.
func ResponderAt(url string) Change {
	return func(c *x509.Certificate) { c.OCSPServer = []string{url} }
}

// Usage replaces the extended key usages.
func Usage(u ...x509.ExtKeyUsage) Change { return func(c *x509.Certificate) { c.ExtKeyUsage = u } }

// Issue makes a certificate for a server of an operator.
func (p *PKI) Issue(t testing.TB, name pkix.Name, changes ...Change) tls.Certificate {
	t.Helper()
	return p.IssueKey(t, name, ecKey(t), changes...)
}

// IssueKey is Issue for a key of the caller's.
func (p *PKI) IssueKey(t testing.TB, name pkix.Name, key crypto.Signer, changes ...Change) tls.Certificate {
	t.Helper()
	c := p.template(name)
	c.DNSNames = []string{name.CommonName}
	for _, change := range changes {
		change(c)
	}
	leaf := p.create(t, c, p.Issuer, key.Public(), p.issuerKey)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw, p.Issuer.Raw}, PrivateKey: key, Leaf: leaf}
}

// Signer makes the certificate of a list signer with an RSA key.
func (p *PKI) Signer(t testing.TB, commonName string, changes ...Change) tls.Certificate {
	t.Helper()
	changes = append([]Change{Usage(x509.ExtKeyUsageEmailProtection)}, changes...)
	key, err := signerKey()
	if err != nil {
		t.Fatal(err)
	}
	return p.IssueKey(t, Name(commonName, "347976684200724", "EDITEUR FICTIF"), key, changes...)
}

// signerKey is the one key of all signers of a process: making one takes a second under the race detector,
// and what tells signers apart is their certificates.
var signerKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// List signs a list as signer.
func List(t testing.TB, signer tls.Certificate, generated time.Time, entries ...trust.Entry) []byte {
	t.Helper()
	key, ok := signer.PrivateKey.(crypto.Signer)
	if !ok {
		t.Fatal("the signer has no key")
	}
	data, err := trust.Sign(entries, generated, key, signer.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Entry binds a domain to a certificate.
func Entry(t testing.TB, domain string, cert tls.Certificate, updated time.Time) trust.Entry {
	t.Helper()
	dn, err := trust.FormatDN(cert.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	return trust.Entry{Domain: domain, Description: "Domaine fictif", DN: dn, Responsible: "contact@exemple.test", Support: "support@exemple.test", Updated: updated}
}

// CRL signs a revocation list, PEM, valid for a day around At.
func (p *PKI) CRL(t testing.TB, revoked ...*x509.Certificate) []byte {
	t.Helper()
	return p.CRLOf(t, &x509.RevocationList{ThisUpdate: p.At.Add(-12 * time.Hour), NextUpdate: p.At.Add(12 * time.Hour)}, revoked...)
}

// CRLOf signs a revocation list of a template, PEM, with certificates of the authority on it.
func (p *PKI) CRLOf(t testing.TB, list *x509.RevocationList, revoked ...*x509.Certificate) []byte {
	t.Helper()
	return p.signCRL(t, list, p.Issuer, p.issuerKey, revoked)
}

// RootCRL signs the root's revocation list, valid for a day around At.
func (p *PKI) RootCRL(t testing.TB, revoked ...*x509.Certificate) []byte {
	t.Helper()
	list := &x509.RevocationList{ThisUpdate: p.At.Add(-12 * time.Hour), NextUpdate: p.At.Add(12 * time.Hour)}
	return p.signCRL(t, list, p.Root, p.rootKey, revoked)
}

func (p *PKI) signCRL(t testing.TB, list *x509.RevocationList, issuer *x509.Certificate, key crypto.Signer, revoked []*x509.Certificate) []byte {
	t.Helper()
	list.Number = big.NewInt(list.ThisUpdate.Unix())
	for _, c := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: list.ThisUpdate})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, issuer, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

// Name is a subject of the shape that the trust space uses (O28).
func Name(commonName, unit, organisation string) pkix.Name {
	return pkix.Name{
		CommonName: commonName, OrganizationalUnit: []string{unit}, Organization: []string{organisation},
		Province: []string{"Paris (75)"}, Country: []string{"FR"},
	}
}

// RSAKey makes an RSA key.
func RSAKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// CertificatePEM writes certificates.
func CertificatePEM(certs ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// KeyPEM writes the private key of a certificate.
func KeyPEM(t testing.TB, cert tls.Certificate) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func (p *PKI) template(name pkix.Name) *x509.Certificate {
	p.serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(p.serial), Subject: name, BasicConstraintsValid: true,
		NotBefore: p.At.AddDate(0, -1, 0), NotAfter: p.At.AddDate(3, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func (p *PKI) create(t testing.TB, template, parent *x509.Certificate, pub crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ecKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Loopback makes a certificate name this machine.
func Loopback(c *x509.Certificate) {
	c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
}
