package demo

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Pair is a certificate and its key in PEM files, the leaf first.
type Pair struct{ Cert, Key string }

// subject is a distinguished name as the trust space writes it, in the order of O28.
type subject struct{ CN, OU, O, ST string }

// encode gives the DER of the name in the order of a real certificate: C, ST, O, OU, CN (O28).
func (s subject) encode() ([]byte, error) {
	var names pkix.RDNSequence
	for _, a := range []struct {
		kind  int
		value string
	}{{6, "FR"}, {8, s.ST}, {10, s.O}, {11, s.OU}, {3, s.CN}} {
		if a.value != "" {
			names = append(names, pkix.RelativeDistinguishedNameSET{{Type: asn1.ObjectIdentifier{2, 5, 4, a.kind}, Value: a.value}})
		}
	}
	return asn1.Marshal(names)
}

// authority is a synthetic certification authority with a root and an issuing level, as IGC-Santé has
// (O48). Its keys stay in the data directory: they are worth nothing elsewhere.
type authority struct {
	dir    string
	now    time.Time
	root   *x509.Certificate
	issuer *x509.Certificate
	key    *ecdsa.PrivateKey // of the issuer
}

// lifetimes of what the authorities make. A demonstration directory may be kept for years.
const (
	authorityYears = 20
	leafYears      = 10
	crlLifetime    = 30 * 24 * time.Hour // made anew at each start
)

// openAuthority makes an authority in dir, or finds the one that is there.
func openAuthority(dir, name string, now time.Time) (*authority, error) {
	a := &authority{dir: dir, now: now}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make pki directory: %w", err)
	}
	certs, key, err := readPair(a.chainPair())
	if errors.Is(err, fs.ErrNotExist) {
		return a, a.create(name)
	}
	if err != nil {
		return nil, fmt.Errorf("read authority: %w", err)
	}
	ec, ok := key.(*ecdsa.PrivateKey)
	if !ok || len(certs) != 2 {
		return nil, fmt.Errorf("read authority: %s is not what was written; remove the data directory", dir)
	}
	a.root, a.issuer, a.key = certs[0], certs[1], ec
	return a, nil
}

// chainPair names the file of both levels, root first, and of the issuer's key.
func (a *authority) chainPair() Pair { return a.pair("ca") }

// pair names the files of a certificate.
func (a *authority) pair(name string) Pair {
	return Pair{Cert: filepath.Join(a.dir, name+".pem"), Key: filepath.Join(a.dir, name+".key")}
}

// create makes both levels. The root's key is forgotten: nothing more is signed with it.
func (a *authority) create(name string) error {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make root key: %w", err)
	}
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return fmt.Errorf("make issuer key: %w", err)
	}
	template, err := a.authorityTemplate(subject{CN: "AC RACINE " + name, OU: name, O: "MESBRIDGE DEMONSTRATION"})
	if err != nil {
		return err
	}
	if a.root, err = certify(template, template, rootKey.Public(), rootKey); err != nil {
		return err
	}
	template, err = a.authorityTemplate(subject{CN: "AC ORGANISATIONS " + name, OU: name, O: "MESBRIDGE DEMONSTRATION"})
	if err != nil {
		return err
	}
	if a.issuer, err = certify(template, a.root, a.key.Public(), rootKey); err != nil {
		return err
	}
	return writePair(a.chainPair(), a.key, a.root, a.issuer)
}

func (a *authority) authorityTemplate(s subject) (*x509.Certificate, error) {
	t, err := a.template(s)
	if err != nil {
		return nil, err
	}
	t.NotAfter = a.now.AddDate(authorityYears, 0, 0)
	t.IsCA, t.BasicConstraintsValid = true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	return t, nil
}

// template starts a certificate of subject s, valid from yesterday on.
func (a *authority) template(s subject) (*x509.Certificate, error) {
	name, err := s.encode()
	if err != nil {
		return nil, fmt.Errorf("encode subject: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("draw serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber: serial, RawSubject: name,
		NotBefore: a.now.AddDate(0, 0, -1), NotAfter: a.now.AddDate(leafYears, 0, 0),
	}, nil
}

// server returns the pair of an operator's server, made once. One certificate serves both directions
// (O55); it also names this machine, where the demonstration's servers are.
func (a *authority) server(name string, s subject) (Pair, error) {
	return a.once(name, func() error {
		t, err := a.serverTemplate(s)
		if err != nil {
			return err
		}
		return a.issue(name, t)
	})
}

// expired is server with a certificate that ended yesterday.
func (a *authority) expired(name string, s subject) (Pair, error) {
	return a.once(name, func() error {
		t, err := a.serverTemplate(s)
		if err != nil {
			return err
		}
		t.NotBefore, t.NotAfter = a.now.AddDate(-3, 0, -1), a.now.AddDate(0, 0, -1)
		return a.issue(name, t)
	})
}

func (a *authority) serverTemplate(s subject) (*x509.Certificate, error) {
	t, err := a.template(s)
	if err != nil {
		return nil, err
	}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	t.DNSNames = []string{s.CN, "localhost"}
	t.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	return t, nil
}

// signer returns the pair that signs white lists: RSA, as the list's algorithms ask (O34, O38).
func (a *authority) signer(name string, s subject) (Pair, error) {
	return a.once(name, func() error {
		t, err := a.template(s)
		if err != nil {
			return err
		}
		t.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return fmt.Errorf("make signer key: %w", err)
		}
		return a.sign(name, t, key)
	})
}

// once calls make unless the pair is there already.
func (a *authority) once(name string, create func() error) (Pair, error) {
	p := a.pair(name)
	_, _, err := readPair(p)
	if errors.Is(err, fs.ErrNotExist) {
		err = create()
	}
	return p, err
}

// issue signs t for a new key.
func (a *authority) issue(name string, t *x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	return a.sign(name, t, key)
}

func (a *authority) sign(name string, t *x509.Certificate, key crypto.Signer) error {
	leaf, err := certify(t, a.issuer, key.Public(), a.key)
	if err != nil {
		return err
	}
	return writePair(a.pair(name), key, leaf, a.issuer)
}

// revoke writes the revocation list, with the certificates of the given pairs on it.
func (a *authority) revoke(file string, revoked ...Pair) error {
	list := &x509.RevocationList{
		Number:     big.NewInt(a.now.Unix()),
		ThisUpdate: a.now.Add(-time.Hour), NextUpdate: a.now.Add(crlLifetime),
	}
	for _, p := range revoked {
		certs, _, err := readPair(p)
		if err != nil {
			return fmt.Errorf("read revoked certificate: %w", err)
		}
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: certs[0].SerialNumber, RevocationTime: certs[0].NotBefore,
		})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.issuer, a.key)
	if err != nil {
		return fmt.Errorf("sign revocation list: %w", err)
	}
	return writeFile(file, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
}

// certify signs a certificate and reads it back.
func certify(t, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, t, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("sign certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	return cert, nil
}
