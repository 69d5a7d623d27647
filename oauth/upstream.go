package oauth

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

// Upstream is an OpenID provider through which people log in.
type Upstream struct {
	// Issuer is the exact value of the tokens' iss claim.
	Issuer string

	// DiscoveryURL may be set when the document is not at the standard path under the issuer: Pro
	// Santé Connect's is not (I14).
	DiscoveryURL string

	// These endpoints may be set to override those of the document (I14, I15).
	AuthorizeURL, TokenURL, UserInfoURL, KeysURL, EndSessionURL, IntrospectURL string

	ClientID string
	// ClientSecret may be empty for a public client and for a client known by its TLS certificate.
	ClientSecret string
	// SecretInBody sends the secret as client_secret_post instead of client_secret_basic (I20).
	SecretInBody bool
	// CertificateOnly says that the client is known by the certificate of HTTPClient (tls_client_auth, I20): it sends no
	// secret, and the endpoints that the document names for such clients are used (RFC 8705 section 5).
	CertificateOnly bool

	// DecryptionKeys may be set where the provider encrypts its tokens for the client (I73): RSA of at least 2048 bits
	// or ECDSA P-256. The first is published; the others open what was encrypted before.
	DecryptionKeys []crypto.PrivateKey

	// Scopes may be left out: openid, and scope_all for professionals (I18).
	Scopes []string

	// Level is asked for as acr_values and is the least that is accepted, eidas1 to eidas3. It may
	// be left out: eidas1 for professionals (I17), eidas2 for patients (D26, I71).
	Level string

	// UserInfo asks also for the userinfo, right after the login while the access token lives
	// (I48).
	UserInfo bool

	// HTTPClient may be set to carry certificates. The default gives up after ten seconds.
	HTTPClient *http.Client
}

// check accepts nil: that provider is not in use.
func (u *Upstream) check(kind Kind, production bool) error {
	if u == nil {
		return nil
	}
	var faults []error
	if u.ClientID == "" {
		faults = append(faults, errors.New("the client id is missing"))
	}
	if u.Level != "" && !isLevel(u.Level) {
		faults = append(faults, errors.New("the level must be eidas1, eidas2 or eidas3"))
	}
	for _, key := range u.DecryptionKeys {
		if keyAlgorithm(key) == "" {
			faults = append(faults, errors.New("decryption keys must be RSA of at least 2048 bits or ECDSA P-256"))
		}
	}
	for _, raw := range []string{
		u.Issuer, u.DiscoveryURL, u.AuthorizeURL, u.TokenURL, u.UserInfoURL, u.KeysURL, u.EndSessionURL, u.IntrospectURL,
	} {
		if raw == "" && raw != u.Issuer {
			continue
		}
		if _, err := checkURL(raw, production); err != nil {
			faults = append(faults, err)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("provider for the kind %s: %w", kind, err)
	}
	return nil
}

// upstream is a provider in use. Its endpoints are found at the first login, so that the bridge
// starts while the provider is away.
type upstream struct {
	Upstream
	key      string // names it in URLs and records: the kind, or the key of a structure
	finess   string // of the structure it vouches for; empty: it is a national one
	kind     Kind
	redirect string
	now      func() time.Time
	client   *http.Client
	asking   singleflight.Group
	found    atomic.Pointer[remote]
}

// remote is what the discovery document told.
type remote struct {
	provider      *oidc.Provider
	verifier      *oidc.IDTokenVerifier
	anyParty      *oidc.IDTokenVerifier // of tokens that other clients of the provider got
	oauth         oauth2.Config
	userInfo      string
	endSession    string
	introspection string
	sendsIss      bool // RFC 9207
}

// upstreamTimeout bounds each call to a provider: a person waits for it.
const upstreamTimeout = 10 * time.Second

// newUpstreams gives the providers in use, by key.
func newUpstreams(c Config) map[string]*upstream {
	all := map[string]*upstream{}
	for kind, setting := range map[Kind]*Upstream{Patient: c.Patients, Professional: c.Professionals} {
		if u := newUpstream(setting, c.Issuer, kind, c.Now); u != nil {
			all[u.key] = u
		}
	}
	for i := range c.Structures {
		t := c.Structures[i]
		if len(t.Scopes) == 0 {
			t.Scopes = []string{scopeOpenID}
		}
		u := newUpstream(&t.Upstream, c.Issuer, Professional, c.Now)
		u.key, u.finess, u.redirect = t.Key, t.FINESS, c.Issuer+callbackPath+t.Key
		all[u.key] = u
	}
	return all
}

// newUpstream fills in what the setting leaves out. It gives nil for nil.
func newUpstream(setting *Upstream, issuer string, kind Kind, now func() time.Time) *upstream {
	if setting == nil {
		return nil
	}
	u := *setting
	if len(u.Scopes) == 0 {
		u.Scopes = []string{scopeOpenID}
		if kind == Professional {
			u.Scopes = append(u.Scopes, "scope_all")
		}
	}
	if u.Level == "" {
		u.Level = eidas1
		if kind == Patient {
			u.Level = eidas2
		}
	}
	if u.DiscoveryURL == "" {
		u.DiscoveryURL = strings.TrimSuffix(u.Issuer, "/") + discoveryPath
	}
	client := u.HTTPClient
	if client == nil {
		client = &http.Client{Timeout: upstreamTimeout}
	}
	return &upstream{Upstream: u, key: string(kind), kind: kind, redirect: issuer + callbackPath + string(kind), now: now, client: client}
}

// context carries the HTTP client to go-oidc and x/oauth2.
func (u *upstream) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, u.client)
}

// remote gives the endpoints, discovering them once. Parallel logins share one request, which is
// not given up when the first of them leaves.
func (u *upstream) remote(ctx context.Context) (*remote, error) {
	if r := u.found.Load(); r != nil {
		return r, nil
	}
	found, err, _ := u.asking.Do("", func() (any, error) {
		return u.discover(context.WithoutCancel(ctx))
	})
	if err != nil {
		return nil, err
	}
	r, ok := found.(*remote)
	if !ok {
		return nil, errors.New("discovery gave nothing")
	}
	return r, nil
}

// document is a discovery document with the members go-oidc leaves out.
type document struct {
	oidc.ProviderConfig
	EndSession    string `json:"end_session_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	SendsIss      bool   `json:"authorization_response_iss_parameter_supported"`
	// ForCertificates names the endpoints for clients known by a certificate (RFC 8705 section 5).
	ForCertificates struct {
		Token    string `json:"token_endpoint"`
		UserInfo string `json:"userinfo_endpoint"`
	} `json:"mtls_endpoint_aliases"`
}

// maxDocumentBytes bounds a discovery document; real ones have under ten kilobytes.
const maxDocumentBytes = 1 << 20

func (u *upstream) discover(ctx context.Context) (*remote, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.DiscoveryURL, nil) //nolint:gosec // an address of the settings
	if err != nil {
		return nil, fmt.Errorf("discover provider: %w", err)
	}
	answer, err := u.client.Do(request) //nolint:gosec // as above
	if err != nil {
		return nil, fmt.Errorf("discover provider: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // nothing is lost: the body was read
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("discover provider: status %d", answer.StatusCode)
	}
	var doc document
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxDocumentBytes)).Decode(&doc); err != nil {
		return nil, fmt.Errorf("read discovery document: %w", err)
	}
	if doc.IssuerURL != u.Issuer {
		return nil, errors.New("discovery document is of another issuer")
	}
	r := u.assemble(ctx, doc)
	u.found.Store(r)
	return r, nil
}

func (u *upstream) assemble(ctx context.Context, doc document) *remote {
	if u.CertificateOnly {
		override(&doc.TokenURL, doc.ForCertificates.Token)
		override(&doc.UserInfoURL, doc.ForCertificates.UserInfo)
	}
	override(&doc.AuthURL, u.AuthorizeURL)
	override(&doc.TokenURL, u.TokenURL)
	override(&doc.UserInfoURL, u.UserInfoURL)
	override(&doc.JWKSURL, u.KeysURL)
	override(&doc.EndSession, u.EndSessionURL)
	override(&doc.Introspection, u.IntrospectURL)
	provider := doc.NewProvider(u.context(ctx))
	endpoint := provider.Endpoint()
	// Said explicitly: x/oauth2 would otherwise try both ways and burn the code with the first.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if u.SecretInBody || u.CertificateOnly || u.ClientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	judging := oidc.Config{ClientID: u.ClientID, Now: u.now, SupportedSigningAlgs: signingAlgorithms()}
	others := judging
	others.ClientID, others.SkipClientIDCheck = "", true
	return &remote{
		provider: provider, verifier: provider.Verifier(&judging), anyParty: provider.Verifier(&others),
		oauth: oauth2.Config{
			ClientID: u.ClientID, ClientSecret: u.ClientSecret, Endpoint: endpoint,
			RedirectURL: u.redirect, Scopes: u.Scopes,
		},
		userInfo: doc.UserInfoURL, endSession: doc.EndSession, introspection: doc.Introspection, sendsIss: doc.SendsIss,
	}
}

// signingAlgorithms are those of the providers (I21, I73); "none" and shared secrets are not among them.
func signingAlgorithms() []string { return []string{oidc.RS256, oidc.ES256, oidc.PS256} }

func override(endpoint *string, setting string) {
	if setting != "" {
		*endpoint = setting
	}
}
