package trust

import (
	"crypto/x509"

	"mesbridge/bridge/trust/revocation"
)

// Revocation tells which certificates were withdrawn.
type Revocation = revocation.Checker

// Revocation errors.
var (
	ErrRevoked           = revocation.ErrRevoked
	ErrRevocationUnknown = revocation.ErrUnknown
)

// LoadRevocation reads lists signed by authorities among chain from files, and asks no network. Without
// files the check is not made, which the caller must have chosen.
func LoadRevocation(files []string, chain []*x509.Certificate) (*Revocation, error) {
	return revocation.Open(revocation.Options{Authorities: chain, Files: files})
}
