package revocation

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// FuzzParse holds the law that a list counts only as its authority signed it: whatever is cut out of a
// good one and put in instead, it is refused, or says the same.
func FuzzParse(f *testing.F) {
	at := time.Date(2026, 5, 12, 10, 0, 0, 0, time.UTC)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "AC"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: at, NotAfter: at.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageCRLSign | x509.KeyUsageCertSign, SubjectKeyId: []byte{1},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		f.Fatal(err)
	}
	authority, err := x509.ParseCertificate(der)
	if err != nil {
		f.Fatal(err)
	}
	good, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(7), ThisUpdate: at, NextUpdate: at.AddDate(0, 0, 1),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(42), RevocationTime: at}},
	}, authority, key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), uint16(0), []byte{})
	f.Add(uint16(0), uint16(65535), []byte("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"))
	f.Add(uint16(40), uint16(1), []byte{0xff})
	f.Fuzz(func(t *testing.T, from, cut uint16, insert []byte) {
		start := min(int(from), len(good))
		end := min(start+int(cut), len(good))
		data := append(append(append([]byte{}, good[:start]...), insert...), good[end:]...)
		l, err := Parse(data, []*x509.Certificate{authority})
		if (l == nil) != (err != nil) {
			t.Fatalf("%v, %v", l, err)
		}
		revoked := &x509.Certificate{RawIssuer: authority.RawSubject, SerialNumber: big.NewInt(42)}
		if l == nil {
			return
		}
		if known, is := l.tells(revoked, at); !known || !is || l.Entries() != 1 || !l.From.Equal(at) {
			t.Error("a list with other contents passed")
		}
	})
}
