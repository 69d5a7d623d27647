package trust

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// Revocation errors.
var (
	// ErrRevoked means that the certificate's issuer withdrew it.
	ErrRevoked = errors.New("certificate revoked")
	// ErrRevocationUnknown means that no valid revocation list tells: refuse for now (O52).
	ErrRevocationUnknown = errors.New("no valid revocation list")
)

// Revocation answers from revocation lists in local files (O50-O52). It is safe for concurrent use.
type Revocation struct {
	files []string
	chain []*x509.Certificate
	lists atomic.Pointer[[]revocationList]
}

// revocationList is one list, ready to be asked.
type revocationList struct {
	issuer      []byte              // encoded name
	from, until time.Time           // thisUpdate, and nextUpdate: the first instant without validity
	serials     map[string]struct{} // of withdrawn certificates, as big-endian bytes
}

// LoadRevocation reads lists signed by authorities among chain. Without files nothing is ever revoked
// and nothing is unknown: the check is then not made, which the caller must have chosen.
func LoadRevocation(files []string, chain []*x509.Certificate) (*Revocation, error) {
	r := &Revocation{files: files, chain: chain}
	if err := r.Reload(); err != nil {
		return nil, err
	}
	return r, nil
}

// Reload reads the files again. When one of them cannot be read or verified, what was loaded before
// stays in service (O52).
func (r *Revocation) Reload() error {
	lists := make([]revocationList, 0, len(r.files))
	for _, name := range r.files {
		l, err := r.read(name)
		if err != nil {
			return fmt.Errorf("read revocation list %s: %w", name, err)
		}
		lists = append(lists, l)
	}
	r.lists.Store(&lists)
	return nil
}

// read reads and verifies one list, DER or PEM.
func (r *Revocation) read(name string) (revocationList, error) {
	data, err := os.ReadFile(name) //nolint:gosec // the administrator names the file
	if err != nil {
		return revocationList{}, err
	}
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	crl, err := x509.ParseRevocationList(data)
	if err != nil {
		return revocationList{}, err
	}
	for _, e := range crl.Extensions {
		if e.Critical { // a partial or delta list: silence in it would not mean "not revoked"
			return revocationList{}, fmt.Errorf("critical extension %v is not understood", e.Id)
		}
	}
	if err := r.signed(crl); err != nil {
		return revocationList{}, err
	}
	l := revocationList{issuer: crl.RawIssuer, from: crl.ThisUpdate, until: crl.NextUpdate, serials: map[string]struct{}{}}
	for _, e := range crl.RevokedCertificateEntries {
		l.serials[string(e.SerialNumber.Bytes())] = struct{}{}
	}
	return l, nil
}

// signed checks that an authority of the chain signed the list.
func (r *Revocation) signed(crl *x509.RevocationList) error {
	err := errors.New("its issuer is not among the authorities")
	for _, c := range r.chain {
		if !bytes.Equal(c.RawSubject, crl.RawIssuer) {
			continue
		}
		if err = crl.CheckSignatureFrom(c); err == nil {
			return nil
		}
	}
	return err
}

// Check judges a chain, leaf first, at a given time: ErrRevoked, ErrRevocationUnknown or nil. The leaf
// needs a valid list of its issuer; an authority is judged when there is one of its own issuer.
func (r *Revocation) Check(chain []*x509.Certificate, at time.Time) error {
	lists := *r.lists.Load()
	if len(lists) == 0 {
		return nil
	}
	for i, c := range chain {
		if selfIssued(c) {
			continue
		}
		known := false
		for _, l := range lists {
			if !bytes.Equal(l.issuer, c.RawIssuer) || at.Before(l.from) || !at.Before(l.until) {
				continue
			}
			known = true
			if _, ok := l.serials[string(c.SerialNumber.Bytes())]; ok {
				return ErrRevoked
			}
		}
		if i == 0 && !known {
			return ErrRevocationUnknown
		}
	}
	return nil
}
