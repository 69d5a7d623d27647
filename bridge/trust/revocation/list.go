package revocation

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// MaxListBytes bounds a revocation list, in octets.
const MaxListBytes = 32 << 20

// Kinds of list in which silence does not mean "not withdrawn".
var (
	errDelta    = errors.New("a delta list, which holds only what changed; name the complete one")
	errPartial  = errors.New("a list of a part of the certificates; name the complete one")
	errIndirect = errors.New("an indirect list, of other authorities' certificates; name each authority's own")
)

// List is one verified revocation list. It does not change.
type List struct {
	Authority   string    // common name of the issuer
	From, Until time.Time // thisUpdate, and nextUpdate: the first instant without validity

	issuer  []byte              // encoded name
	serials map[string]struct{} // of withdrawn certificates, as big-endian bytes
}

// Entries returns how many certificates the list withdraws.
func (l *List) Entries() int { return len(l.serials) }

// Parse reads a complete list, DER or PEM, that one of the authorities signed (RFC 5280 section 5).
func Parse(data []byte, authorities []*x509.Certificate) (*List, error) {
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	crl, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, err
	}
	if err := complete(crl); err != nil {
		return nil, err
	}
	if err := signed(crl, authorities); err != nil {
		return nil, err
	}
	l := &List{
		Authority: crl.Issuer.CommonName, From: crl.ThisUpdate, Until: crl.NextUpdate,
		issuer: crl.RawIssuer, serials: make(map[string]struct{}, len(crl.RevokedCertificateEntries)),
	}
	for _, e := range crl.RevokedCertificateEntries {
		l.serials[string(e.SerialNumber.Bytes())] = struct{}{}
	}
	return l, nil
}

// Extensions of RFC 5280 sections 5.2 and 5.3 that make a list something else than complete.
var (
	oidDelta        = asn1.ObjectIdentifier{2, 5, 29, 27}
	oidDistribution = asn1.ObjectIdentifier{2, 5, 29, 28}
	oidEntryIssuer  = asn1.ObjectIdentifier{2, 5, 29, 29}
)

// distributionPoint is the part of IssuingDistributionPoint that tells an indirect list.
type distributionPoint struct {
	Name       asn1.RawValue  `asn1:"optional,tag:0"`
	User       bool           `asn1:"optional,tag:1"`
	CA         bool           `asn1:"optional,tag:2"`
	Reasons    asn1.BitString `asn1:"optional,tag:3"`
	Indirect   bool           `asn1:"optional,tag:4"`
	Attributes bool           `asn1:"optional,tag:5"`
}

// complete refuses a list that says of itself that it is not the whole list of its issuer, and one with
// any other part that must be understood and is not.
func complete(crl *x509.RevocationList) error {
	for _, e := range crl.Extensions {
		switch {
		case e.Id.Equal(oidDelta):
			return errDelta
		case e.Id.Equal(oidDistribution):
			var p distributionPoint
			if rest, err := asn1.Unmarshal(e.Value, &p); err == nil && len(rest) == 0 && p.Indirect {
				return errIndirect
			}
			return errPartial
		case e.Critical:
			return fmt.Errorf("critical extension %v is not understood", e.Id)
		}
	}
	for _, entry := range crl.RevokedCertificateEntries {
		for _, e := range entry.Extensions {
			if e.Id.Equal(oidEntryIssuer) {
				return errIndirect
			}
			if e.Critical {
				return fmt.Errorf("critical extension %v of an entry is not understood", e.Id)
			}
		}
	}
	return nil
}

// signed checks that one of the authorities signed the list.
func signed(crl *x509.RevocationList, authorities []*x509.Certificate) error {
	err := errors.New("its issuer is not among the authorities")
	for _, c := range authorities {
		if !bytes.Equal(c.RawSubject, crl.RawIssuer) {
			continue
		}
		if err = crl.CheckSignatureFrom(c); err == nil {
			return nil
		}
	}
	return err
}

// tells reports whether the list speaks of a certificate at a given time, and whether it withdraws it.
func (l *List) tells(cert *x509.Certificate, at time.Time) (known, revoked bool) {
	if !bytes.Equal(l.issuer, cert.RawIssuer) || at.Before(l.From) || !at.Before(l.Until) {
		return false, false
	}
	_, revoked = l.serials[string(cert.SerialNumber.Bytes())]
	return true, revoked
}
