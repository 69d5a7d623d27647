package oauth

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
)

// Clients knows the registered clients. It is asked at every use of a token, so that a withdrawn
// client stops at once; implementations answer from memory or one quick read.
type Clients interface {
	// Client fails with ErrUnknownClient when nobody has this id and with ErrUnavailable when it
	// cannot tell.
	Client(ctx context.Context, id string) (Client, error)
}

// Client is one registered OAuth client. How it authenticates follows from what it has: a subject or
// certificates (mutual TLS), keys (private_key_jwt), a secret (client_secret_basic), or none of them (a public
// client with PKCE). The first of them in this order counts.
type Client struct {
	ID   string
	Name string // shown on the consent page

	// Kind is who the client speaks for: Patient or Professional log in and consent (authorization
	// code, refresh token); Application acts in its own name (client credentials).
	Kind Kind

	// RedirectURIs are compared letter by letter, also on loopback addresses.
	RedirectURIs []string

	// Scopes are all the client may ever get, "openid" and "offline_access" included.
	Scopes []string

	FINESS string // the structure an Application is bound to (I247)

	SecretHash      []byte   // HashSecret of a generated secret
	OldSecretHashes [][]byte // of secrets that still count while the client's systems change theirs
	Keys            []PublicKey

	// TLSSubject is the subject of the client's certificate as MutualTLS.Judge gives it (tls_client_auth, RFC
	// 8705 section 2.1). The keys of such a client sign its actor tokens alone.
	TLSSubject string
	// TLSCertificates are the SHA-256 of the client's certificates, whoever issued them
	// (self_signed_tls_client_auth, RFC 8705 section 2.2).
	TLSCertificates [][]byte
	// BoundTokens binds the tokens of a client that proves itself in another way to the certificate that it
	// shows when it fetches them. With mutual TLS they are bound anyway.
	BoundTokens bool

	// ExchangesFor are the clients at the professionals' provider whose tokens it may exchange (I52); such a
	// client authenticates by mutual TLS (I54).
	ExchangesFor []string

	// PostLogoutURIs are where it may have the browser back after a logout, compared letter by letter (I27).
	PostLogoutURIs []string

	// Introspects lets the client ask about tokens of other clients: it is a resource server.
	Introspects bool
}

// PublicKey is a key of a client. ECDSA P-256 keys sign with ES256, RSA keys with RS256; all keys
// of one client are of one type.
type PublicKey struct {
	ID  string // kid
	Key crypto.PublicKey
}

// NewSecret makes a client secret of 256 random bits and the hash to keep of it. The secret itself
// is shown once.
func NewSecret() (string, []byte) {
	secret := randomText()
	return secret, HashSecret(secret)
}

// HashSecret is the stored form of a generated secret. One SHA-256 is enough because 256 random
// bits cannot be guessed; it must not be used for secrets that people choose.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// secretHasher lets fosite compare client secrets by HashSecret instead of bcrypt, which costs
// tens of milliseconds of processor at each introspection.
type secretHasher struct{}

var _ fosite.Hasher = secretHasher{}

// Compare refuses an absent hash, whatever the secret, because nothing hashes to it: a client with
// keys cannot come with an empty secret instead.
func (secretHasher) Compare(_ context.Context, hash, data []byte) error {
	if subtle.ConstantTimeCompare(hash, HashSecret(string(data))) != 1 {
		return errors.New("client secret does not match")
	}
	return nil
}

func (secretHasher) Hash(_ context.Context, data []byte) ([]byte, error) {
	return HashSecret(string(data)), nil
}

// fositeClient shows a Client to fosite.
type fositeClient struct {
	*fosite.DefaultOpenIDConnectClient
	client Client
}

var (
	_ fosite.OpenIDConnectClient = fositeClient{}
	_ fosite.ResponseModeClient  = fositeClient{}
)

// GetResponseModes leaves out fragment and form_post.
func (fositeClient) GetResponseModes() []fosite.ResponseModeType {
	return []fosite.ResponseModeType{fosite.ResponseModeDefault, fosite.ResponseModeQuery}
}

func (c Client) forFosite() fositeClient {
	base := &fosite.DefaultClient{
		ID: c.ID, Secret: c.SecretHash, RotatedSecrets: c.OldSecretHashes, RedirectURIs: c.RedirectURIs, Scopes: c.Scopes,
	}
	full := &fosite.DefaultOpenIDConnectClient{DefaultClient: base}
	switch c.Kind {
	case Patient, Professional:
		base.GrantTypes = []string{"authorization_code", "refresh_token"}
		if len(c.ExchangesFor) > 0 {
			base.GrantTypes = append(base.GrantTypes, exchangeGrant)
		}
		base.ResponseTypes = []string{"code"}
	case Application:
		base.GrantTypes = []string{"client_credentials"}
	}
	switch {
	case c.TLSSubject != "":
		full.TokenEndpointAuthMethod = "tls_client_auth"
	case len(c.TLSCertificates) > 0:
		full.TokenEndpointAuthMethod = "self_signed_tls_client_auth"
	case len(c.Keys) > 0:
		full.TokenEndpointAuthMethod = "private_key_jwt"
		full.TokenEndpointAuthSigningAlgorithm = algorithm(c.Keys[0].Key)
		full.JSONWebKeys = &jose.JSONWebKeySet{}
		for _, k := range c.Keys {
			full.JSONWebKeys.Keys = append(full.JSONWebKeys.Keys, jose.JSONWebKey{Key: k.Key, KeyID: k.ID, Use: "sig"})
		}
	case !c.isPublic():
		full.TokenEndpointAuthMethod = "client_secret_basic"
	default:
		full.TokenEndpointAuthMethod = "none"
		base.Public = true
	}
	return fositeClient{DefaultOpenIDConnectClient: full, client: c}
}

// isPublic reports whether the client has nothing to prove itself by.
func (c Client) isPublic() bool {
	return !c.usesTLS() && len(c.Keys) == 0 && len(c.SecretHash) == 0 && c.Kind != Application
}

// algorithm names the signature algorithm of a client key; empty when the type is not supported.
func algorithm(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return "ES256"
		}
	case *rsa.PublicKey:
		if k.N.BitLen() >= 2048 {
			return "RS256"
		}
	}
	return ""
}

// StaticClients is a fixed list of clients.
type StaticClients map[string]Client

// NewStaticClients checks the clients of a configuration and reports all faults at once.
func NewStaticClients(clients ...Client) (StaticClients, error) {
	list := make(StaticClients, len(clients))
	var faults []error
	for _, c := range clients {
		if _, twice := list[c.ID]; twice {
			faults = append(faults, fmt.Errorf("client %q: registered twice", c.ID))
		}
		if err := c.check(); err != nil {
			faults = append(faults, fmt.Errorf("client %q: %w", c.ID, err))
		}
		list[c.ID] = c
	}
	return list, errors.Join(faults...)
}

// Client gives the client with this id, or ErrUnknownClient.
func (s StaticClients) Client(_ context.Context, id string) (Client, error) {
	c, ok := s[id]
	if !ok {
		return Client{}, ErrUnknownClient
	}
	return c, nil
}

func (c Client) check() error {
	switch {
	case c.ID == "" || c.ID == shortCutClient:
		return errors.New("the id is empty or reserved")
	case !slices.Contains([]Kind{Patient, Professional, Application}, c.Kind):
		return errors.New("the kind must be patient, professional or application")
	case len(c.SecretHash) != 0 && len(c.SecretHash) != sha256.Size:
		return errors.New("the secret's hash must be a SHA-256")
	case c.Kind == Application && len(c.SecretHash) == 0 && len(c.Keys) == 0 && !c.usesTLS():
		return errors.New("an application needs a secret, a key or a certificate")
	case c.usesTLS() && len(c.SecretHash) != 0, c.TLSSubject != "" && len(c.TLSCertificates) > 0:
		return errors.New("a client proves itself in one way: by a subject, by certificates, or by a secret")
	case c.Kind != Application && len(c.RedirectURIs) == 0 && len(c.ExchangesFor) == 0:
		return errors.New("a redirect URI is missing")
	case len(c.ExchangesFor) > 0 && (c.Kind != Professional || !c.usesTLS()):
		return errors.New("to exchange tokens is for professionals' software that authenticates by mutual TLS (I54)")
	case slices.Contains(c.ExchangesFor, ""):
		return errors.New("a client whose tokens may be exchanged has no name")
	}
	for _, sum := range c.TLSCertificates {
		if len(sum) != sha256.Size {
			return errors.New("a certificate must be named by its SHA-256")
		}
	}
	for _, uri := range slices.Concat(c.RedirectURIs, c.PostLogoutURIs) {
		if _, err := checkURL(uri, false); err != nil {
			return fmt.Errorf("redirect URI: %w", err)
		}
	}
	for _, k := range c.Keys {
		if alg := algorithm(k.Key); alg == "" || alg != algorithm(c.Keys[0].Key) {
			return errors.New("keys must be all ECDSA P-256 or all RSA of at least 2048 bits")
		}
	}
	return nil
}
