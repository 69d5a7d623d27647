package trust

import (
	"crypto/x509"
	"errors"
	"fmt"
)

// Fault says why a peer's certificate does not count; the text stands in traces. The empty fault means
// that it does.
type Fault string

// Faults.
const (
	FaultAbsent            Fault = "certificate-absent"
	FaultUntrusted         Fault = "certificate-untrusted" // another authority, or none that is known
	FaultExpired           Fault = "certificate-expired"   // or not yet valid
	FaultRevoked           Fault = "certificate-revoked"
	FaultRevocationUnknown Fault = "revocation-unknown" // for the time being (O52)
	FaultWeak              Fault = "certificate-weak"   // RSA under 2048 bits, SHA-1 (O61)
	FaultUsage             Fault = "certificate-usage"  // not for TLS (O51, O55)
	FaultSubject           Fault = "certificate-subject"
)

// Temporary reports whether the same certificate may count later without the peer doing anything.
func (f Fault) Temporary() bool { return f == FaultRevocationUnknown }

// PeerError is a fault as the error of a handshake that we began.
type PeerError struct {
	Fault Fault
	Err   error
}

// Error tells the fault and its cause.
func (e *PeerError) Error() string { return fmt.Sprintf("peer refused: %s: %v", e.Fault, e.Err) }

// Unwrap gives the cause.
func (e *PeerError) Unwrap() error { return e.Err }

// Peer is the other side of one connection.
type Peer struct {
	Certificate *x509.Certificate // nil when none was shown
	DN          DN                // empty unless the certificate counts
	Name        string            // common name of a certificate that counts, for traces
	Fault       Fault
	Err         error // cause of Fault, for the log
}

// faultOf names the fault behind an error of the checks.
func faultOf(err error) Fault {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, ErrRevoked):
		return FaultRevoked
	case errors.Is(err, ErrRevocationUnknown):
		return FaultRevocationUnknown
	case errors.Is(err, ErrWeak):
		return FaultWeak
	case errors.Is(err, ErrUsage):
		return FaultUsage
	case errors.Is(err, ErrNotDN):
		return FaultSubject
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return FaultExpired
	case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
		return FaultUsage
	}
	return FaultUntrusted
}
