package trusttest

import (
	"crypto"
	"crypto/tls"
	"regexp"
	"testing"

	"mesbridge/bridge/trust"
)

// Resign replaces the signature of a document by a right one, so that a test can show that a document
// is refused for what it says.
func Resign(t testing.TB, signer tls.Certificate, document string) []byte {
	t.Helper()
	key, ok := signer.PrivateKey.(crypto.Signer)
	if !ok {
		t.Fatal("the signer has no key")
	}
	unsigned := regexp.MustCompile(`(?s)<Signature .*</Signature>`).ReplaceAllString(document, "")
	data, err := trust.SignDocument(unsigned, key, signer.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
