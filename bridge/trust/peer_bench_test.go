package trust_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"mesbridge/bridge/trust/trusttest"
)

// BenchmarkPeer is what judging one peer costs on each connection.
func BenchmarkPeer(b *testing.B) {
	s := newSpace(b)
	id := s.identity(b, s.own, loadRevocation(b, s.PKI, s.CRL(b, s.Issue(b, trusttest.Name("bad.fr", "1", "X")).Leaf)), newClock(at).now)
	state := tls.ConnectionState{PeerCertificates: []*x509.Certificate{s.operator.Leaf}}
	for b.Loop() {
		if p := id.Peer(state); p.Fault != "" {
			b.Fatal(p.Fault)
		}
	}
}
