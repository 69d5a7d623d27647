package provider

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// realm is one OpenID provider: an issuer with its key, its people and what it has given out.
type realm struct {
	issuer string
	kind   Kind
	acr    string   // level of assurance of people without one of their own
	client Client   // the bridge
	others []Client // who exchanges codes and nothing else
	people []Person
	key    jose.JSONWebKey
	signer jose.Signer
	page   *template.Template
	now    func() time.Time
	codes  *grants // given out, not exchanged yet
	tokens *grants // access tokens
	renew  *grants // refresh tokens; nil: the realm gives none
}

// The lifetimes: those of FranceConnect+ for codes (I74) and of Pro Santé Connect for access
// tokens (I23).
const (
	codeLife    = 30 * time.Second
	tokenLife   = 2 * time.Minute
	renewLife   = 30 * time.Minute // of a refresh token, which counts once (I23)
	idTokenLife = 5 * time.Minute
)

func newRealm(c Config, kind Kind, path string) (*realm, error) {
	rl := &realm{
		issuer: c.BaseURL + path, kind: kind, client: c.Client, now: c.Now,
		codes: newGrants(c.Now, codeLife), tokens: newGrants(c.Now, tokenLife),
	}
	if kind == Professional && c.Editor.ID != "" {
		rl.others = []Client{c.Editor}
	}
	var err error
	if rl.page, err = template.New("page").Parse(pageSource); err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	for _, p := range c.People {
		if p.Kind == kind {
			rl.people = append(rl.people, p)
		}
	}
	var private crypto.Signer
	switch kind {
	case Patient:
		rl.acr, rl.key.Algorithm = "eidas2", string(jose.ES256)
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case Professional:
		rl.acr, rl.key.Algorithm = "eidas1", string(jose.RS256)
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case Staff: // such providers seldom tell a level
		rl.key.Algorithm = string(jose.ES256)
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if kind != Patient { // FranceConnect+ gives no refresh token
		rl.renew = newGrants(c.Now, renewLife)
	}
	if err != nil {
		return nil, fmt.Errorf("make signing key: %w", err)
	}
	rl.key.Key, rl.key.Use = private, "sig"
	sum, err := rl.key.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("name signing key: %w", err)
	}
	rl.key.KeyID = base64.RawURLEncoding.EncodeToString(sum)
	rl.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(rl.key.Algorithm), Key: rl.key}, nil)
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	return rl, nil
}

// person finds somebody of this realm by sub.
func (rl *realm) person(sub string) (Person, bool) {
	for _, p := range rl.people {
		if p.Sub == sub {
			return p, true
		}
	}
	return Person{}, false
}

// registered finds a client by id.
func (rl *realm) registered(id string) (Client, bool) {
	for _, c := range append([]Client{rl.client}, rl.others...) {
		if c.ID == id {
			return c, true
		}
	}
	return Client{}, false
}

// The paths of the endpoints under the issuer.
const (
	discoveryPath       = "/.well-known/openid-configuration"
	walletDiscoveryPath = "/.well-known/wallet-openid-configuration"
	keysPath            = "/jwks"
	authorizePath       = "/authorize"
	tokenPath           = "/token"
	userInfoPath        = "/userinfo"
	introspectPath      = "/token/introspect"
	endSessionPath      = "/session/end"
)

func (rl *realm) register(mux *http.ServeMux, path string) {
	mux.HandleFunc("GET "+path+discoveryPath, rl.discovery)
	mux.HandleFunc("GET "+path+walletDiscoveryPath, rl.discovery)
	mux.HandleFunc("GET "+path+keysPath, rl.keys)
	mux.HandleFunc("GET "+path+authorizePath, rl.showPeople)
	mux.HandleFunc("POST "+path+authorizePath, rl.pickPerson)
	mux.HandleFunc("POST "+path+tokenPath, rl.token)
	mux.HandleFunc("POST "+path+introspectPath, rl.introspect)
	mux.HandleFunc("GET "+path+userInfoPath, rl.userInfo)
	mux.HandleFunc("POST "+path+userInfoPath, rl.userInfo)
	mux.HandleFunc("GET "+path+endSessionPath, rl.endSession)
}

func (rl *realm) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                rl.issuer,
		"authorization_endpoint":                rl.issuer + authorizePath,
		"token_endpoint":                        rl.issuer + tokenPath,
		"userinfo_endpoint":                     rl.issuer + userInfoPath,
		"introspection_endpoint":                rl.issuer + introspectPath,
		"jwks_uri":                              rl.issuer + keysPath,
		"end_session_endpoint":                  rl.issuer + endSessionPath,
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{rl.key.Algorithm},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"acr_values_supported":                  []string{"eidas1", "eidas2", "eidas3"},
		"scopes_supported":                      []string{"openid", "scope_all"},

		"authorization_response_iss_parameter_supported": true,
	})
}

func (rl *realm) keys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{rl.key.Public()}})
}

// writeJSON answers with v, which always encodes: claims come from the demonstration's own data.
// An error of writing means that the client left.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// fault is an OAuth error answer (RFC 6749 section 5.2).
func fault(w http.ResponseWriter, status int, code string) {
	writeJSON(w, status, map[string]string{"error": code})
}
