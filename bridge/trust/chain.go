package trust

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// ErrWeak means a key or a signature algorithm that the trust space does not use (O61).
var ErrWeak = errors.New("key or signature too weak")

// ErrUsage means a certificate whose key may not be used so (O51).
var ErrUsage = errors.New("key usage does not fit")

// anchors are the authorities that are believed, ready to judge by: making the pools costs more than one
// check with them. They do not change.
type anchors struct {
	all           []*x509.Certificate
	roots, others *x509.CertPool
}

func newAnchors(chain []*x509.Certificate) anchors {
	a := anchors{all: chain, roots: x509.NewCertPool(), others: x509.NewCertPool()}
	for _, c := range chain {
		if selfIssued(c) {
			a.roots.AddCert(c)
		} else {
			a.others.AddCert(c)
		}
	}
	return a
}

// verify returns the chain of leaf up to a root among the anchors, valid at a given time, for one of the
// usages. What a peer sends beside its leaf is not used: the authorities are those that an administrator
// provided, so that only their range of certificates counts (O48, O49).
func (a anchors) verify(leaf *x509.Certificate, at time.Time, usages ...x509.ExtKeyUsage) ([]*x509.Certificate, error) {
	found, err := leaf.Verify(x509.VerifyOptions{Roots: a.roots, Intermediates: a.others, CurrentTime: at, KeyUsages: usages})
	if err != nil {
		return nil, err
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return nil, ErrUsage
	}
	for _, c := range found[0] {
		if err := strong(c); err != nil {
			return nil, err
		}
	}
	return found[0], nil
}

// selfIssued reports whether c names itself as its issuer: a root.
func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// strong refuses RSA keys under 2048 bits and signatures with SHA-1 or MD5 (O61). The signature of a
// root on itself proves nothing and is not judged.
func strong(c *x509.Certificate) error {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return fmt.Errorf("RSA of %d bits: %w", key.N.BitLen(), ErrWeak)
		}
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return ErrWeak
	}
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.DSAWithSHA256, x509.ECDSAWithSHA1:
		if !selfIssued(c) {
			return fmt.Errorf("%v: %w", c.SignatureAlgorithm, ErrWeak)
		}
	default:
	}
	return nil
}
