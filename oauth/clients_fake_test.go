package oauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"sync"
	"testing"
)

// The registered clients of the tests.
const (
	appRedirect = "https://app.example/back"
	proRedirect = "http://127.0.0.1:9/pro"
	appSecret   = "app-secret-of-256-random-bits"
	sihSecret   = "sih-secret-of-256-random-bits"
	rsSecret    = "resource-server-secret"
)

// sihKey is the key of the client that authenticates with assertions.
var sihKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
})

func testClients(t *testing.T) StaticClients {
	t.Helper()
	patientScopes := []string{"openid", "profile", "offline_access", "patient.read", "patient.reply", "patient.block"}
	clients, err := NewStaticClients(
		Client{
			ID: "app", Name: "Application de santé", Kind: Patient, RedirectURIs: []string{appRedirect},
			Scopes: patientScopes, SecretHash: HashSecret(appSecret), PostLogoutURIs: []string{appRedirect + "/fin"},
		},
		Client{ID: "phone", Name: "Téléphone", Kind: Patient, RedirectURIs: []string{appRedirect}, Scopes: patientScopes},
		Client{ID: "lps", Name: "Logiciel", Kind: Professional, RedirectURIs: []string{proRedirect}, Scopes: []string{"openid", "offline_access", "thread.read"}},
		Client{ID: "sih", Name: "Clinique", Kind: Application, FINESS: "750000001", Scopes: []string{"episode.close"}, SecretHash: HashSecret(sihSecret)},
		Client{
			ID: "sih-key", Name: "Clinique à clé", Kind: Application, FINESS: "750000002", Scopes: []string{"episode.close"},
			Keys: []PublicKey{{ID: "k1", Key: sihKey().Public()}},
		},
		Client{
			ID: "editor", Name: "Logiciel d’éditeur", Kind: Professional, Scopes: []string{"openid", "thread.read", "thread.write"},
			TLSSubject: "CN=lps.editeur.example", ExchangesFor: []string{"editor-at-psc"}, Keys: []PublicKey{{ID: "a1", Key: sihKey().Public()}},
		},
		Client{
			ID: "sih-tls", Name: "Clinique à certificat", Kind: Application, FINESS: "750000003", Scopes: []string{"episode.close"},
			TLSCertificates: [][]byte{sum256(pki().selfSigned.Leaf.Raw)},
		},
		Client{
			ID: "phone-bound", Name: "Téléphone à clé", Kind: Patient, RedirectURIs: []string{appRedirect}, Scopes: patientScopes, BoundTokens: true,
		},
		Client{ID: "rs", Name: "Serveur de ressources", Kind: Application, SecretHash: HashSecret(rsSecret), Introspects: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	return clients
}
